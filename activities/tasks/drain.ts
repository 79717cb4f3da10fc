import { countBadAnswers } from '../../db/attempts';
import {
  closeBreaker,
  isDraining,
  isWaiting,
  lockBreaker,
  markBreakerSeen,
  nextWaiting,
  otherParked,
  probeLater,
} from '../../db/breakers';
import type { Breaker } from '../../db/breakers';
import type { Tx } from '../../db/database';
import { getTask, lockTask, wakeTask } from '../../db/tasks';
import { SYSTEM } from '../../domain/principal';
import type { AgentActivities, DrainProgress, TaskProgress } from '../../domain/workflows';
import { failpoint } from '../../lib/failpoints';
import { activity } from '../activity';
import type { TaskDeps } from './activities';
import { BAD_ANSWERS, isFailure, wishOf } from './breaker';
import { openParked } from './open-delivery';
import type { Delivery } from './open-delivery';
import { endOrphans } from './orphans';
import { park } from './park';
import { makeCall, recordOutcome } from './record-outcome';

export interface DrainDeps extends TaskDeps {
  /** how many parked tasks of an agent are on their way at once */
  concurrency: number;
}

/** One run of the activity takes up tasks for as long; the monitor may have something else to do. */
const RUN_MS = 5_000;

type Step = { rest: DrainProgress } | { again: true } | { delivery: Delivery };

/** Delivers what is parked, the oldest first: one as the probe, and when that has come through, all. */
export const createDrainParked = (deps: DrainDeps): Pick<AgentActivities, 'drainParked'> => ({
  drainParked: activity('drainParked', ({ agentId }, signal) => drain(deps, agentId, signal)),
});

async function drain(deps: DrainDeps, agentId: string, signal: AbortSignal): Promise<DrainProgress> {
  const { db, concurrency } = deps;
  const over = Date.now() + RUN_MS;
  const calls = new Map<string, Promise<string | null>>();
  let tried: string | null = null;
  for (;;) {
    const at = { agentId, busy: [...calls.keys()], tried };
    const step = await db.withTx(SYSTEM, 'drain.open', (tx) => openNext(tx, deps, at));
    if ('again' in step) continue;
    if ('rest' in step && at.busy.length === 0) {
      if (step.rest.kind === 'closed' && step.rest.status === 'DELETED') await endOrphans(db, agentId);
      return step.rest;
    }
    if ('delivery' in step) {
      const { delivery } = step;
      const call = deliver(deps, { delivery, tried, signal }).then((next) => {
        calls.delete(delivery.taskId);
        return next;
      });
      // One that fails stays among the calls, and is met there.
      call.catch(() => undefined);
      calls.set(delivery.taskId, call);
      // A probe goes alone: what it comes to decides about all others.
      if (delivery.kind === 'drained' && calls.size < concurrency) continue;
    }
    if (calls.size > 0) tried = await Promise.race(calls.values());
    if (Date.now() > over) {
      await Promise.all(calls.values());
      return db.withTx(SYSTEM, 'drain.look', async (tx) => restOf(await lockBreaker(tx, agentId)));
    }
  }
}

/** Makes one call. The task, when it was a probe after which another is to be tried at once. */
async function deliver(
  deps: DrainDeps,
  { delivery, tried, signal }: { delivery: Delivery; tried: string | null; signal: AbortSignal },
): Promise<string | null> {
  failpoint('drain', 'before');
  const made = await makeCall(delivery, signal);
  failpoint('drain', 'answered');
  return deps.db.withTx(SYSTEM, 'drain.record-outcome', async (tx) => {
    await tellEnd(tx, delivery.taskId, await recordOutcome(tx, deps, made));
    const { taskId, agentId, kind, outcome } = made;
    if (kind !== 'probe' || !isFailure(outcome)) return null;
    // It may be the task that the agent cannot take: another one says which. So the oldest stays the first to be tried.
    const isDoubtful = (await countBadAnswers(tx, taskId, 'probe')) >= BAD_ANSWERS;
    if (isDoubtful && tried === null) return taskId;
    await probeLater(tx, agentId, { ...deps.breaker, atLeastMs: wishOf(outcome) });
    return null;
  });
}

/** The task's own workflow waits for its end, or for how long its agent has; nothing else that comes of a call. */
async function tellEnd(tx: Tx, taskId: string, progress: TaskProgress): Promise<void> {
  if (progress.kind === 'ended') wakeTask(tx, await getTask(tx, taskId), 'taskEnded');
  if (progress.kind === 'promised') wakeTask(tx, await getTask(tx, taskId), 'taskDecided');
}

function restOf(breaker: Breaker): DrainProgress {
  const { state, wakeVersion: seen, agentStatus: status, parked, probeInMs, openedAt } = breaker;
  switch (state) {
    case 'closed':
      return { kind: 'closed', seen, status };
    case 'open':
      return { kind: 'open', seen, inMs: probeInMs, parked, since: openedAt ?? '' };
    case 'draining':
      return { kind: 'draining', seen, parked };
  }
}

interface At {
  agentId: string;
  busy: string[];
  /** the probe that failed just now, and may have been the wrong one */
  tried: string | null;
}

/** What is next. The task is locked before the breaker: what is next is asked first, and held against the breaker then. */
async function openNext(tx: Tx, deps: DrainDeps, { agentId, busy, tried }: At): Promise<Step> {
  const kind = (await isDraining(tx, agentId)) ? 'drained' : 'probe';
  const taskId =
    tried === null ? await nextWaiting(tx, agentId, busy) : await otherParked(tx, agentId, tried);
  const task = taskId === null ? null : await lockTask(tx, taskId);
  const breaker = await lockBreaker(tx, agentId);
  await markBreakerSeen(tx, agentId, breaker.wakeVersion);
  const { state, probeInMs, parked } = breaker;
  if (state === 'closed' || (state === 'open' && (probeInMs > 0 || busy.length > 0))) {
    return { rest: restOf(breaker) };
  }
  if ((state === 'draining') !== (kind === 'drained')) return { again: true };
  if (task === null) {
    if (tried !== null) {
      await probeLater(tx, agentId, { ...deps.breaker, atLeastMs: 0 });
      return { again: true };
    }
    // One that was parked since it was looked for is next.
    if (parked > busy.length) return { again: true };
    if (busy.length > 0) return { rest: restOf(breaker) };
    await closeBreaker(tx, agentId, deps.breaker.most);
    return { rest: { kind: 'closed', seen: breaker.wakeVersion, status: breaker.agentStatus } };
  }
  if (task.parkedAt === null) {
    if (!(await isWaiting(tx, task.id))) return { again: true };
    // It belongs to no chat in which its agent would be named.
    await park(tx, task, '');
  }
  const next = await openParked(tx, deps, { task, kind });
  if ('delivery' in next) return next;
  await tellEnd(tx, task.id, next.progress);
  return { again: true };
}
