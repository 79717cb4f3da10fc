import { setTimeout as pause } from 'node:timers/promises';
import type { Database, OutboxSignal } from '../db/database';
import { holdBack } from '../db/outbox';
import { SYSTEM } from '../domain/principal';
import type { TaskProgress } from '../domain/workflows';
import type { Logger } from '../lib/log';
import { span } from '../lib/telemetry';

/** Agents that are told at once; of more tasks the runs tell them. */
const AT_ONCE = 64;
/** Well before a relay elsewhere would take a start for lost that waits for its first delivery. */
const LEASE_AFTER_MS = 1_000;
/** How long a start then waits for the first signal to the same run, which starts it as well. */
const NEWS_MS = 5_000;

export interface Teller {
  db: Database;
  /** Tells a task's agent of it, once. */
  deliverTask: (taskId: string) => Promise<TaskProgress>;
  /** how long such a call may take */
  leaseMs: number;
}

/** The start of a task's run, and what its first delivery has come to, if it was made. */
export type TaskStart = OutboxSignal & { first?: TaskProgress };

export interface FirstDeliveries {
  /** False: its agent is not to be told, or too many are. Else `then` gets the start, unless a signal overtakes it. */
  take: (teller: Teller, start: OutboxSignal, then: (start: TaskStart) => void) => boolean;
  /** A signal to a run whose start still waits takes its place: the id of that start, or null. */
  overtake: (workflowId: string) => string | null;
  /** Resolves when all are made; nothing waits any more. */
  over: () => Promise<void>;
}

/**
 * Tells agents of their tasks right after the commit, before the run of the task begins: what came of it is known by then,
 * and a task that is done in some seconds needs no more than a run that ends it. Whatever is lost here the run does again,
 * under the same id.
 */
export function createFirstDeliveries(log: Logger): FirstDeliveries {
  const underWay = new Set<Promise<void>>();
  let telling = 0;
  const starts = new Map<string, { id: string; goOn: AbortController; overtaken: boolean }>();
  const closing = new AbortController();

  const tell = async ({ db, deliverTask, leaseMs }: Teller, start: OutboxSignal) => {
    const lease = setTimeout(() => {
      db.withTx(SYSTEM, 'outbox.lease', (tx) => holdBack(tx, start.id, leaseMs)).catch((error: unknown) =>
        log.warn({ err: error }, 'a start could not be held back'),
      );
    }, LEASE_AFTER_MS);
    try {
      const taskId = start.input['taskId'] ?? '';
      return await span({ name: 'deliver task', of: start.origin }, () => deliverTask(taskId));
    } catch (error) {
      log.warn({ err: error, workflow: start.workflowId }, 'an agent was not told; the run of its task will');
      return null;
    } finally {
      clearTimeout(lease);
    }
  };

  const make = async (teller: Teller, start: OutboxSignal, then: (start: TaskStart) => void) => {
    const waits = { id: start.id, goOn: new AbortController(), overtaken: false };
    starts.set(start.workflowId, waits);
    telling += 1;
    const first = await tell(teller, start);
    telling -= 1;
    if (first?.kind === 'open' && !waits.overtaken) {
      await pause(NEWS_MS, null, { signal: AbortSignal.any([waits.goOn.signal, closing.signal]) }).catch(
        () => null,
      );
    }
    starts.delete(start.workflowId);
    if (!waits.overtaken) then(first === null ? start : { ...start, first });
  };

  return {
    take: (teller, start, then) => {
      if (start.untold !== true || telling >= AT_ONCE) return false;
      const delivery = make(teller, start, then).finally(() => underWay.delete(delivery));
      underWay.add(delivery);
      return true;
    },
    overtake: (workflowId) => {
      const waits = starts.get(workflowId);
      if (waits === undefined || waits.overtaken) return null;
      waits.overtaken = true;
      waits.goOn.abort();
      return waits.id;
    },
    over: async () => {
      closing.abort();
      await Promise.all(underWay);
    },
  };
}
