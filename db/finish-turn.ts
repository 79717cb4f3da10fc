import type { LogFrame } from '../domain/frames';
import { formatUsdc } from '../domain/money';
import type { TokenUsage } from '../domain/money';
import type { TurnOutcome } from '../domain/session';
import type { Tx } from './database';
import { appendFrames } from './events';
import { getSession, setRestingPhase } from './sessions';
import { dropProposedCalls, leaveWaits } from './tool-calls';
import { endTurn, stepCosts } from './turns';
import type { Turn } from './turns';

export const CLOSED_BY_PERSON = 'closed by its person';

const usageOf = (used: TokenUsage) => ({
  input_tokens: used.inputTokens,
  output_tokens: used.outputTokens,
  cache_read_input_tokens: used.cacheReadTokens,
  cache_creation_input_tokens: used.cacheWriteTokens,
});

/** Ends a turn once, with its one terminal frame; `text` is said in it. */
export async function finishTurn(
  tx: Tx,
  { turn, outcome, text }: { turn: Turn; outcome: TurnOutcome; text?: string },
): Promise<void> {
  if (outcome === 'cancelled') await dropProposedCalls(tx, turn.id);
  // What it still waits for comes as a turn of its own.
  await leaveWaits(tx, turn.id);
  const ended = await endTurn(tx, turn.id, outcome);
  if (ended === null) return;
  const end: LogFrame = {
    type: 'TURN_END',
    data: {
      turn_id: turn.id,
      outcome,
      usage: {
        ...usageOf(ended),
        steps: (await stepCosts(tx, turn.id)).map((step) => ({
          ...usageOf(step),
          cost_usdc: formatUsdc(step.costMicros),
        })),
      },
      cost_usdc: formatUsdc(ended.costMicros),
      ...(text === undefined ? {} : { text }),
    },
  };
  const { phase } = await getSession(tx, turn.sessionId);
  // Only its person closes a chat while a turn works; the turn's end was waited for.
  const closed: LogFrame = { type: 'SESSION_CLOSED', data: { reason: CLOSED_BY_PERSON, phase: 'CLOSED' } };
  const frames = phase === 'CLOSED' ? [end, closed] : [end];
  await appendFrames(tx, { id: turn.sessionId, userId: turn.userId }, frames);
  await setRestingPhase(tx, turn.sessionId);
}
