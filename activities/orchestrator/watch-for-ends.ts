import type { Context } from '@temporalio/activity';
import type { Database } from '../../db/database';
import { turnWorks } from '../../db/turns';
import { SYSTEM } from '../../domain/principal';
import type { Bus } from '../../lib/bus';

/** A wake-up that was lost on the bus costs so long. */
const LOOK_EVERY_MS = 2_000;

/**
 * What ends an attempt early. `stop`: the turn works no more, and what was said until then is recorded: at once by the
 * bus, else as its row says. The workflow's own cancel is only a reason to look at the row: it may have come late, for
 * an earlier turn. `gone`: the attempt is lost, and somebody else makes the next one.
 */
export function watchForEnds(
  { db, bus }: { db: Database; bus: Bus },
  { sessionId, turnId }: { sessionId: string; turnId: string },
  context: Context,
): { stop: AbortSignal; gone: AbortSignal; stopWatching: () => void } {
  const stop = new AbortController();
  const gone = new AbortController();
  const unsubscribe = bus.subscribe(sessionId, (news) => {
    if (news.kind === 'cancelled' && news.turnId === turnId) stop.abort();
  });
  // A look that fails is followed by the next one.
  const look = (): void =>
    void db
      .withTx(SYSTEM, 'turn.works', (tx) => turnWorks(tx, turnId))
      .then((works) => (works ? undefined : stop.abort()))
      .catch(() => undefined);
  const timer = setInterval(look, LOOK_EVERY_MS);
  const onCancel = (): void =>
    context.cancellationDetails?.cancelRequested === true ? look() : gone.abort();
  context.cancellationSignal.addEventListener('abort', onCancel);
  if (context.cancellationSignal.aborted) onCancel();
  return {
    stop: stop.signal,
    gone: gone.signal,
    stopWatching: () => {
      unsubscribe();
      clearInterval(timer);
      context.cancellationSignal.removeEventListener('abort', onCancel);
    },
  };
}
