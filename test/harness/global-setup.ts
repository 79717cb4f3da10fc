import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { migrate } from '../../db/migrate';
import { startPostgres } from '../../dev/postgres/postgres';

/** Once a test run: a real PostgreSQL, and in it the migrated template that each test file clones. */
export default async function globalSetup(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'mooring-test-'));
  const postgres = await startPostgres({ dataDir, durable: false });
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query('create database mooring_template');
  await client.end();
  await migrate(Object.assign(new URL(postgres.url), { pathname: '/mooring_template' }).toString());
  process.env['MOORING_TEST_POSTGRES'] = postgres.url;
  Object.assign(globalThis, { stopTestServers: () => postgres.stop() });
}
