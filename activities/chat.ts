import type { Database } from '../db/database';
import { appendFrames } from '../db/events';
import { finishTurn } from '../db/finish-turn';
import { expirePrompts } from '../db/prompts';
import { closesAt, lockSession } from '../db/sessions';
import { closeSession } from '../db/cancel';
import { answerToolCall, getToolCall } from '../db/tool-calls';
import { sayStatus } from '../db/tool-status';
import { openTurn } from '../db/turns';
import { ERRORS } from '../domain/errors';
import type { ErrorCode } from '../domain/errors';
import { SYSTEM } from '../domain/principal';
import type { ChatActivities, FailedTurn } from '../domain/workflows';
import { adoptOrigin } from '../lib/telemetry';
import { activity } from './activity';
import { chatError } from './chat-error';
import { createAskModel } from './orchestrator/ask-model';
import type { AskModelDeps } from './orchestrator/ask-model';
import { CHAT_TOO_LONG, withMoney } from './orchestrator/words';
import { createAskPerson } from './tools/ask-person';
import type { AskPersonDeps } from './tools/ask-person';
import { createConnectAgent } from './tools/connect-agent';
import type { ConnectDeps } from './tools/connect-agent';
import { createHireAgent } from './tools/hire-agent';
import type { HireDeps } from './tools/hire-agent';
import { createRequestPayment } from './tools/request-payment';
import type { RequestPaymentDeps } from './tools/request-payment';
import { createSearchAgents } from './tools/search-agents';
import type { SearchDeps } from './tools/search-agents';

export type ChatDeps = AskModelDeps &
  SearchDeps &
  ConnectDeps &
  RequestPaymentDeps &
  HireDeps &
  AskPersonDeps;

export function createChatActivities(deps: ChatDeps): ChatActivities {
  const { db } = deps;
  return {
    askModel: createAskModel(deps),
    searchAgents: createSearchAgents(deps),
    connectAgent: createConnectAgent(deps),
    requestPayment: createRequestPayment(deps),
    hireAgent: createHireAgent(deps),
    askPerson: createAskPerson(deps),
    failToolCall: activity('failToolCall', ({ callId, code }) => failToolCall(db, callId, code)),
    failTurn: activity('failTurn', ({ sessionId, code }) => failTurn(db, sessionId, code)),
    closeIdleSession: activity('closeIdleSession', ({ sessionId, asOf }) =>
      closeIdle(db, { sessionId, asOf, idleMs: deps.sessionIdleMs }),
    ),
    expirePrompts: activity('expirePrompts', ({ sessionId, asOf }) =>
      db.withTx(SYSTEM, 'prompt.expire', async (tx) => {
        await lockSession(tx, sessionId);
        await expirePrompts(tx, sessionId, asOf);
      }),
    ),
  };
}

const isErrorCode = (code: string): code is ErrorCode => code in ERRORS;

async function failToolCall(db: Database, callId: string, code: string): Promise<void> {
  const message = 'This step failed and was given up. Nothing was paid by it.';
  await db.withTx(SYSTEM, 'tool.fail', async (tx) => {
    const call = await getToolCall(tx, callId);
    adoptOrigin(call.origin);
    await lockSession(tx, call.sessionId);
    if ((await getToolCall(tx, callId)).state !== 'proposed') return;
    await sayStatus(tx, call, { state: 'failed', text: message });
    await answerToolCall(tx, callId, { result: { error: { code, message } }, isError: true });
  });
}

const FAILED_WORDS: Partial<Record<ErrorCode, string>> = {
  model_overloaded:
    'The model has too much to do, or is away, and did not answer. Ask again in a few minutes.',
  model_refused: 'The model refused this request. Ask in another way.',
  model_bad_answer:
    'The model sent what is no answer, several times over. Nothing of it was done. Ask again in a minute.',
  model_settings:
    'The model’s server did not take our key or settings. Whoever runs this server: check ANTHROPIC_API_KEY and MOORING_MODEL in .env, then start again.',
  model_spend_limit: 'The model’s spending limit is reached, so it answers nobody until it is raised.',
  model_no_credit:
    'The account that pays for the model has no credit, so the model answers nobody. Whoever runs this server: add credit at its provider.',
  chat_too_long: CHAT_TOO_LONG,
};

async function failTurn(db: Database, sessionId: string, code: string): Promise<FailedTurn | null> {
  const known = isErrorCode(code) ? code : 'internal_error';
  const words = FAILED_WORDS[known] ?? 'This turn failed on our side. Ask again.';
  return db.withTx(SYSTEM, 'turn.fail', async (tx) => {
    const session = await lockSession(tx, sessionId);
    const turn = await openTurn(tx, sessionId);
    if (turn === null) return null;
    adoptOrigin(turn.origin);
    const text = await withMoney(tx, turn.id, words);
    await appendFrames(tx, session, [chatError({ code: known, message: text, turnId: turn.id })]);
    await finishTurn(tx, { turn, outcome: 'failed', text });
    return { turn: turn.number, ...(turn.origin === null ? {} : { request: turn.origin.request_id }) };
  });
}

/** Closes a session that nobody has written to; the row, not the timer, says whether that is so. */
async function closeIdle(
  db: Database,
  { sessionId, asOf, idleMs }: { sessionId: string; asOf: string; idleMs: number },
): Promise<void> {
  await db.withTx(SYSTEM, 'session.close-idle', async (tx) => {
    const session = await lockSession(tx, sessionId);
    const due = (await closesAt(tx, sessionId, idleMs)) <= asOf;
    if (due && session.wakeVersion === session.seenVersion) await closeSession(tx, session, 'idle');
  });
}
