import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { migrate } from '../../db/migrate';
import { createTestDatabase } from '../harness/database';
import type { TestDatabase } from '../harness/database';

let t: TestDatabase;
let other: Client;
beforeEach(async () => {
  t = await createTestDatabase();
  other = new Client({ connectionString: t.url });
  await other.connect();
});
afterEach(async () => {
  await other.end();
  await t.drop();
});

test('a migration that another process holds up is given up with words, and done when it may', async () => {
  await other.query('select pg_advisory_lock(7160417)');
  await expect(migrate(t.url, { lockTimeoutMs: 50 })).rejects.toThrow(
    /^Another process has held this database's migrations for 0\.05 s/,
  );
  await other.query('select pg_advisory_unlock(7160417)');
  await migrate(t.url, { lockTimeoutMs: 50 });
});

test('a migration that waits for a table in use is rolled back, with its name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mooring-migrations-'));
  writeFileSync(
    join(folder, '0001_busy.sql'),
    'create table made (n int); alter table users add column busy int;',
  );
  await other.query('delete from schema_migrations');
  await other.query('begin; lock table users');
  await expect(migrate(t.url, { folder, lockTimeoutMs: 50 })).rejects.toThrow(
    /^Migration 0001_busy\.sql failed and was rolled back: .*lock timeout/,
  );
  await other.query('rollback');
  await migrate(t.url, { folder, lockTimeoutMs: 50 });
  rmSync(folder, { recursive: true, force: true });
});
