import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { z } from 'zod';
import { describe, refusal } from './action';
import type { Answer, DemoAgent } from './action';
import { hasOrchestratorKey, verifiedBody } from './caller';
import type { AgentKeys } from './caller';
import type { Call, CallLog } from './call-log';
import { createOrder } from './in-order';
import type { InOrder } from './in-order';
import { reportLater } from './report-later';
import { GARBAGE, askedMisbehaviour, forHalf, hugeAnswer } from './misbehaviour';

const BODY_LIMIT = 1024 * 1024;

/** The body of `/invoke`; what else a newer platform may send is let by. */
const Invocation = z.object({
  session_id: z.string().min(1),
  command: z.string().min(1).max(200),
  arguments: z.record(z.string(), z.unknown()),
  context: z.object({ user_message: z.string(), conversation_history: z.array(z.unknown()) }),
  callback_url: z.url().optional(),
});
type Invocation = z.infer<typeof Invocation>;

export interface AgentServerDeps {
  agent: DemoAgent;
  keys: AgentKeys;
  log: CallLog;
  /** What `#agent:slow` waits before it answers. */
  slowMs?: number;
}

interface Deps extends AgentServerDeps {
  inOrder: InOrder;
  /** Calls that are worked on and will be in the record. */
  unrecorded: number;
}

/** One service agent on one port: /health, /capabilities, /invoke, and /calls, its own record. */
export function createAgentServer(given: AgentServerDeps): Server {
  const deps: Deps = { ...given, inOrder: createOrder(), unrecorded: 0 };
  const server = createServer((req, res) => {
    route(deps, req, res).catch((error: unknown) => {
      console.error('agent: a call failed', error);
      if (res.headersSent) res.destroy();
      else send(res, 500, refusal('internal_error', 'The agent failed.'));
    });
  });
  server.requestTimeout = 15_000;
  return server;
}

async function route(deps: Deps, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = (req.url ?? '/').split('?')[0];
  switch (`${req.method} ${path}`) {
    case 'GET /health':
      return send(res, 200, { status: 'ok', ready: true, version: deps.agent.version });
    case 'GET /capabilities':
      return send(res, 200, {
        message: deps.agent.message,
        actions: deps.agent.actions.map(({ listing }) => listing),
      });
    case 'GET /calls':
      return send(res, 200, { calls: deps.log.calls() });
    case 'POST /invoke':
      return invoke(deps, req, res);
    default:
      return send(res, 404, refusal('not_found', 'There is nothing here.'));
  }
}

async function invoke(deps: Deps, req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (!hasOrchestratorKey(req.headers, deps.keys)) {
    return turnAway(req, res, {
      status: 401,
      answer: refusal('auth_failed', 'X-Orchestrator-Key is wrong.'),
    });
  }
  const bytes = await readBody(req);
  if (bytes === null) {
    return turnAway(req, res, { status: 413, answer: refusal('body_too_large', 'The body is over 1 MiB.') });
  }
  const text = verifiedBody(req.headers, bytes, deps.keys);
  if (text === null) return send(res, 401, refusal('auth_failed', 'The signature does not fit this body.'));

  const key = req.headers['idempotency-key'];
  if (typeof key !== 'string' || key === '' || key.length > 255) {
    return send(res, 400, refusal('invalid_request', 'Idempotency-Key: must have 1 to 255 characters'));
  }
  const invocation = Invocation.safeParse(parseJson(text));
  if (!invocation.success) return send(res, 400, refusal('invalid_request', describe(invocation.error)));
  return answer(deps, res, { key, invocation: invocation.data });
}

interface Reply {
  status: number;
  type?: string;
  body: string;
  waitMs?: number;
  /** what is said by the callback once this was sent */
  later?: Answer;
}

async function answer(
  deps: Deps,
  res: ServerResponse,
  call: { key: string; invocation: Invocation },
): Promise<void> {
  // The second of two calls of a key waits for the work of the first, and not for what that waits on purpose.
  const reply = await deps.inOrder(call.key, () => work(deps, call));
  if (reply === 'never') return;
  const { status, type = 'application/json', body, waitMs = 0 } = reply;
  if (waitMs > 0) await new Promise((done) => setTimeout(done, waitMs));
  res.writeHead(status, { 'content-type': type }).end(body);
  const { callback_url: url } = call.invocation;
  if (reply.later !== undefined && url !== undefined) {
    await reportLater(url, { key: call.key, keys: deps.keys, made: reply.later });
  }
}

/** The first answer of a key is kept before it is sent, and is the answer of every later call of that key. */
async function work(
  deps: Deps,
  { key, invocation }: { key: string; invocation: Invocation },
): Promise<Reply | 'never'> {
  const append = (status: Call['status'], kept?: Answer) =>
    deps.log.append({
      key,
      action: invocation.command,
      status,
      ...(kept === undefined ? {} : { answer: kept }),
    });
  const stored = deps.log.answer(key);
  if (stored !== null) {
    append('replayed');
    return { status: 200, body: JSON.stringify(stored) };
  }
  // Before anything is waited for: calls side by side are told apart by when they came.
  const failing = failsNow(deps, key);
  deps.unrecorded += 1;
  const record = (status: Call['status'], kept?: Answer): void => {
    deps.unrecorded -= 1;
    append(status, kept);
  };
  const fail = (status: number, error: string): Reply => {
    record('failed');
    return { status, body: JSON.stringify(refusal('failed_on_purpose', error)) };
  };

  if (failing) return fail(503, 'Every third call fails, on purpose: try again.');
  const asked = askedMisbehaviour(invocation.arguments);
  if (asked === 'hang' || asked === 'garbage' || asked === 'huge') {
    record('failed');
    if (asked === 'hang') return 'never';
    return asked === 'garbage'
      ? { status: 200, type: 'text/html', body: GARBAGE }
      : { status: 200, body: hugeAnswer() };
  }
  if (asked === '500' && deps.log.attempts(key) === 0) {
    return fail(500, 'The first call of this key fails (#agent:500).');
  }
  const done =
    asked === 'fail'
      ? refusal('failed_on_purpose', 'The text asked for a failure (#agent:fail).')
      : await perform(deps.agent, invocation, { key, record });
  const made = asked === 'half' ? forHalf(done, deps.agent, invocation.command) : done;
  record(made.ok ? 'completed' : 'refused', made);
  if (asked === 'later' && invocation.callback_url !== undefined) {
    return { status: 202, body: '{"accepted":true}', later: made };
  }
  // Waits after the effect: a caller that gives up here finds the answer by its key.
  const waitMs = (asked === 'slow' ? (deps.slowMs ?? 3_000) : 0) + (deps.agent.slowMs ?? 0);
  return { status: 200, body: JSON.stringify(made), waitMs };
}

/** The third, sixth … call that came, unless it is a retry: that one shall succeed. */
const failsNow = ({ agent, log, unrecorded }: Deps, key: string): boolean =>
  agent.failsEveryThird === true && (log.calls().length + unrecorded) % 3 === 2 && log.attempts(key) === 0;

async function perform(
  agent: DemoAgent,
  { command, arguments: args }: Invocation,
  { key, record }: { key: string; record: (status: 'failed') => void },
): Promise<Answer> {
  const action = agent.actions.find(({ listing }) => listing.name === command);
  if (action === undefined) {
    const names = agent.actions.map(({ listing }) => listing.name).join(', ');
    return refusal('unknown_action', `command: must be one of ${names}`);
  }
  try {
    return await action.perform(args, { key });
  } catch (error) {
    record('failed');
    throw error;
  }
}

/** Null when the body is over the limit; what is over is not kept. */
async function readBody(req: IncomingMessage): Promise<Buffer | null> {
  if (Number(req.headers['content-length'] ?? 0) > BODY_LIMIT) return null;
  const chunks: Buffer[] = [];
  let size = 0;
  // Kept open on the way out: the caller shall still read why.
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > BODY_LIMIT) return null;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An answer given before the body was read ends the connection, so that nobody has to read the rest. */
function turnAway(
  req: IncomingMessage,
  res: ServerResponse,
  { status, answer }: { status: number; answer: Answer },
): void {
  res.setHeader('connection', 'close');
  res.once('finish', () => setTimeout(() => req.socket.destroy(), 200).unref());
  req.resume();
  send(res, status, answer);
}

function send(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
