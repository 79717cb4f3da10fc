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
/** Each so many-th is none of the urgent ones. */
const TURNS = 4;

/**
 * What is to be told of tasks, in order, and first what somebody waits for: the starts of runs that are to call an agent,
 * and a question to a person. A signal to a run whose start still waits takes its place, and starts it as well.
 */
export function createSendQueue(callersWait: () => boolean) {
  const urgent: Parcel[] = [];
  const others: Parcel[] = [];
  const starts = new Map<string, Parcel>();
  const underWay = new Set<Promise<void>>();
  let turn = 0;

  const next = (): Parcel | undefined => {
    turn += 1;
    const [one, other] = turn % TURNS === 0 ? [others, urgent] : [urgent, others];
    const parcel = one.shift() ?? other.shift();
    if (parcel !== undefined && starts.get(parcel.signal.workflowId) === parcel) {
      starts.delete(parcel.signal.workflowId);
    }
    return parcel;
  };
  const isPaced = (): boolean => callersWait() && urgent.length + others.length <= MOST_WAITING;
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
    start: (start: TaskStart): void => {
      const parcel = { signal: start, ids: [start.id] };
      starts.set(start.workflowId, parcel);
      (callsAnAgent(start) ? urgent : others).push(parcel);
    },
    /** `overtaken`: the id of its run's start that waits elsewhere, and is sent with it. */
    signal: (signal: OutboxSignal, overtaken: string | null): void => {
      const start = starts.get(signal.workflowId);
      if (start === undefined) {
        const ids = overtaken === null ? [signal.id] : [signal.id, overtaken];
        (signal.signal === 'taskAsked' ? urgent : others).push({ signal, ids });
        return;
      }
      starts.delete(signal.workflowId);
      start.signal = signal;
      start.ids.push(signal.id);
    },
    /** `send` never throws. */
    sendMore,
    /** Empties it; the ids of what it held. */
    giveUp: (): string[] => {
      starts.clear();
      return [...urgent.splice(0), ...others.splice(0)].flatMap(({ ids }) => ids);
    },
    /** Resolves when all is sent. */
    sent: async (): Promise<void> => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

/** A run that begins with a call: the first, or after a wait the second. */
const callsAnAgent = ({ untold, first }: TaskStart): boolean =>
  untold === true && (first === undefined || first.kind === 'retry');
