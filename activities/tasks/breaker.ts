import { countBadAnswers } from '../../db/attempts';
import { countFailure, forgetFailures, isShut, startDraining, stopDraining } from '../../db/breakers';
import type { Tx } from '../../db/database';
import type { Delivery, Outcome } from './open-delivery';

export interface BreakerLimits {
  /** failures in a row that open it */
  most: number;
  /** until the first probe; then twice as long each time, up to the longest */
  waitMs: number;
  maxWaitMs: number;
}

/** What a call says of the endpoint: a refusal is an answer, something that nobody agreed on is a failure. */
export const isFailure = (outcome: Outcome): boolean =>
  outcome.kind === 'retry' || (outcome.kind === 'failed' && outcome.broken);

/** How long the agent asks to be left alone. */
export const wishOf = (outcome: Outcome): number =>
  outcome.kind === 'retry' ? (outcome.retryAfterMs ?? 0) : 0;

/** So many to one task, and it may be the task and not the agent. */
export const BAD_ANSWERS = 3;

/** What is to become of a task that a call has failed. */
export type Verdict = 'again' | 'park' | 'give up';

/** Writes on the agent's breaker what a call came to; the task is locked. */
export async function judgeEndpoint(
  tx: Tx,
  limits: BreakerLimits,
  { taskId, agentId, kind, outcome }: Pick<Delivery, 'taskId' | 'agentId' | 'kind'> & { outcome: Outcome },
): Promise<Verdict> {
  const failed = isFailure(outcome);
  const waitMs = Math.max(limits.waitMs, wishOf(outcome));
  switch (kind) {
    case 'attempt':
      if (failed) await countFailure(tx, agentId, { most: limits.most, waitMs });
      else forgetFailures(tx, agentId);
      return failed && (await isShut(tx, agentId)) ? 'park' : 'again';
    case 'probe':
      if (!failed) await startDraining(tx, agentId);
      return 'park';
    case 'drained':
      if (!failed) return 'park';
      // Each time another task had just been taken.
      if ((await countBadAnswers(tx, taskId, 'drained')) >= BAD_ANSWERS) return 'give up';
      await stopDraining(tx, agentId, waitMs);
      return 'park';
  }
}
