import { Webhook } from 'standardwebhooks';
import { codeOf } from '../../supervisor/system-errors';
import type { Keys } from '../agent-folder';

/** One request and what came of it. */
export interface Exchange {
  sent: string;
  /** null: there was no answer, and `problem` says why */
  status: number | null;
  problem: string;
  text: string;
  /** bytes of the answer's body, as far as it was read */
  bytes: number;
  /** the body ended before we stopped to read */
  isWhole: boolean;
  /** the connection ended before the answer did */
  isCut: boolean;
  /** the answer read as JSON; undefined when it is none */
  body: unknown;
  ms: number;
}

export interface Request {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
  /** what is said of it in the report, behind method and path */
  about?: string;
  timeoutMs?: number;
}

/** Makes one request of the agent; never throws. */
export type Send = (request: Request) => Promise<Exchange>;

const TIMEOUT_MS = 3_000;
const MOST_READ = 2 * 1024 * 1024;

export function createSend(baseUrl: string): Send {
  return async ({ method, path, headers = {}, body, about, timeoutMs = TIMEOUT_MS }) => {
    const sent = `${method} ${baseUrl}${path}${about === undefined ? '' : `, ${about}`}`;
    const from = performance.now();
    const past = (): number => Math.round(performance.now() - from);
    try {
      const answer = await fetch(`${baseUrl}${path}`, {
        method,
        headers: { accept: 'application/json', ...headers },
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined ? {} : { body }),
      });
      const read = await readBody(answer);
      const said = { ...read, body: readJson(read.text) };
      return { sent, status: answer.status, problem: '', ...said, isCut: false, ms: past() };
    } catch (error) {
      const ms = past();
      const isCut = CUT.test(String(codeOf(causeOf(error))));
      const nothing = { status: null, text: '', bytes: 0, isWhole: true, body: undefined };
      return { sent, ...nothing, isCut, problem: reasonOf(error, ms), ms };
    }
  };
}

/** As much as would be read of it. */
async function readBody(answer: Response): Promise<Pick<Exchange, 'text' | 'bytes' | 'isWhole'>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MOST_READ) break;
  }
  return { text: Buffer.concat(chunks).toString('utf8'), bytes: size, isWhole: size <= MOST_READ };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown, ms: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${ms} ms`;
  const code = String(codeOf(causeOf(error)));
  if (CUT.test(code)) return `the agent closed the connection before its answer (${code})`;
  if (code === 'ECONNREFUSED') return 'nothing listens there (ECONNREFUSED)';
  return `no answer: ${code !== '' ? code : String(causeOf(error))}`;
}

const CUT = /^(UND_ERR_SOCKET|ECONNRESET|EPIPE)$/;
/** What fetch wraps into its own error, whichever realm that is from. */
const causeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'cause' in error ? error.cause : error;

/** What came, in a line. */
export function describe({ status, problem, text, ms, isWhole }: Exchange): string {
  if (status === null) return problem;
  const line = text.replace(/\s+/g, ' ').trim();
  const shown = line.length > 160 ? `${line.slice(0, 159)}…` : line;
  const size = isWhole ? '' : `, over ${MOST_READ / 1024 / 1024} MiB`;
  return `HTTP ${status} in ${ms} ms${size}${shown === '' ? '' : `: ${shown}`}`;
}

/** A call of /invoke, and how it departs from what the platform would send. */
export interface Invocation {
  /** the Idempotency-Key, and the id of webhook and task */
  id: string;
  body: string;
  keys: Keys;
  about: string;
  signedBody?: string;
  ageSeconds?: number;
  timeoutMs?: number;
}

/** The request that the platform makes of an agent. */
export function invocation(call: Invocation): Request {
  const { id, body, keys, about } = call;
  const at = new Date(Date.now() - (call.ageSeconds ?? 0) * 1000);
  return {
    method: 'POST',
    path: '/invoke',
    about,
    body,
    timeoutMs: call.timeoutMs ?? 30_000,
    headers: {
      'content-type': 'application/json',
      'x-orchestrator-key': keys.orchestrator_key,
      'idempotency-key': id,
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(keys.signing_secret).sign(id, at, call.signedBody ?? body),
    },
  };
}

export const invokeBody = (id: string, command: string, args: unknown): string =>
  JSON.stringify({
    session_id: `ses_${'0'.repeat(21)}`,
    command,
    arguments: args,
    context: { user_message: 'A call of check-agent.', conversation_history: [] },
    task_id: id,
    deadline_at: new Date(Date.now() + 30_000).toISOString(),
  });
