import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '../db/database';
import { markSent } from '../db/outbox';
import { SYSTEM } from '../domain/principal';
import type { Logger } from '../lib/log';

/** What was sent is marked together: much less than the age at which a relay elsewhere would send it again. */
const MARK_MS = 200;

/** What this process is still to send, or to mark as sent. */
export function createSentMarks(log: Logger) {
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
  return {
    hold: (id: string): void => void held.add(id),
    /** They are left to the relay. */
    leave: (ids: string[]): void => ids.forEach((id) => held.delete(id)),
    sent: (db: Database, ids: string[]): void => {
      sent.push(...ids);
      marking ??= pause(MARK_MS).then(() => mark(db));
    },
    held: (): string[] => [...held],
    marked: async (): Promise<void> => void (await marking),
  };
}
