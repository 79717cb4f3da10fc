import type { Tx } from '../../db/database';
import { appendFrames } from '../../db/events';
import { finishTurn } from '../../db/finish-turn';
import { lockSession } from '../../db/sessions';
import { closeSession } from '../../db/cancel';
import { answerToolCall, proposeToolCalls, toolCallsOfStep } from '../../db/tool-calls';
import type { ToolCall } from '../../db/tool-calls';
import { recordStep, requireFence, turnHasLeftWaits, turnWorks } from '../../db/turns';
import type { Turn } from '../../db/turns';
import { tokenCost } from '../../domain/money';
import type { MicroUsdc } from '../../domain/money';
import type { TurnOutcome } from '../../domain/session';
import type { TurnProgress } from '../../domain/workflows';
import type { ModelAnswer } from './answer-so-far';
import { readableText } from './readable-text';
import { TOOL_INPUTS, isToolName } from './tools';
import { CHAT_TOO_LONG, withMoney } from './words';

interface Answered {
  turn: Turn;
  step: number;
  fence: number;
  messageId: string;
  answer: ModelAnswer;
  model: string;
  requestBytes: number;
  workMs: number;
  price: { inputPerMillion: MicroUsdc; outputPerMillion: MicroUsdc };
  seen: number;
}

/** How an answer that ends without a tool is told to the person, by its stop reason. */
const CUT_SHORT: Record<string, string> = {
  max_tokens: 'The answer grew longer than one answer may be, and was cut here. Ask me to go on.',
  too_long: 'The model wrote far more than one answer may hold, and was cut off here.',
  refusal: 'The model declined to answer this. Say it another way, or ask something else.',
  model_context_window_exceeded: CHAT_TOO_LONG,
};

/** Stores a whole answer under the fence, with what it says and what it proposes, in one transaction. */
export async function recordAnswer(tx: Tx, answered: Answered): Promise<TurnProgress> {
  const { turn, step, answer, seen } = answered;
  const session = await lockSession(tx, turn.sessionId);
  await requireFence(tx, turn.id, answered.fence);
  await recordStep(tx, turn.userId, {
    turnId: turn.id,
    step,
    content: answer.content,
    stopReason: answer.stopReason,
    model: answered.model,
    inputTokens: answer.inputTokens,
    outputTokens: answer.outputTokens,
    cacheReadTokens: answer.cacheReadTokens,
    cacheWriteTokens: answer.cacheWriteTokens,
    costMicros: tokenCost(answer, answered.price),
    requestBytes: answered.requestBytes,
    workMs: answered.workMs,
  });
  if (!(await turnWorks(tx, turn.id))) {
    const said = readableText(answer.content);
    if (said.trim() !== '') await say(tx, answered, { content: said, cancelled: true });
    return finish(tx, answered, { outcome: 'cancelled' });
  }
  const calls = await propose(tx, answered);
  // What was refused is the model's to say again, so it is not said here.
  const refused = new Set(calls.filter(({ state }) => state === 'done').map(({ toolUseId }) => toolUseId));
  const text = readableText(answer.content.filter((block) => !refused.has(String(block['id']))));
  if (text.trim() !== '') await say(tx, answered, { content: text });

  const ends = calls.find(({ name, state }) => isEnd(name) && state === 'proposed');
  if (answer.stopReason === 'tool_use' && calls.length > 0 && ends === undefined) {
    const proposed = calls.flatMap(({ id, name, state }) =>
      state === 'proposed' && isToolName(name) ? [{ id, name }] : [],
    );
    return { kind: 'tools', seen, turn: turn.number, step, calls: proposed };
  }
  for (const call of calls) {
    await answerToolCall(tx, call.id, { result: { status: isEnd(call.name) ? 'done' : 'not_run' } });
  }
  if (ends?.name === 'close_session' && answer.stopReason === 'tool_use') {
    const progress = await finish(tx, answered, { outcome: 'answered' });
    await closeSession(tx, session, TOOL_INPUTS.close_session.parse(ends.input).outcome);
    return progress;
  }
  // It goes on where it paused: asked again with what it has said, as often as a turn has steps.
  if (answer.stopReason === 'pause_turn') return { kind: 'tools', seen, turn: turn.number, step, calls: [] };
  const cutShort = CUT_SHORT[answer.stopReason];
  if (cutShort !== undefined) {
    return finish(tx, answered, { outcome: 'failed', text: await withMoney(tx, turn.id, cutShort) });
  }
  if (text.trim() === '')
    return finish(tx, answered, { outcome: 'failed', text: 'The model gave no answer. Ask again.' });
  const outcome = (await turnHasLeftWaits(tx, turn.id)) ? 'waiting' : 'answered';
  return finish(tx, answered, { outcome });
}

/** The tools that end a turn. */
const isEnd = (name: string): boolean => name === 'send_orchestrator_message' || name === 'close_session';

async function finish(
  tx: Tx,
  { turn, seen }: Answered,
  end: { outcome: TurnOutcome; text?: string },
): Promise<TurnProgress> {
  await finishTurn(tx, { turn, ...end });
  return { kind: 'ended', seen, turn: turn.number, outcome: end.outcome };
}

const say = (tx: Tx, { turn, messageId }: Answered, words: { content: string; cancelled?: true }) =>
  appendFrames(tx, { id: turn.sessionId, userId: turn.userId }, [
    { type: 'AGENT_MESSAGE', data: { ...words, message_id: messageId, turn_id: turn.id } },
  ]);

const MOST_CALLS = 16;

/** Stores the proposed calls; one that no tool takes is answered at once with the reason. */
async function propose(tx: Tx, { turn, step, answer }: Answered): Promise<ToolCall[]> {
  const wishes = answer.content.flatMap((block) =>
    block['type'] === 'tool_use'
      ? [{ toolUseId: String(block['id']), name: String(block['name']), input: asObject(block['input']) }]
      : [],
  );
  const calls = await proposeToolCalls(tx, turn, { step, calls: wishes });
  for (const [at, call] of calls.entries()) {
    const refusal = at < MOST_CALLS ? refusalOf(call) : `At most ${MOST_CALLS} tools are used at once.`;
    if (refusal === null) continue;
    await answerToolCall(tx, call.id, {
      result: { error: { code: 'invalid_request', message: refusal } },
      isError: true,
    });
  }
  return toolCallsOfStep(tx, turn.id, step);
}

function refusalOf({ name, input }: ToolCall): string | null {
  if (!isToolName(name)) return `There is no tool ${name.slice(0, 60)}.`;
  const parsed = TOOL_INPUTS[name].safeParse(input);
  if (parsed.success) return null;
  return parsed.error.issues.map(({ path, message }) => `${path.join('.') || name}: ${message}`).join('; ');
}

const asObject = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
