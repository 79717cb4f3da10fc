import type { ListingStatus } from '../domain/agent';
import { MooringError } from '../domain/errors';
import { metrics } from '../lib/metrics';
import type { Tx } from './database';
import { recordSignal } from './outbox';

/** A breaker of an agent whose parked tasks are looked after. */
export interface Breaker {
  state: 'closed' | 'open' | 'draining';
  /** until the next probe; 0: it is due */
  probeInMs: number;
  openedAt: string | null;
  wakeVersion: number;
  parked: number;
  /** of its agent: a monitor of one that is gone ends */
  agentStatus: ListingStatus;
}

/** Whether a task must be parked. If so the breaker does not close before this transaction has ended. */
export async function isShut(tx: Tx, agentId: string): Promise<boolean> {
  const rows = await tx.query(
    `select state from breakers where agent_id = $1 and state <> 'closed' for share`,
    [agentId],
  );
  return rows.length > 0;
}

/** The endpoint has answered as it should. */
export function forgetFailures(tx: Tx, agentId: string): void {
  tx.write(`update breakers set failures = 0 where agent_id = $1 and failures > 0 and state = 'closed'`, [
    agentId,
  ]);
}

/** One failure more in a row; the last of `most` opens the breaker. An agent that is gone or moved is not counted for. */
export async function countFailure(
  tx: Tx,
  agentId: string,
  { most, waitMs }: { most: number; waitMs: number },
): Promise<void> {
  const [row] = await tx.query<{ failures: number }>(
    `insert into breakers (agent_id, failures)
     select id, 1 from agents where id = $1 and status = 'ACTIVE'
     on conflict (agent_id) do update set failures = breakers.failures + 1 where breakers.state = 'closed'
     returning failures`,
    [agentId],
  );
  if (row !== undefined && row.failures >= most) await openBreaker(tx, agentId, waitMs);
}

/** Nothing is sent to the agent but a probe, after `waitMs`. Its monitor is told; one that is open already stays as it is. */
export async function openBreaker(tx: Tx, agentId: string, waitMs: number): Promise<void> {
  const opened = await tx.query<Woken>(
    `insert into breakers as b (agent_id, state, opened_at, wait_ms, next_probe_at, wake_version, woken_at)
     values ($1, 'open', now(), $2::bigint, now() + $2::bigint * interval '1 millisecond', 1, now())
     on conflict (agent_id) do update
       set state = 'open', failures = 0, opened_at = now(), wait_ms = $2::bigint, next_probe_at = excluded.next_probe_at,
           wake_version = b.wake_version + 1, woken_at = now()
     where b.state = 'closed' returning ${WOKEN}`,
    [agentId, waitMs],
  );
  if (opened.length > 0) metrics.breakers.inc({ to: 'open' });
  wakeMonitor(tx, agentId, opened);
}

/** The agent is well, or lives elsewhere: one that is open is tried at once. */
export async function probeNow(tx: Tx, agentId: string): Promise<void> {
  const hurried = await tx.query<Woken>(
    `update breakers b set wait_ms = null, next_probe_at = now(), wake_version = wake_version + 1, woken_at = now()
      where agent_id = $1 and state = 'open' returning ${WOKEN}`,
    [agentId],
  );
  wakeMonitor(tx, agentId, hurried);
}

/** What was held against the endpoint of before is forgotten; a listing that is gone lets its monitor end. */
export async function resetBreaker(tx: Tx, agentId: string): Promise<void> {
  const reset = await tx.query<Woken>(
    `update breakers b
        set failures = 0, wait_ms = null, next_probe_at = case when state = 'open' then now() end,
            wake_version = wake_version + 1, woken_at = now()
      where agent_id = $1 returning ${WOKEN}`,
    [agentId],
  );
  wakeMonitor(tx, agentId, reset);
}

/** An agent of the network has left: its monitor, or one that begins for it, ends what is open for it, and itself. */
export async function endMonitor(tx: Tx, agentId: string): Promise<void> {
  await tx.query('insert into breakers (agent_id) values ($1) on conflict (agent_id) do nothing', [agentId]);
  await resetBreaker(tx, agentId);
}

interface Woken {
  version: number;
  ownerId: string | null;
}
const WOKEN = `b.wake_version as version, (select owner_id from agents where id = b.agent_id) as "ownerId"`;

function wakeMonitor(tx: Tx, agentId: string, [woken]: Woken[]): void {
  if (woken === undefined) return;
  recordSignal(tx, {
    workflow: 'agentMonitor',
    workflowId: `agent-monitor/${agentId}`,
    input: { agentId, ...(woken.ownerId === null ? {} : { userId: woken.ownerId }) },
    signal: 'breakerChanged',
    signalInput: { version: woken.version },
  });
}

/** Not locked: what is asked next depends on it, and is held against the locked row. */
export async function isDraining(tx: Tx, agentId: string): Promise<boolean> {
  const rows = await tx.query(`select agent_id from breakers where agent_id = $1 and state = 'draining'`, [
    agentId,
  ]);
  return rows.length > 0;
}

/** Locks the breaker; of an agent that never failed there is none, which is as one that is closed. */
export async function lockBreaker(tx: Tx, agentId: string): Promise<Breaker> {
  await tx.query('select agent_id from breakers where agent_id = $1 for no key update', [agentId]);
  // Read after the lock: whoever parked a task held it until that was a fact.
  const [breaker] = await tx.query<Breaker>(
    `select coalesce(b.state, 'closed') as state, b.opened_at as "openedAt",
            coalesce(b.wake_version, 0) as "wakeVersion", a.status as "agentStatus",
            coalesce(greatest(ceil(extract(epoch from b.next_probe_at - now()) * 1000), 0), 0)::int as "probeInMs",
            (select count(*)::int from tasks t where t.to_agent_id = a.id and t.parked_at is not null) as parked
       from agents a left join breakers b on b.agent_id = a.id where a.id = $1`,
    [agentId],
  );
  if (breaker === undefined) throw new MooringError('not_found', 'There is no such agent.');
  return breaker;
}

/** The monitor acts upon what it has just read. */
export const markBreakerSeen = (tx: Tx, agentId: string, version: number): Promise<unknown> =>
  tx.query('update breakers set seen_version = $2 where agent_id = $1 and seen_version < $2', [
    agentId,
    version,
  ]);

// Of the network's tasks also one that is not parked yet: it comes to it with its next attempt. One whose attempt is under
// way is not waited for. A chat's task is parked by its own delivery only.
const UNDER_WAY = `exists (select from task_attempts a where a.task_id = t.id and a.kind = 'attempt' and a.ended_at is null)`;
const NOT_YET = `status = 'pending_delivery' and parked_at is null and not ${UNDER_WAY}`;

/** The oldest task that waits for the agent, beside those under way; null: there is none. */
export async function nextWaiting(tx: Tx, agentId: string, busy: string[]): Promise<string | null> {
  const oldest = (which: string): string =>
    `(select id, created_at from tasks t where to_agent_id = $1 and ${which} and id <> all($2)
       order by created_at, id limit 1)`;
  const [row] = await tx.query<{ id: string }>(
    `select id from (${oldest('parked_at is not null')} union all ${oldest(NOT_YET)}) as waiting
      order by created_at, id limit 1`,
    [agentId, busy],
  );
  return row?.id ?? null;
}

/** Whether a locked task that is not parked waits all the same. */
export async function isWaiting(tx: Tx, taskId: string): Promise<boolean> {
  const rows = await tx.query(`select id from tasks t where id = $1 and ${NOT_YET}`, [taskId]);
  return rows.length > 0;
}

/** Of the others, in turn: the oldest of those that were the probe least often. */
export async function otherParked(tx: Tx, agentId: string, tried: string): Promise<string | null> {
  const [row] = await tx.query<{ id: string }>(
    `select id from tasks t where to_agent_id = $1 and parked_at is not null and id <> $2
      order by (select count(*) from task_attempts a where a.task_id = t.id and a.kind = 'probe'), created_at, id
      limit 1`,
    [agentId, tried],
  );
  return row?.id ?? null;
}

/** The probe has failed: the next one is twice as long away, or as long as the agent asks. */
export async function probeLater(
  tx: Tx,
  agentId: string,
  { waitMs, maxWaitMs, atLeastMs }: { waitMs: number; maxWaitMs: number; atLeastMs: number },
): Promise<void> {
  await tx.query(
    `update breakers
        set wait_ms = least(coalesce(wait_ms * 2, $2::bigint), $3::bigint),
            next_probe_at = now() + greatest(least(coalesce(wait_ms * 2, $2::bigint), $3::bigint), $4::bigint) * interval '1 millisecond'
      where agent_id = $1 and state = 'open'`,
    [agentId, waitMs, maxWaitMs, atLeastMs],
  );
}

/** The probe has come through: what is parked goes, and what is new goes behind it. */
export async function startDraining(tx: Tx, agentId: string): Promise<void> {
  const rows = await tx.query(
    `update breakers set state = 'draining', wait_ms = null, next_probe_at = null
      where agent_id = $1 and state = 'open' returning agent_id`,
    [agentId],
  );
  if (rows.length > 0) metrics.breakers.inc({ to: 'draining' });
}

/** It failed again while its parked tasks went: they wait on. */
export async function stopDraining(tx: Tx, agentId: string, waitMs: number): Promise<void> {
  const rows = await tx.query(
    `update breakers set state = 'open', wait_ms = $2::bigint, next_probe_at = now() + $2::bigint * interval '1 millisecond'
      where agent_id = $1 and state = 'draining' returning agent_id`,
    [agentId, waitMs],
  );
  if (rows.length > 0) metrics.breakers.inc({ to: 'open' });
}

/**
 * Nobody is parked any more. When nobody was there to be the probe, the next task is: one failure opens it again, unless
 * the endpoint is another one since.
 */
export async function closeBreaker(tx: Tx, agentId: string, most: number): Promise<void> {
  await tx.query(
    `update breakers
        set failures = case when state = 'open' and wait_ms is not null then $2::int - 1 else 0 end,
            state = 'closed', opened_at = null, wait_ms = null, next_probe_at = null
      where agent_id = $1`,
    [agentId, most],
  );
  metrics.breakers.inc({ to: 'closed' });
}

/** It waits until its agent's endpoint is back; false: it did so already. */
export async function parkTask(tx: Tx, taskId: string): Promise<boolean> {
  const rows = await tx.query(
    'update tasks set parked_at = now() where id = $1 and parked_at is null returning id',
    [taskId],
  );
  return rows.length > 0;
}

export async function agentName(tx: Tx, agentId: string): Promise<string> {
  const [row] = await tx.query<{ name: string }>('select name from agents where id = $1', [agentId]);
  return row?.name ?? 'The agent';
}
