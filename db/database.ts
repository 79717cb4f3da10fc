import { escapeLiteral } from 'pg';
import type { Pool, PoolClient, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import { MooringError } from '../domain/errors';
import type { LoggedFrame } from '../domain/frames';
import type { Origin } from '../domain/origin';
import type { Principal } from '../domain/principal';
import { failpoint } from '../lib/failpoints';
import { metrics } from '../lib/metrics';
import { currentOrigin, span } from '../lib/telemetry';

/** A signal for a workflow, as recorded in the outbox. Ids and versions only, never content. */
export interface OutboxSignal {
  id: string;
  workflow: 'chatSession' | 'task' | 'payment' | 'refund' | 'agentMonitor' | 'mail';
  workflowId: string;
  input: Record<string, string>;
  signal: string | null;
  signalInput: Record<string, string | number> | null;
  /** the request whose fact this is; null: nobody's, or unknown */
  origin: Origin | null;
  /** of the start of a task between agents: its agent is to be told, which may be done before the start; not stored */
  untold?: boolean;
}

/** An open transaction, and what is to be told to the world once it has committed. */
export interface Tx {
  /** whose transaction this is: the id of a user or an agent, or `system` */
  principalId: string;
  /** Queries run in the order of their calls; what is asked before an answer is awaited shares its round trip. */
  query: <R extends QueryResultRow>(text: string, values?: unknown[]) => Promise<R[]>;
  /** A write whose answer nobody needs: it goes out with what comes next. Its failure is the transaction's. */
  write: (text: string, values: unknown[]) => void;
  written: Promise<unknown>[];
  signals: OutboxSignal[];
  frames: LoggedFrame[];
  /** turns that a person has cancelled: whoever streams an answer for one is to end at once */
  cancelled: CancelledTurn[];
}

export interface CancelledTurn {
  sessionId: string;
  turnId: string;
}

/** What a commit is told with. */
export type Committed = Pick<Tx, 'signals' | 'frames' | 'cancelled'>;

export interface Database {
  /**
   * The only way to PostgreSQL: a transaction as somebody. Deadlocks are retried; `fn` must only touch the tx.
   * `name` is unique and gives the transaction its two failpoints: `<name>.commit` and `<name>.committed`.
   */
  withTx: <T>(principal: Principal, name: string, fn: (tx: Tx) => Promise<T>) => Promise<T>;
  close: () => Promise<void>;
}

interface DatabaseDeps {
  pool: Pool;
  region: string;
  /** Called once after each commit that recorded something. Must not throw. */
  onCommit: (done: Committed) => void;
}

const RETRIED = new Set(['40P01', '40001']);
const IN_FAILED_TX = '25P02';
const MAX_TRIES = 4;

export function createDatabase({ pool, region, onCommit }: DatabaseDeps): Database {
  const attempt = async <T>(principal: Principal, name: string, fn: (tx: Tx) => Promise<T>): Promise<T> => {
    const client = await pool.connect();
    let broken: Error | undefined;
    // Between two queries a lost connection is told by an event, which would end the process if nobody listened.
    const onError = (error: Error): void => {
      broken = error;
    };
    client.on('error', onError);
    let tx: Tx | null = null;
    try {
      const entered = begin(client, principal, region);
      tx = openTx(client, principal.kind === 'agent-key' ? await entered : idOf(principal));
      // Whoever is known before goes in with the first query.
      tx.written.push(entered);
      entered.catch(() => undefined);
      const result = await fn(tx);
      failpoint(name, 'commit');
      // After a write that has failed this commits nothing, and the failure is thrown.
      const [done] = await Promise.all([client.query('commit'), ...tx.written]);
      // PostgreSQL answers the commit of a failed transaction with a rollback, and calls it no error.
      if (done.command !== 'COMMIT')
        throw new Error(`${name} had a query that failed: nothing of it is kept.`);
      failpoint(name, 'committed');
      const { signals, frames, cancelled } = tx;
      if (signals.length + frames.length + cancelled.length > 0) onCommit({ signals, frames, cancelled });
      return result;
    } catch (error) {
      await client.query('rollback').catch((failure: unknown) => {
        broken = failure instanceof Error ? failure : new Error(String(failure));
      });
      throw await causeOf(error, tx?.written ?? []);
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  };

  return {
    withTx: (principal, name, fn) =>
      span({ name: `tx ${name}`, attributes: { 'db.system.name': 'postgresql' } }, async (open) => {
        const stopTimer = metrics.transactionSeconds.startTimer({ name });
        try {
          for (let tries = 1; ; tries += 1) {
            try {
              return await attempt(principal, name, fn);
            } catch (error) {
              if (tries >= MAX_TRIES || !RETRIED.has(sqlState(error))) throw error;
              open.attributes['mooring.retries'] = tries;
              metrics.transactionRetries.inc({ name });
            }
          }
        } finally {
          stopTimer();
        }
      }),
    close: () => pool.end(),
  };
}

/** One round trip: begin, become the application role, say who this is for. Gives their id; throws unauthorized. */
async function begin(client: PoolClient, principal: Principal, region: string): Promise<string> {
  const role = 'begin; set local role mooring_app; ';
  if (principal.kind === 'agent-key') {
    const hash = `'\\x${principal.hash.toString('hex')}'::bytea`;
    const request = escapeLiteral(currentOrigin()?.request_id ?? '');
    // A text of several statements is answered with one result for each.
    const results = (await client.query(
      `${role}select entered.* from mooring_enter_with_key(${hash}, ${escapeLiteral(region)}) entered,
        set_config('mooring.request', ${request}, true)`,
    )) as unknown as QueryResult<{ agent_id: string; standing: string }>[];
    const agent = results.at(-1)?.rows[0];
    if (agent === undefined) throw new MooringError('unauthorized', 'The API key is bad or was replaced.');
    if (agent.standing !== 'ACTIVE') {
      throw new MooringError('unauthorized', `Agent is ${agent.standing.toLowerCase()}`);
    }
    return agent.agent_id;
  }
  const who = idOf(principal);
  const settings = { principal: who, region, ...saidBy(principal) };
  const set = Object.entries(settings).map(
    ([name, value]) => `set_config('mooring.${name}', ${escapeLiteral(value)}, true)`,
  );
  await client.query(`${role}select ${set.join(', ')}`);
  return who;
}

/** For the audit log: at which person's word, and the request that it goes back to, where one is known. */
function saidBy(principal: Principal): { actor?: string; request?: string } {
  const actor = principal.kind === 'system' ? principal.for : undefined;
  const request = currentOrigin()?.request_id;
  return { ...(actor === undefined ? {} : { actor }), ...(request === undefined ? {} : { request }) };
}

const idOf = (principal: Exclude<Principal, { kind: 'agent-key' }>): string =>
  principal.kind === 'system' ? 'system' : principal.id;

function openTx(client: PoolClient, principalId: string): Tx {
  const written: Promise<unknown>[] = [];
  return {
    principalId,
    signals: [],
    frames: [],
    cancelled: [],
    written,
    query: async <R extends QueryResultRow>(text: string, values?: unknown[]) =>
      (await client.query<R>(prepared(text, values))).rows,
    write(text, values) {
      const answer = client.query(prepared(text, values));
      answer.catch(() => undefined);
      written.push(answer);
    },
  };
}

/** Each text of ours, which are as many as the code has, is planned once by a connection, and found again by its name. */
const names = new Map<string, string>();

function prepared(text: string, values: unknown[] = []): QueryConfig {
  const name = names.get(text) ?? `m${names.size + 1}`;
  names.set(text, name);
  return { name, text, values };
}

/** A query after a write that has failed says only that something has: this is what. */
const causeOf = (error: unknown, written: Promise<unknown>[]): Promise<unknown> =>
  sqlState(error) === IN_FAILED_TX
    ? Promise.all(written).then(
        () => error,
        (failure: unknown) => failure,
      )
    : Promise.resolve(error);

/** Runs `fn`; when it throws, nothing of it stays in the transaction, neither rows nor what was to be told. */
export async function savepoint<T>(tx: Tx, fn: () => Promise<T>): Promise<T> {
  const { length: frames } = tx.frames;
  const { length: signals } = tx.signals;
  const { length: cancelled } = tx.cancelled;
  const { length: written } = tx.written;
  await tx.query('savepoint part');
  try {
    const result = await fn();
    await Promise.all(tx.written.slice(written));
    return result;
  } catch (error) {
    const cause = await causeOf(error, tx.written);
    await tx.query('rollback to savepoint part');
    tx.frames.length = frames;
    tx.signals.length = signals;
    tx.cancelled.length = cancelled;
    tx.written.length = written;
    throw cause;
  }
}

/** The SQLSTATE of a PostgreSQL error, or ''. */
export function sqlState(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
