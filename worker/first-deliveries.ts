import { setTimeout as pause } from 'node:timers/promises';
import type { Database, OutboxSignal } from '../db/database';
import { holdBack } from '../db/outbox';
import { SYSTEM } from '../domain/principal';
import type { TaskProgress } from '../domain/workflows';
import type { Logger } from '../lib/log';
import { span } from '../lib/telemetry';

/** Starts that wait here; of more tasks the runs tell the agents. */
const MOST = 1_000;
/** Agents that are told at once. */
const AT_ONCE = 64;
/** While callers wait for the database, so many; the others wait as well, no longer than this. */
const WHILE_CALLERS_WAIT = 16;
const MOST_WAIT_MS = 3_000;
/** How often it is looked whether callers still wait. */
const LOOK_MS = 10;
/** After so long a call gives its place to the next, and its start is held back from relays elsewhere for as long as it may last. */
const LEASE_AFTER_MS = 1_000;
/** How long a start then waits for the first signal to the same run, which starts it as well; less than HELD_MS of db/outbox.ts. */
const NEWS_MS = 250;
/** What a call that is under way may still take when the process is to end. */
const GRACE_MS = 500;

export interface Teller {
  db: Database;
  /** Tells a task's agent of it, once. */
  deliverFirst: (start: FirstDelivery, signal: AbortSignal) => Promise<TaskProgress>;
  /** how long such a call, and the wait after it, may take */
  leaseMs: number;
}

/** The task, and the outbox row of its run's start. */
export interface FirstDelivery {
  taskId: string;
  startId: string;
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
    const leave = await turns.come();
    const first =
      leave === null
        ? null
        : await tell(deps.log, teller, { start, signal: waiting.call.signal, atLength: leave }).finally(
            leave,
          );
    if (first?.kind === 'open' && !waiting.overtaken && !isOver) {
      await pause(NEWS_MS, null, { signal: waiting.wait.signal }).catch(() => null);
    }
    starts.delete(start.workflowId);
    if (!waiting.overtaken) then(first === null ? start : { ...start, first });
  };

  return {
    take: (teller, start, then) => {
      if (start.untold !== true || starts.size >= MOST || isOver) return false;
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
  const line: { since: number; come: (leave: (() => void) | null) => void }[] = [];
  let telling = 0;
  let looking = false;
  const letIn = (): void => {
    const room = callersWait() ? WHILE_CALLERS_WAIT : AT_ONCE;
    while (telling < room && line.length > 0) {
      telling += 1;
      line.shift()?.come(once(() => (telling -= 1)));
    }
    const longAgo = performance.now() - MOST_WAIT_MS;
    while (line[0] !== undefined && line[0].since < longAgo) line.shift()?.come(null);
  };
  const look = async (): Promise<void> => {
    looking = true;
    for (letIn(); line.length > 0; letIn()) await pause(LOOK_MS);
    looking = false;
  };
  return {
    /** Gives what is called when the place is free again; null: it waited too long, and the run does it. */
    come: (): Promise<(() => void) | null> =>
      new Promise((come) => {
        line.push({ since: performance.now(), come });
        if (!looking) void look();
      }),
    end: (): void => line.splice(0).forEach(({ come }) => come(null)),
  };
}

function once(then: () => void): () => void {
  let done = false;
  return () => {
    if (!done) then();
    done = true;
  };
}

/** What the call came to; null: it could not be made, or was cut off. A wait until the next one outlives this process. */
async function tell(
  log: Logger,
  { db, deliverFirst, leaseMs }: Teller,
  { start, signal, atLength }: { start: OutboxSignal; signal: AbortSignal; atLength: () => void },
): Promise<TaskProgress | null> {
  const lease = setTimeout(() => {
    atLength();
    db.withTx(SYSTEM, 'outbox.lease', (tx) => holdBack(tx, start.id, leaseMs)).catch((error: unknown) =>
      log.warn({ err: error }, 'a start could not be held back'),
    );
  }, LEASE_AFTER_MS);
  const startedAt = performance.now();
  try {
    const delivery = { taskId: start.input['taskId'] ?? '', startId: start.id };
    const first = await span({ name: 'deliver task', of: start.origin }, () =>
      deliverFirst(delivery, signal),
    );
    const ms = Math.round(performance.now() - startedAt);
    log.info({ workflow: start.workflowId, ms, first: first.kind }, 'done');
    return first;
  } catch (error) {
    log.warn(
      { err: error, workflow: start.workflowId },
      'a first delivery came to nothing; the run of its task goes on',
    );
    return null;
  } finally {
    clearTimeout(lease);
  }
}
