import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { createDatabase } from '../../db/database';
import type { Committed, Database, OutboxSignal } from '../../db/database';
import { createPool } from '../../db/pool';
import type { LoggedFrame } from '../../domain/frames';

/** The server and the migrated template that test/harness/global-setup.ts made. */
const adminUrl = (): string => {
  const url = process.env['MOORING_TEST_POSTGRES'];
  if (url === undefined) throw new Error('test/harness/global-setup.ts has not run');
  return url;
};

async function admin(sql: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl() });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

export interface TestDatabase {
  url: string;
  db: Database;
  /** all that was committed, in order */
  signals: OutboxSignal[];
  frames: LoggedFrame[];
  drop: () => Promise<void>;
}

/** A database of its own for a test file, cloned from the migrated template in some milliseconds. */
export async function createTestDatabase(
  onCommit: (done: Committed) => void = () => undefined,
): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await admin(`create database ${name} template mooring_template`);
  const url = Object.assign(new URL(adminUrl()), { pathname: `/${name}` }).toString();
  const signals: OutboxSignal[] = [];
  const frames: LoggedFrame[] = [];
  const db = createDatabase({
    pool: createPool(url, 10),
    region: 'intl',
    onCommit: (done) => {
      signals.push(...done.signals);
      frames.push(...done.frames);
      onCommit(done);
    },
  });
  return {
    url,
    db,
    signals,
    frames,
    drop: async () => {
      await db.close();
      await admin(`drop database ${name} with (force)`);
    },
  };
}
