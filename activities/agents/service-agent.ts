import { createHash } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { AgentHealth, AgentOffer } from '../../domain/agent';
import { MooringError } from '../../domain/errors';
import type { ErrorCode } from '../../domain/errors';
import { parseUsdc } from '../../domain/money';
import type { MicroUsdc } from '../../domain/money';
import { AGENT_TEXT_LIMIT } from '../../domain/session';
import { RISK_LEVELS } from '../../domain/task';
import type { GuardedHttp, GuardedRequest, GuardedResponse } from '../../lib/guarded-http';
import { metrics } from '../../lib/metrics';
import { sayRulesInPlainWords } from '../../lib/rule-words';
import { span } from '../../lib/telemetry';
import { whyCut, whyUnreachable } from '../../lib/unreachable';
import { cleanJson, cleanText } from '../clean-json';
import { head, judgeStatus, retryAfterMs } from './answers';

sayRulesInPlainWords();

/** An agent as our calls need it; the keys are open only while a call is made. */
export interface AgentAddress {
  baseUrl: string;
  orchestratorKey: string;
  signingSecret: string;
}

/** What /invoke may answer, in bytes. */
export const MAX_ANSWER = 1024 * 1024;

export const Health = z.object({
  status: z.enum(['ok', 'degraded']),
  ready: z.boolean(),
  version: z.string().max(100).optional().catch(undefined),
});

const Action = z.object({
  name: z.string().min(1).max(100),
  description: z.string().max(2000),
  input_schema: z.record(z.string(), z.unknown()),
  output_schema: z.record(z.string(), z.unknown()).default({}),
  price: z
    .string()
    .refine((text) => parseUsdc(text) !== null, 'must be an amount of USDC')
    .nullish(),
  risk_level: z.enum(RISK_LEVELS).default('R0'),
});
export const Capabilities = z.object({
  message: z.string().max(4000),
  actions: z.array(Action).min(1).max(50),
});

const isUsdc = (text: string): boolean => parseUsdc(text) !== null;

export const InvokeAnswer = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    output: z.unknown(),
    charge_usdc: z.string().refine(isUsdc, 'must be an amount of USDC').optional(),
  }),
  z.object({ ok: z.literal(false), error: z.string(), error_code: z.string().optional() }),
]);

const Accepted = z.object({ accepted: z.literal(true) });

export interface InvokeRequest {
  taskId: string;
  sessionId: string;
  action: string;
  arguments: Record<string, unknown>;
  userMessage: string;
  deadlineAt: string;
  /** where the agent says what came of it, when it answers 202 */
  callbackUrl: string;
}

/**
 * What one call of /invoke came to. `retryAfterMs` null: tried again by the platform's own schedule. `broken`: no answer
 * that an agent which is well would give.
 */
export type InvokeOutcome =
  | { kind: 'accepted'; httpStatus: number; head: string }
  | {
      kind: 'completed';
      httpStatus: number | null;
      output: unknown;
      /** null: its price */
      chargeMicros: MicroUsdc | null;
      head: string;
    }
  | {
      kind: 'failed';
      httpStatus: number | null;
      code: ErrorCode;
      message: string;
      head: string;
      broken: boolean;
    }
  | { kind: 'retry'; httpStatus: number | null; retryAfterMs: number | null; head: string };

export interface HealthAnswer {
  health: AgentHealth;
  version: string | null;
  /** why it cannot work now, in a sentence; null when it can */
  problem: string | null;
}

/** `GET /health`: 200 within the time, `status` ok or degraded, `ready` true. Never throws. */
export async function askHealth(
  http: GuardedHttp,
  baseUrl: string,
  timeoutMs: number,
): Promise<HealthAnswer> {
  const sick = (problem: string): HealthAnswer => ({ health: 'unhealthy', version: null, problem });
  try {
    const request = { method: 'GET' as const, timeoutMs, maxBytes: 64 * 1024 };
    const answer = await ask(http, { baseUrl, path: '/health' }, request);
    if (answer.status !== 200) return sick(`GET /health answered HTTP ${answer.status}, not 200.`);
    if (answer.cut !== null) return sick(`GET /health: ${whyCut(answer.cut, request)}.`);
    const parsed = Health.safeParse(parseJson(answer.body));
    if (!parsed.success) return sick('GET /health did not answer in the agreed form.');
    const { status, ready, version } = parsed.data;
    const known = { version: version ?? null };
    if (!ready) return { ...known, health: 'not_ready', problem: 'The agent says that it is not ready.' };
    return { ...known, health: status === 'ok' ? 'healthy' : 'degraded', problem: null };
  } catch (error) {
    if (error instanceof MooringError) return sick(`GET /health: ${error.message}`);
    return sick(`GET /health: ${whyUnreachable(error, timeoutMs)}.`);
  }
}

export const checkHealth = async (
  http: GuardedHttp,
  baseUrl: string,
  timeoutMs: number,
): Promise<AgentHealth> => (await askHealth(http, baseUrl, timeoutMs)).health;

/** `GET /capabilities` as an offer, and the hash that prices are bound to. Throws agent_unavailable, agent_bad_answer. */
export async function fetchOffer(
  http: GuardedHttp,
  baseUrl: string,
  timeoutMs: number,
): Promise<{ offer: AgentOffer; hash: string }> {
  const request = { method: 'GET' as const, timeoutMs, maxBytes: 256 * 1024 };
  const silent = (why: string, cause?: unknown): MooringError =>
    new MooringError('agent_unavailable', `The agent does not say what it offers: ${why}.`, { cause });
  const answer = await ask(http, { baseUrl, path: '/capabilities' }, request).catch((error: unknown) => {
    throw error instanceof MooringError ? error : silent(whyUnreachable(error, timeoutMs), error);
  });
  const unclear = (what: string): MooringError =>
    new MooringError(
      'agent_bad_answer',
      `The agent does not say in the agreed form what it offers: ${what}.`,
    );
  if (answer.status !== 200) throw unclear(`HTTP ${answer.status}, not 200`);
  if (answer.cut === 'size') throw unclear(whyCut('size', request));
  if (answer.cut !== null) throw silent(whyCut(answer.cut, request));
  const said = parseJson(answer.body);
  if (said === undefined) throw unclear('no JSON');
  const parsed = Capabilities.safeParse(said);
  if (!parsed.success) throw unclear(firstProblem(parsed.error));
  const offer: AgentOffer = {
    message: parsed.data.message,
    actions: parsed.data.actions.map(({ price, ...action }) => ({
      ...action,
      price_usdc: price !== undefined && price !== null && parseUsdc(price) !== 0n ? price : null,
    })),
  };
  const text = JSON.stringify(offer);
  if (Buffer.byteLength(text) > AGENT_TEXT_LIMIT) {
    throw new MooringError('agent_bad_answer', 'The agent’s terms are longer than 16 KiB.');
  }
  return { offer, hash: createHash('sha256').update(text).digest('hex') };
}

/** The first field that is wrong, and its rule: `actions.0.price: must be an amount of USDC`. Nothing of what it holds. */
function firstProblem({ issues: [issue] }: z.ZodError): string {
  if (issue === undefined) return 'something is wrong';
  const field = issue.path.length === 0 ? 'the answer' : issue.path.join('.').slice(0, 200);
  return `${field}: ${issue.message}`;
}

/** `POST /invoke`, signed, with the task's id as its idempotency key on every attempt. Never throws. */
export async function invoke(
  http: GuardedHttp,
  agent: AgentAddress,
  call: InvokeRequest & { timeoutMs: number; signal: AbortSignal },
): Promise<InvokeOutcome> {
  const body = JSON.stringify({
    session_id: call.sessionId,
    command: call.action,
    arguments: call.arguments,
    context: { user_message: call.userMessage, conversation_history: [] },
    task_id: call.taskId,
    deadline_at: call.deadlineAt,
    callback_url: call.callbackUrl,
  });
  const at = new Date();
  try {
    const answer = await ask(
      http,
      { baseUrl: agent.baseUrl, path: '/invoke' },
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-orchestrator-key': agent.orchestratorKey,
          'idempotency-key': call.taskId,
          'webhook-id': call.taskId,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
          'webhook-signature': new Webhook(agent.signingSecret).sign(call.taskId, at, body),
        },
        body,
        timeoutMs: call.timeoutMs,
        maxBytes: MAX_ANSWER,
        signal: call.signal,
      },
    );
    return judge(answer, call.timeoutMs);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return error instanceof MooringError
      ? { kind: 'failed', httpStatus: null, code: error.code, message, head: head(message), broken: true }
      : { kind: 'retry', httpStatus: null, retryAfterMs: null, head: head(message) };
  }
}

/** Only 200 with the agreed body is an answer, or 202 the promise of one; 408, 409, 425, 429 and 5xx are tried again; everything else is a refusal. */
function judge(answer: GuardedResponse, timeoutMs: number): InvokeOutcome {
  const { status, cut } = answer;
  const seen = { httpStatus: status, head: head(answer.body) };
  if (status >= 400 && judgeStatus(status) === 'retry') {
    return { kind: 'retry', retryAfterMs: retryAfterMs(answer), ...seen };
  }
  if (cut !== null && (status === 200 || status === 202)) {
    const why = whyCut(cut, { timeoutMs, maxBytes: MAX_ANSWER });
    const read = { ...seen, head: head(`${why}: ${answer.body}`) };
    // What is too large is so each time.
    if (cut !== 'size') return { kind: 'retry', retryAfterMs: null, ...read };
    const message = `The agent’s answer cannot be used: ${why}.`;
    return { kind: 'failed', code: 'agent_bad_answer', message, broken: true, ...read };
  }
  if (status === 202 && Accepted.safeParse(parseJson(answer.body)).success)
    return { kind: 'accepted', ...seen };
  if (status !== 200) {
    const message = `The agent answered HTTP ${status}.`;
    return { kind: 'failed', code: 'agent_refused', message, broken: status < 400, ...seen };
  }
  return judgeAnswer(parseJson(answer.body), seen);
}

/** What an agent says came of a task, in its answer or later. */
export function judgeAnswer(
  said: unknown,
  seen: { httpStatus: number | null; head: string },
): Extract<InvokeOutcome, { kind: 'completed' | 'failed' }> {
  const parsed = InvokeAnswer.safeParse(said);
  if (!parsed.success) {
    const message = 'The agent’s answer is not in the agreed form.';
    return { kind: 'failed', code: 'agent_bad_answer', message, broken: true, ...seen };
  }
  if (parsed.data.ok) {
    const { output = null, charge_usdc: charge } = parsed.data;
    return {
      kind: 'completed',
      output,
      chargeMicros: charge === undefined ? null : parseUsdc(charge),
      ...seen,
    };
  }
  const message = cleanText(parsed.data.error.slice(0, 500));
  return { kind: 'failed', code: 'agent_refused', message, broken: false, ...seen };
}

function parseJson(text: string): unknown {
  try {
    return cleanJson(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** One request to an agent, which hears of the trace that it is part of. */
const ask = (
  http: GuardedHttp,
  { baseUrl, path }: { baseUrl: string; path: '/health' | '/capabilities' | '/invoke' },
  request: GuardedRequest,
): Promise<GuardedResponse> =>
  span({ name: `${request.method} ${path}`, kind: 'client' }, async ({ traceparent, attributes }) => {
    const stopTimer = metrics.agentSeconds.startTimer({ call: path.slice(1) });
    let outcome = 'none';
    try {
      const trace = traceparent === null ? {} : { traceparent };
      const answer = await http.request(join(baseUrl, path), {
        ...request,
        headers: { ...request.headers, ...trace },
      });
      attributes['http.response.status_code'] = answer.status;
      outcome = `${Math.floor(answer.status / 100)}xx`;
      return answer;
    } finally {
      stopTimer({ outcome });
    }
  });

const join = (baseUrl: string, path: string): string => `${baseUrl.replace(/\/+$/, '')}${path}`;
