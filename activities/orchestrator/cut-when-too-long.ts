import { ApplicationFailure } from '@temporalio/common';
import type { Database } from '../../db/database';
import { SYSTEM } from '../../domain/principal';
import type { ModelAnswer } from './answer-so-far';
import { tellHalf } from './context-window';

/**
 * Asks, and when it was too long for the model, lets the step be tried again with half as much, once in a turn. The
 * second time it is what it is: an answer that was cut off, or a failure, told in words.
 */
export async function cutWhenTooLong(
  db: Database,
  { turn, fence }: { turn: { id: string; sessionId: string; number: number }; fence: number },
  ask: () => Promise<ModelAnswer>,
): Promise<ModelAnswer> {
  const half = (): Promise<boolean> => db.withTx(SYSTEM, 'turn.tell-half', (tx) => tellHalf(tx, turn, fence));
  try {
    const said = await ask();
    if (said.stopReason !== 'model_context_window_exceeded' || !(await half())) return said;
  } catch (error) {
    if (!(error instanceof ApplicationFailure && error.type === 'chat_too_long') || !(await half()))
      throw error;
  }
  throw ApplicationFailure.create({
    message: 'the model: chat_too_long; asked again with less',
    type: 'chat_too_long',
    nextRetryDelay: 1,
  });
}
