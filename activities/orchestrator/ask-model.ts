import type Anthropic from '@anthropic-ai/sdk';
import { Context } from '@temporalio/activity';
import type { Database, Tx } from '../../db/database';
import { finishTurn } from '../../db/finish-turn';
import { firstPromptEnd } from '../../db/prompts';
import { closesAt, lockSession, markSessionSeen, setPhase } from '../../db/sessions';
import { leaveWaits, toolCallsOfStep } from '../../db/tool-calls';
import { claimMessage, hasUnansweredMessage, lastStep, openTurn, takeFence } from '../../db/turns';
import type { Turn } from '../../db/turns';
import type { MicroUsdc } from '../../domain/money';
import { SYSTEM } from '../../domain/principal';
import type { TurnLimits, TurnOutcome } from '../../domain/session';
import type { TurnProgress } from '../../domain/workflows';
import type { Bus } from '../../lib/bus';
import { failpoint } from '../../lib/failpoints';
import { metrics } from '../../lib/metrics';
import { adoptOrigin, codeOf, currentOrigin, span } from '../../lib/telemetry';
import { activity } from '../activity';
import { cleanRecord } from '../clean-json';
import type { ModelAnswer } from './answer-so-far';
import { loadContext } from './context-window';
import { cutWhenTooLong } from './cut-when-too-long';
import { deltaPublisher } from './deltas';
import type { Model } from './model';
import { recordAnswer } from './record-answer';
import { isToolName } from './tools';
import { tellWait } from './tell-wait';
import { limitWords } from './turn-limits';
import { watchForEnds } from './watch-for-ends';

export interface AskModelDeps {
  db: Database;
  bus: Bus;
  model: Model;
  price: { inputPerMillion: MicroUsdc; outputPerMillion: MicroUsdc };
  sessionIdleMs: number;
  /** what the rules, the conversation and its summary may take of the model's window */
  contextTokens: number;
  turnLimits: TurnLimits;
}

type Next =
  | { ask: false; progress: TurnProgress }
  | { ask: true; turn: Turn; step: number; fence: number; seen: number };

/**
 * The next step of a session, as its rows say: claim a message, hand over the tools that were proposed, say what is
 * waited for, or ask the model. An answer that is stored already is never asked for again.
 */
export const createAskModel = (deps: AskModelDeps) =>
  activity('askModel', async (input: { sessionId: string; leaveWaits: boolean }): Promise<TurnProgress> => {
    const { db, model } = deps;
    const next = await db.withTx(SYSTEM, 'turn.next-step', (tx) =>
      nextStep(tx, { ...input, idleMs: deps.sessionIdleMs, limits: deps.turnLimits }),
    );
    if (!next.ask) return withRequest(next.progress);
    const { turn, step, fence } = next;
    const startedAt = performance.now();
    failpoint('model', 'before');
    if (Context.current().info.attempt > 1) dropShown(deps.bus, turn, fence);
    // In a transaction of its own: what cannot be loaded must leave a turn that can be ended.
    const context = await db.withTx(SYSTEM, 'turn.conversation', (tx) =>
      loadContext(tx, input.sessionId, deps.contextTokens),
    );
    const answer = await answerOf(deps, next, context.messages).catch((error: unknown) =>
      tellWait(db, next, error),
    );
    failpoint('model', 'answered');
    const progress = await db.withTx(SYSTEM, 'turn.record-step', (tx) =>
      recordAnswer(tx, {
        turn,
        step,
        fence,
        messageId: messageIdOf(next),
        answer: { ...answer, content: answer.content.map((block) => cleanRecord(block)) },
        model: model.name,
        requestBytes: context.bytes,
        workMs: Math.round(performance.now() - startedAt),
        price: deps.price,
        seen: next.seen,
      }),
    );
    return withRequest(progress);
  });

interface Asking {
  turn: Turn;
  step: number;
  fence: number;
}

const messageIdOf = ({ turn, step }: Asking): string => `${turn.id}/${step}`;

/** One answer, shown while it grows; whole, or what was said until the person cancelled the turn. */
async function answerOf(
  deps: AskModelDeps,
  asking: Asking,
  messages: Anthropic.MessageParam[],
): Promise<ModelAnswer> {
  const { db, bus, model } = deps;
  const { turn, step, fence } = asking;
  const place = { sessionId: turn.sessionId, turnId: turn.id };
  const deltas = deltaPublisher(bus, { ...place, messageId: messageIdOf(asking), attempt: fence });
  const context = Context.current();
  const ends = watchForEnds(deps, place, context);
  const options = {
    signal: ends.gone,
    stop: ends.stop,
    onGrowth: deltas.onGrowth,
    attempt: context.info.attempt,
  };
  try {
    return await span({ name: 'model', kind: 'client' }, async ({ attributes }) => {
      Object.assign(attributes, {
        'gen_ai.request.model': model.name,
        'mooring.turn': turn.id,
        'mooring.step': step,
      });
      const said = await cutWhenTooLong(db, { turn, fence }, () =>
        timed(() => model.answer(messages, options)),
      );
      attributes['gen_ai.usage.input_tokens'] = said.inputTokens;
      attributes['gen_ai.usage.output_tokens'] = said.outputTokens;
      return said;
    });
  } finally {
    deltas.stop();
    ends.stopWatching();
  }
}

/** What was shown of an earlier attempt is not the answer. */
function dropShown(bus: Bus, turn: Turn, attempt: number): void {
  bus.publish(turn.sessionId, {
    kind: 'moment',
    frame: { type: 'TURN_RESET', data: { turn_id: turn.id, attempt } },
  });
}

async function timed(ask: () => Promise<ModelAnswer>): Promise<ModelAnswer> {
  const stopTimer = metrics.modelSeconds.startTimer();
  try {
    const answer = await ask();
    stopTimer({ outcome: 'ok' });
    metrics.modelTokens.inc({ direction: 'input' }, answer.inputTokens);
    metrics.modelTokens.inc({ direction: 'output' }, answer.outputTokens);
    metrics.modelTokens.inc({ direction: 'cache_read' }, answer.cacheReadTokens);
    metrics.modelTokens.inc({ direction: 'cache_write' }, answer.cacheWriteTokens);
    return answer;
  } catch (error) {
    stopTimer({ outcome: codeOf(error) });
    throw error;
  }
}

/** What is done for a turn says which request it goes back to. */
function withRequest(progress: TurnProgress): TurnProgress {
  const origin = currentOrigin();
  return origin === null || !('turn' in progress) ? progress : { ...progress, request: origin.request_id };
}

async function nextStep(
  tx: Tx,
  input: { sessionId: string; leaveWaits: boolean; idleMs: number; limits: TurnLimits },
): Promise<Next> {
  const session = await lockSession(tx, input.sessionId);
  const seen = session.wakeVersion;
  await markSessionSeen(tx, session.id, seen);
  const open = await openTurn(tx, session.id);
  if (session.phase === 'CLOSED') {
    if (open !== null) await finishTurn(tx, { turn: open, outcome: 'cancelled' });
    return { ask: false, progress: { kind: 'closed' } };
  }
  const turn = open ?? (await claimMessage(tx, session));
  if (turn === null) {
    const questionEndsAt = await firstPromptEnd(tx, session.id);
    const idle = { kind: 'idle' as const, seen, closesAt: await closesAt(tx, session.id, input.idleMs) };
    return { ask: false, progress: questionEndsAt === null ? idle : { ...idle, questionEndsAt } };
  }
  adoptOrigin(turn.origin);
  const end = (outcome: 'cancelled' | 'limit', text?: string): Promise<Next> =>
    endTurnNow(tx, { turn, seen, outcome, text });
  if (turn.cancelledAt !== null) return end('cancelled');
  const step = await lastStep(tx, turn.id);
  const calls = step === 0 ? null : await openCalls(tx, { turn, step, seen, leave: input.leaveWaits });
  if (calls !== null) return { ask: false, progress: calls };
  const over = await limitWords(tx, { session, turnId: turn.id, stepsDone: step }, input.limits);
  if (over !== null) return end('limit', over);
  await setPhase(tx, session.id, 'WORKING');
  const fence = await takeFence(tx, turn.id);
  return { ask: true, turn, step: step + 1, fence, seen };
}

async function endTurnNow(
  tx: Tx,
  { turn, seen, outcome, text }: { turn: Turn; seen: number; outcome: TurnOutcome; text: string | undefined },
): Promise<Next> {
  await finishTurn(tx, { turn, outcome, ...(text === undefined ? {} : { text }) });
  return { ask: false, progress: { kind: 'ended', seen, turn: turn.number, outcome } };
}

/** What of the last step is still open: tools to run, or waits, unless the turn is to go on without them. */
async function openCalls(
  tx: Tx,
  { turn, step, seen, leave }: { turn: Turn; step: number; seen: number; leave: boolean },
): Promise<TurnProgress | null> {
  const calls = await toolCallsOfStep(tx, turn.id, step);
  const proposed = calls.filter(({ state }) => state === 'proposed');
  if (proposed.length > 0) {
    const named = proposed.flatMap(({ id, name }) => (isToolName(name) ? [{ id, name }] : []));
    return { kind: 'tools', seen, turn: turn.number, step, calls: named };
  }
  const waits = calls.flatMap(({ state, waitUntil }) =>
    state === 'waiting' && waitUntil !== null ? [waitUntil] : [],
  );
  const [until] = waits.sort();
  if (until === undefined) return null;
  if (!leave && !(await hasUnansweredMessage(tx, turn.sessionId))) {
    return { kind: 'waiting', seen, turn: turn.number, until };
  }
  await leaveWaits(tx, turn.id);
  return null;
}
