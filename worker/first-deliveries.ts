import { setTimeout as pause } from 'node:timers/promises';
import type { Database, OutboxSignal } from '../db/database';
import { holdBack, keepFirst } from '../db/outbox';
import { SYSTEM } from '../domain/principal';
import type { TaskProgress } from '../domain/workflows';
import type { Logger } from '../lib/log';
import { span } from '../lib/telemetry';

/** Agents that are told at once; of more tasks the runs tell them. */
const AT_ONCE = 64;
/** While callers wait for the database, so many; the others wait as well, no longer than this. */
const WHILE_CALLERS_WAIT = 16;
const MOST_WAIT_MS = 3_000;
const MOST_IN_LINE = 1_000;
/** How often it is looked whether callers still wait. */
const LOOK_MS = 10;
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
export function createFirstDeliveries(deps: { log: Logger; callersWait: () => boolean }): FirstDeliveries {
  const underWay = new Set<Promise<void>>();
  const starts = new Map<string, Waiting>();
  const turns = createTurns(deps.callersWait);
  let isOver = false;

  const make = async (teller: Teller, start: OutboxSignal, then: (start: TaskStart) => void) => {
    const waiting = {
      id: start.id,
      call: new AbortController(),
      wait: new AbortController(),
      overtaken: false,
    };
    starts.set(start.workflowId, waiting);
    const first = (await turns.come())
      ? await tell(deps.log, teller, { start, signal: waiting.call.signal }).finally(turns.leave)
      : null;
    if (first?.kind === 'open' && !waiting.overtaken && !isOver) {
      await pause(NEWS_MS, null, { signal: waiting.wait.signal }).catch(() => null);
    }
    starts.delete(start.workflowId);
    if (!waiting.overtaken) then(first === null ? start : { ...start, first });
  };

  return {
    take: (teller, start, then) => {
      if (start.untold !== true || turns.areTaken() || isOver) return false;
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
      turns.end();
      for (const { wait } of starts.values()) wait.abort();
      const end = setTimeout(() => {
        for (const { call } of starts.values()) call.abort();
      }, GRACE_MS);
      await Promise.all(underWay);
      clearTimeout(end);
    },
  };
}

/** Who may tell its agent now: fewer while callers wait, whose answers come first. */
function createTurns(callersWait: () => boolean) {
  const line: { since: number; come: (mayTell: boolean) => void }[] = [];
  let telling = 0;
  let looking = false;
  const letIn = (): void => {
    const room = callersWait() ? WHILE_CALLERS_WAIT : AT_ONCE;
    while (telling < room && line.length > 0) {
      telling += 1;
      line.shift()?.come(true);
    }
    const longAgo = performance.now() - MOST_WAIT_MS;
    while (line[0] !== undefined && line[0].since < longAgo) line.shift()?.come(false);
  };
  const look = async (): Promise<void> => {
    looking = true;
    for (letIn(); line.length > 0; letIn()) await pause(LOOK_MS);
    looking = false;
  };
  return {
    areTaken: (): boolean => telling >= AT_ONCE || line.length >= MOST_IN_LINE,
    /** false: it waited too long, and the run does it */
    come: (): Promise<boolean> =>
      new Promise((come) => {
        line.push({ since: performance.now(), come });
        if (!looking) void look();
      }),
    leave: (): void => {
      telling -= 1;
    },
    end: (): void => line.splice(0).forEach(({ come }) => come(false)),
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
