import type { Tx } from '../../db/database';
import { sessionSpend } from '../../db/sessions';
import type { Session } from '../../db/sessions';
import { turnWorkMs } from '../../db/turns';
import type { TurnLimits } from '../../domain/session';

/** Why a turn ends before its next step, in words; null while it may go on. */
export async function limitWords(
  tx: Tx,
  { session, turnId, stepsDone }: { session: Session; turnId: string; stepsDone: number },
  limits: TurnLimits,
): Promise<string | null> {
  if (stepsDone >= limits.modelSteps) {
    return `This took ${limits.modelSteps} steps without an end, so I stop here. Nothing more is bought. Ask again with a narrower question.`;
  }
  if (stepsDone > 0 && (await turnWorkMs(tx, turnId)) >= limits.workMs) {
    return `I have worked on this for ${inWords(limits.workMs)} without an end, so I stop here. Nothing more is bought. Ask again with a narrower question, or ask me to go on from here.`;
  }
  const spend = await sessionSpend(tx, session.id);
  const spent = spend.agentsMicros + spend.modelMicros;
  if (spent >= session.budgetMicros) {
    return 'The budget of this chat is used up. Nothing more is bought. Open a new chat to go on.';
  }
  // What is held to the last of the budget may still be spent on what it is held for.
  if (spent + spend.heldMicros + spend.askedMicros > session.budgetMicros) {
    return 'The budget of this chat is used up by what it has spent, holds and asks for. Nothing more is bought. Ask again when what is held has come back, or open a new chat.';
  }
  return null;
}

function inWords(ms: number): string {
  if (ms < 60_000) return `${Math.max(1, Math.round(ms / 1_000))} s`;
  const minutes = Math.round(ms / 60_000);
  return minutes === 1 ? 'a minute' : `${minutes} minutes`;
}
