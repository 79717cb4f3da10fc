import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { migrate } from '../../db/migrate';
import { removePostgresData } from '../../dev/postgres/home';
import { startPostgres } from '../../dev/postgres/postgres';
import { findTemporal, findTestServer } from '../../dev/temporal/binary';

/**
 * Once a test run: a real PostgreSQL, in it the migrated template that each test file clones, and the two Temporal
 * binaries, so that test files do not fetch them side by side.
 */
export default async function globalSetup(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'mooring-test-'));
  await findTemporal();
  await findTestServer();
  const postgres = await startPostgres({ dataDir, durable: false });
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query('create database mooring_template');
  await client.end();
  await migrate(Object.assign(new URL(postgres.url), { pathname: '/mooring_template' }).toString());
  process.env['MOORING_TEST_POSTGRES'] = postgres.url;
  Object.assign(globalThis, {
    stopTestServers: async () => {
      await postgres.stop();
      removePostgresData(dataDir);
      rmSync(dataDir, { recursive: true, force: true });
    },
  });
}
