import { setTimeout as pause } from 'node:timers/promises';
import type { OutboxSignal } from '../db/database';
import type { TaskStart } from './first-deliveries';

/** What goes to Temporal in one call, and the ids of the outbox that are sent with it. */
export interface Parcel {
  signal: TaskStart;
  ids: string[];
}

/** So many are on their way; more wait their turn, so that new work does not hold up work under way. */
const AT_ONCE = 8;
/** While callers wait for the database, one after the other, this far apart: what a call sets going costs much more than the call. */
const APART_MS = 100;
/** Unless more than this wait. */
const MOST_WAITING = 1_000;

/** What is to be told of tasks. Signals go before starts; one to a run whose start still waits starts it as well. */
export function createSendQueue(callersWait: () => boolean) {
  const signals: Parcel[] = [];
  const starts = new Map<string, TaskStart>();
  const underWay = new Set<Promise<void>>();

  const next = (): Parcel | undefined => {
    const signal = signals.shift();
    if (signal !== undefined) return signal;
    for (const [workflowId, start] of starts) {
      starts.delete(workflowId);
      return { signal: start, ids: [start.id] };
    }
    return undefined;
  };
  const isPaced = (): boolean => callersWait() && signals.length + starts.size <= MOST_WAITING;
  const isFull = (): boolean => underWay.size >= (isPaced() ? 1 : AT_ONCE);

  const sendMore = (send: (parcel: Parcel) => Promise<void>): void => {
    for (let parcel = isFull() ? undefined : next(); parcel !== undefined;) {
      const sent = send(parcel)
        .then(() => (isPaced() ? pause(APART_MS) : undefined))
        .finally(() => {
          underWay.delete(sent);
          sendMore(send);
        });
      underWay.add(sent);
      parcel = isFull() ? undefined : next();
    }
  };

  return {
    start: (start: TaskStart): void => void starts.set(start.workflowId, start),
    /** `overtaken`: the id of its run's start that waits elsewhere, and is sent with it. */
    signal: (signal: OutboxSignal, overtaken: string | null): void => {
      const start = overtaken ?? starts.get(signal.workflowId)?.id;
      starts.delete(signal.workflowId);
      signals.push({ signal, ids: start === undefined ? [signal.id] : [signal.id, start] });
    },
    /** `send` never throws. */
    sendMore,
    /** Empties it; the ids of what it held. */
    giveUp: (): string[] => {
      const waiting = [
        ...signals.splice(0).flatMap(({ ids }) => ids),
        ...[...starts.values()].map(({ id }) => id),
      ];
      starts.clear();
      return waiting;
    },
    /** Resolves when all is sent. */
    sent: async (): Promise<void> => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
