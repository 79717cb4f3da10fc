import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';

/** Any number, the same in every process. */
const LOCK = 7_160_418;

/**
 * Says that this is the only platform process on its database, for as long as it lives: without Redis a second one
 * would not hear what this one publishes. A process that was just killed may still seem to be there: it is waited for.
 */
export async function holdAlone(databaseUrl: string, withinMs = 5_000): Promise<() => Promise<void>> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 3_000,
    keepAlive: true,
  });
  // The database may go away and come back; what the lock forbids is a start.
  client.on('error', () => undefined);
  await client.connect();
  const until = performance.now() + withinMs;
  for (;;) {
    const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock($1) as held', [LOCK]);
    if (rows[0]?.held === true) return () => client.end();
    if (performance.now() > until) {
      await client.end();
      throw new Error(
        'Another platform process runs on this database. Several need REDIS_URL, so that they hear each other.',
      );
    }
    await pause(100);
  }
}
