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
}

/** Sends recorded signals right after their commit. What fails here stays unsent, and the relay sends it again. */
export function createDispatch({ log }: { log: Logger }): Dispatch {
  let way: { db: Database; gateway: Gateway } | null = null;
  let sent: string[] = [];
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
    }
    marking = null;
  };

  return {
    open: (db, gateway) => {
      way = { db, gateway };
    },
    send: (signals) => {
      if (way === null) return;
      const { db, gateway } = way;
      for (const signal of signals) {
        failpoint('dispatch', 'before');
        counted('dispatch', gateway.send(signal)).then(
          () => {
            failpoint('dispatch', 'sent');
            sent.push(signal.id);
            marking ??= mark(db);
          },
          (error: unknown) =>
            log.warn({ err: error, workflow: signal.workflowId }, 'signal not sent; the relay will'),
        );
      }
    },
  };
}
