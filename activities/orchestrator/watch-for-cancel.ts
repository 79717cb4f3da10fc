import type { Database } from '../../db/database';
import { turnWorks } from '../../db/turns';
import { SYSTEM } from '../../domain/principal';
import type { Bus } from '../../lib/bus';

/** A wake-up that was lost on the bus costs so long. */
const LOOK_EVERY_MS = 2_000;

/** Aborts when the person cancels the turn: at once by the bus, else as its row says. */
export function watchForCancel(
  { db, bus }: { db: Database; bus: Bus },
  { sessionId, turnId }: { sessionId: string; turnId: string },
): { signal: AbortSignal; end: () => void } {
  const stop = new AbortController();
  const unsubscribe = bus.subscribe(sessionId, (news) => {
    if (news.kind === 'cancelled' && news.turnId === turnId) stop.abort();
  });
  const look = async (): Promise<void> => {
    if (!(await db.withTx(SYSTEM, 'turn.works', (tx) => turnWorks(tx, turnId)))) stop.abort();
  };
  // A look that fails is followed by the next one.
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_EVERY_MS);
  return {
    signal: stop.signal,
    end: () => {
      unsubscribe();
      clearInterval(timer);
    },
  };
}
