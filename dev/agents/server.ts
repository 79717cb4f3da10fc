import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { z } from 'zod';
import { describe, refusal } from './action';
import type { Answer, DemoAgent } from './action';
import { hasOrchestratorKey, verifiedBody } from './caller';
import type { AgentKeys } from './caller';
import type { Call, CallLog } from './call-log';
import { GARBAGE, askedMisbehaviour, hugeAnswer } from './misbehaviour';

const BODY_LIMIT = 1024 * 1024;

/** The body of `/invoke`; what else a newer platform may send is let by. */
const Invocation = z.object({
  session_id: z.string().min(1),
  command: z.string().min(1).max(200),
  arguments: z.record(z.string(), z.unknown()),
  context: z.object({ user_message: z.string(), conversation_history: z.array(z.unknown()) }),
});
type Invocation = z.infer<typeof Invocation>;

export interface AgentServerDeps {
  agent: DemoAgent;
  keys: AgentKeys;
  log: CallLog;
  /** What `#agent:slow` waits before it answers. */
  slowMs?: number;
}

/** One service agent on one port: /health, /capabilities, /invoke, and /calls, its own record. */
export function createAgentServer(deps: AgentServerDeps): Server {
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

async function route(deps: AgentServerDeps, req: IncomingMessage, res: ServerResponse): Promise<void> {
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

async function invoke(deps: AgentServerDeps, req: IncomingMessage, res: ServerResponse): Promise<void> {
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

/** The first answer of a key is kept before it is sent, and is the answer of every later call of that key. */
async function answer(
  deps: AgentServerDeps,
  res: ServerResponse,
  { key, invocation }: { key: string; invocation: Invocation },
): Promise<void> {
  const record = (status: Call['status'], kept?: Answer) =>
    deps.log.append({
      key,
      action: invocation.command,
      status,
      ...(kept === undefined ? {} : { answer: kept }),
    });

  const stored = deps.log.answer(key);
  if (stored !== null) {
    record('replayed');
    return send(res, 200, stored);
  }
  const asked = askedMisbehaviour(invocation.arguments);
  if (asked === 'hang' || asked === 'garbage' || asked === 'huge') {
    record('failed');
    if (asked === 'garbage') res.writeHead(200, { 'content-type': 'text/html' }).end(GARBAGE);
    if (asked === 'huge') res.writeHead(200, { 'content-type': 'application/json' }).end(hugeAnswer());
    return;
  }
  if (asked === '500' && deps.log.attempts(key) === 0) {
    record('failed');
    return send(res, 500, refusal('failed_on_purpose', 'The first call of this key fails (#agent:500).'));
  }
  const made =
    asked === 'fail'
      ? refusal('failed_on_purpose', 'The text asked for a failure (#agent:fail).')
      : perform(deps.agent, invocation, record);
  record(made.ok ? 'completed' : 'refused', made);
  // Waits after the effect: a caller that gives up here finds the answer by its key.
  if (asked === 'slow') await new Promise((done) => setTimeout(done, deps.slowMs ?? 3_000));
  send(res, 200, made);
}

function perform(
  agent: DemoAgent,
  { command, arguments: args }: Invocation,
  record: (status: 'failed') => void,
) {
  const action = agent.actions.find(({ listing }) => listing.name === command);
  if (action === undefined) {
    const names = agent.actions.map(({ listing }) => listing.name).join(', ');
    return refusal('unknown_action', `command: must be one of ${names}`);
  }
  try {
    return action.perform(args);
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
