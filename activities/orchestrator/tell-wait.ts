import { ApplicationFailure } from '@temporalio/common';
import type { Database } from '../../db/database';
import { appendFrames } from '../../db/events';
import { lockSession } from '../../db/sessions';
import { requireFence } from '../../db/turns';
import type { Turn } from '../../db/turns';
import { SYSTEM } from '../../domain/principal';

/** A shorter wait is over before it is read. */
const TOLD_MS = 1_000;

/** Fails as the model did; when it is asked again only after a while, the person reads when. */
export async function tellWait(
  db: Database,
  { turn, step, fence }: { turn: Turn; step: number; fence: number },
  error: unknown,
): Promise<never> {
  const waitMs = waitOf(error);
  if (waitMs >= TOLD_MS) {
    const again = new Date(Date.now() + waitMs).toISOString().slice(11, 19);
    const text = `The model is busy: it is asked again at ${again} UTC, in ${inWords(waitMs)}`;
    const tell = db.withTx(SYSTEM, 'turn.tell-wait', async (tx) => {
      await lockSession(tx, turn.sessionId);
      await requireFence(tx, turn.id, fence);
      await appendFrames(tx, { id: turn.sessionId, userId: turn.userId }, [
        {
          type: 'STATUS',
          data: {
            phase: 'WORKING',
            turn_id: turn.id,
            call_id: `${turn.id}/${step}/wait`,
            state: 'done',
            text,
          },
        },
      ]);
    });
    // The wait is kept, whether it could be told or not.
    await tell.catch(() => undefined);
  }
  throw error;
}

function waitOf(error: unknown): number {
  if (!(error instanceof ApplicationFailure) || error.nonRetryable === true) return 0;
  return typeof error.nextRetryDelay === 'number' ? error.nextRetryDelay : 0;
}

function inWords(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}
