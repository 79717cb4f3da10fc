import { setTimeout as pause } from 'node:timers/promises';
import type { Database, OutboxSignal } from '../db/database';
import { markSent } from '../db/outbox';
import { SYSTEM } from '../domain/principal';
import { failpoint } from '../lib/failpoints';
import type { Logger } from '../lib/log';
import type { Gateway } from '../temporal/gateway';
import { counted } from './counted';

export interface Dispatch {
  /** From now on there is a way to Temporal. */
  open: (db: Database, gateway: Gateway) => void;
  /** Never throws and never waits. */
  send: (signals: OutboxSignal[]) => void;
  /** What waits here to be sent, or to be marked as sent: the relay leaves it alone. */
  held: () => string[];
  /** Resolves when what was sent is marked. */
  marked: () => Promise<void>;
}

interface Way {
  db: Database;
  gateway: Gateway;
}

/** Starts that are on their way; more wait their turn, so that new work holds up neither callers nor work under way. */
const STARTS_AT_ONCE = 8;
/** What was sent is marked together: much less than the age at which a relay elsewhere would send it again. */
const MARK_MS = 200;

/** Sends recorded signals right after their commit. What fails here stays unsent, and the relay sends it again. */
export function createDispatch({ log }: { log: Logger }): Dispatch {
  let way: Way | null = null;
  let sent: string[] = [];
  const held = new Set<string>();
  let marking: Promise<void> | null = null;

  const mark = async (db: Database): Promise<void> => {
    while (sent.length > 0) {
      const ids = sent;
      sent = [];
      await db
        .withTx(SYSTEM, 'outbox.mark', (tx) => markSent(tx, ids))
        .catch((error: unknown) => {
          // Sent twice is harmless: the relay will find them unsent and send them again.
          log.warn({ err: error, count: ids.length }, 'sent signals could not be marked');
        });
      for (const id of ids) held.delete(id);
    }
    marking = null;
  };

  const waiting: OutboxSignal[] = [];
  let starting = 0;

  const sendOne = async ({ db, gateway }: Way, signal: OutboxSignal): Promise<void> => {
    failpoint('dispatch', 'before');
    try {
      await counted('dispatch', gateway.send(signal));
    } catch (error) {
      log.warn({ err: error, workflow: signal.workflowId }, 'signal not sent; the relay will');
      // While Temporal is away nothing piles up here.
      for (const { id } of [signal, ...waiting.splice(0)]) held.delete(id);
      return;
    }
    failpoint('dispatch', 'sent');
    sent.push(signal.id);
    marking ??= pause(MARK_MS).then(() => mark(db));
  };

  const startNext = async (to: Way): Promise<void> => {
    starting += 1;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await sendOne(to, next);
    starting -= 1;
  };

  return {
    open: (db, gateway) => {
      way = { db, gateway };
    },
    send: (signals) => {
      if (way === null) return;
      for (const signal of signals) {
        held.add(signal.id);
        if (signal.signal === null) waiting.push(signal);
        else void sendOne(way, signal);
      }
      while (starting < STARTS_AT_ONCE && waiting.length > 0) void startNext(way);
    },
    held: () => [...held],
    marked: async () => marking ?? undefined,
  };
}
