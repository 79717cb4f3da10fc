import { setTimeout as pause } from 'node:timers/promises';
import type { Database, OutboxSignal } from '../db/database';
import { holdBack, keepFirst } from '../db/outbox';
import { SYSTEM } from '../domain/principal';
import type { TaskProgress } from '../domain/workflows';
import type { Logger } from '../lib/log';
import { span } from '../lib/telemetry';

/** Agents that are told at once; of more tasks the runs tell them. */
const AT_ONCE = 64;
/** After so long the start is held back from relays elsewhere for as long as the call may last. */
const LEASE_AFTER_MS = 1_000;
/** How long a start then waits for the first signal to the same run, which starts it as well; less than HELD_MS of db/outbox.ts. */
const NEWS_MS = 250;
/** What a call that is under way may still take when the process is to end. */
const GRACE_MS = 500;

export interface Teller {
  db: Database;
  /** Tells a task's agent of it, once. */
  deliverTask: (taskId: string, signal: AbortSignal) => Promise<TaskProgress>;
  /** how long such a call, and the wait after it, may take */
  leaseMs: number;
}

/** The start of a task's run, and what its first delivery has come to, if it was made. */
export type TaskStart = OutboxSignal & { first?: TaskProgress };

export interface FirstDeliveries {
  /** False: its agent is not to be told, or too many are. Else `then` gets the start, unless a signal overtakes it. */
  take: (teller: Teller, start: OutboxSignal, then: (start: TaskStart) => void) => boolean;
  /** A signal to a run whose start still waits takes its place: the id of that start, or null. */
  overtake: (workflowId: string) => string | null;
  /** Resolves when nothing is under way any more: calls are ended after a moment, and what waits goes on at once. */
  over: () => Promise<void>;
}

/** A start that waits here. */
interface Waiting {
  id: string;
  call: AbortController;
  wait: AbortController;
  overtaken: boolean;
}

/**
 * Tells agents of their tasks right after the commit, before the run of the task begins: what came of it is known by then,
 * and a task that is done in some seconds needs no more than a run that ends it. Whatever is lost here the run does again,
 * under the same id.
 */
export function createFirstDeliveries(log: Logger): FirstDeliveries {
  const underWay = new Set<Promise<void>>();
  const starts = new Map<string, Waiting>();
  let telling = 0;
  let isOver = false;

  const make = async (teller: Teller, start: OutboxSignal, then: (start: TaskStart) => void) => {
    const waiting = {
      id: start.id,
      call: new AbortController(),
      wait: new AbortController(),
      overtaken: false,
    };
    starts.set(start.workflowId, waiting);
    telling += 1;
    const first = await tell(log, teller, { start, signal: waiting.call.signal });
    telling -= 1;
    if (first?.kind === 'open' && !waiting.overtaken && !isOver) {
      await pause(NEWS_MS, null, { signal: waiting.wait.signal }).catch(() => null);
    }
    starts.delete(start.workflowId);
    if (!waiting.overtaken) then(first === null ? start : { ...start, first });
  };

  return {
    take: (teller, start, then) => {
      if (start.untold !== true || telling >= AT_ONCE || isOver) return false;
      const delivery = make(teller, start, then).finally(() => underWay.delete(delivery));
      underWay.add(delivery);
      return true;
    },
    overtake: (workflowId) => {
      const waiting = starts.get(workflowId);
      if (waiting === undefined || waiting.overtaken) return null;
      waiting.overtaken = true;
      waiting.wait.abort();
      return waiting.id;
    },
    over: async () => {
      isOver = true;
      for (const { wait } of starts.values()) wait.abort();
      const end = setTimeout(() => {
        for (const { call } of starts.values()) call.abort();
      }, GRACE_MS);
      await Promise.all(underWay);
      clearTimeout(end);
    },
  };
}

/** What the call came to; null: it could not be made, or was cut off. A wait until the next one outlives this process. */
async function tell(
  log: Logger,
  { db, deliverTask, leaseMs }: Teller,
  { start, signal }: { start: OutboxSignal; signal: AbortSignal },
): Promise<TaskProgress | null> {
  const lease = setTimeout(() => {
    db.withTx(SYSTEM, 'outbox.lease', (tx) => holdBack(tx, start.id, leaseMs)).catch((error: unknown) =>
      log.warn({ err: error }, 'a start could not be held back'),
    );
  }, LEASE_AFTER_MS);
  const startedAt = performance.now();
  try {
    const taskId = start.input['taskId'] ?? '';
    const first = await span({ name: 'deliver task', of: start.origin }, () => deliverTask(taskId, signal));
    if (first.kind === 'retry') {
      await db.withTx(SYSTEM, 'outbox.keep-first', (tx) => keepFirst(tx, start.id, first));
    }
    const ms = Math.round(performance.now() - startedAt);
    log.info({ workflow: start.workflowId, ms, first: first.kind }, 'done');
    return first;
  } catch (error) {
    log.warn({ err: error, workflow: start.workflowId }, 'an agent was not told; the run of its task will');
    return null;
  } finally {
    clearTimeout(lease);
  }
}
