import { loadClientConnectConfig } from '@temporalio/envconfig';
import { Connection } from '@temporalio/client';
import { Client } from 'pg';

const CONNECT_MS = 3_000;
const OLDEST_POSTGRES = 15;

/** Checks a PostgreSQL that somebody else runs: it answers, and is new enough. */
export async function checkDatabase(databaseUrl: string): Promise<string> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: CONNECT_MS });
  client.on('error', () => undefined); // a cut is seen by the query
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    const version = rows[0]?.server_version ?? '';
    if (Number.parseInt(version, 10) >= OLDEST_POSTGRES) return version;
    throw new Error(`it is PostgreSQL ${version}; Mooring needs ${OLDEST_POSTGRES} or newer`);
  } catch (error) {
    throw new Error(`DATABASE_URL cannot be used: ${words(error)}`, { cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Checks a Temporal server that somebody else runs: it answers, and knows the namespace. */
export async function checkTemporal(address: string, namespace: string): Promise<void> {
  const { connectionOptions } = loadClientConnectConfig();
  try {
    const connection = await Connection.connect({
      ...connectionOptions,
      address,
      connectTimeout: CONNECT_MS,
    });
    try {
      await connection.withDeadline(Date.now() + CONNECT_MS, () =>
        connection.workflowService.describeNamespace({ namespace }),
      );
    } finally {
      await connection.close();
    }
  } catch (error) {
    throw new Error(`TEMPORAL_ADDRESS ${address}, namespace ${namespace}, cannot be used: ${words(error)}`, {
      cause: error,
    });
  }
}

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));
