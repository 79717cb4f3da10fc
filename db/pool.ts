import { Pool, types } from 'pg';

// Money is bigint, times are ISO strings outside the database.
types.setTypeParser(types.builtins.INT8, (text) => BigInt(text));
types.setTypeParser(types.builtins.TIMESTAMPTZ, (text) => new Date(text).toISOString());

/**
 * A pool that never waits for ever: pg's own defaults would hang on a stopped server.
 * Times in milliseconds.
 */
export function createPool(databaseUrl: string, max = 20): Pool {
  const pool = new Pool({
    connectionString: databaseUrl,
    max,
    // Also for one of these connections: a crowd of callers is better served late than refused.
    connectionTimeoutMillis: 5_000,
    query_timeout: 6_000,
    statement_timeout: 5_000,
    idle_in_transaction_session_timeout: 10_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    // What is asked without awaiting goes out at once, and is answered in order.
    pipeline: true,
    application_name: 'mooring',
  });
  // A plan for each statement and connection, made once: by default the first five calls of each plan anew, which costs
  // more than all else that PostgreSQL does for a task. Should it fail, the connection is lost, and says so at its first use.
  pool.on('connect', (client) => {
    client.query('set plan_cache_mode = force_generic_plan').catch(() => undefined);
  });
  // An idle connection that breaks (a database restart) is replaced at its next use.
  pool.on('error', () => undefined);
  return pool;
}
