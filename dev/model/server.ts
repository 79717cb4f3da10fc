import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, errorBody } from './api-error';
import { createFaultBook } from './faults';
import type { FaultBook } from './faults';
import { endsTurn, plan } from './planner/plan';
import { createPromptCache } from './prompt-cache';
import type { PromptCache } from './prompt-cache';
import { parseCountRequest, parseMessagesRequest } from './request';
import type { MessagesRequest } from './request';
import type { PlayedAnswer } from './scenes';
import { piecesOf, streamMessage, streamScene, wholeMessage } from './stream';
import type { Draft } from './stream';

const SLOW_TOKEN_MS = 60;

export interface StandInOptions {
  tokenDelayMs: number;
  maxBodyBytes: number;
}

interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
  requestId: string;
  options: StandInOptions;
  faults: FaultBook;
  cache: PromptCache;
}

/** The stand-in model as an HTTP server that speaks the Messages API. It is not listening yet. */
export function createStandIn(options: StandInOptions): Server {
  const faults = createFaultBook();
  const cache = createPromptCache();
  return createServer((req, res) => {
    const requestId = `req_${randomBytes(12).toString('hex')}`;
    res.setHeader('request-id', requestId);
    answer({ req, res, requestId, options, faults, cache }).catch((error: unknown) =>
      refuse(res, requestId, error),
    );
  });
}

async function answer(exchange: Exchange): Promise<void> {
  const { req, res } = exchange;
  const path = (req.url ?? '/').split('?')[0];
  if (req.method === 'GET' && path === '/healthz') return sendJson(res, 200, { status: 'ok' });
  const known = path === '/v1/messages' || path === '/v1/messages/count_tokens';
  if (req.method !== 'POST' || !known) throw new ApiError(404, `Not found: ${req.method} ${path}`);
  checkHeaders(req);
  const body = await readJson(req, exchange.options.maxBodyBytes);
  if (path === '/v1/messages') return respond(exchange, parseMessagesRequest(body));
  const { input, cacheWrite } = createPromptCache().count(parseCountRequest(body));
  sendJson(res, 200, { input_tokens: input + cacheWrite });
}

function checkHeaders({ headers }: IncomingMessage): void {
  const bearer = /^Bearer \S+$/.test(headers.authorization ?? '');
  if (!bearer && (headers['x-api-key'] ?? '') === '') throw new ApiError(401, 'A key is required.');
  if (headers['anthropic-version'] === undefined)
    throw new ApiError(400, 'anthropic-version: header is required');
}

/** Reads the body to its end even when it is too large, so that the caller gets to read the refusal. */
async function readJson(req: IncomingMessage, maxBytes: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
  }
  if (size > maxBytes) throw new ApiError(413, 'Request exceeds the maximum size');
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new ApiError(400, 'The request body is not valid JSON');
  }
}

async function respond(exchange: Exchange, request: MessagesRequest): Promise<void> {
  const verdict = exchange.faults.judge(request);
  if (verdict.fault?.kind === 'refuse') throw verdict.fault.error;
  const draft: Draft = {
    id: `msg_${randomBytes(12).toString('hex')}`,
    toolUseId: `toolu_${randomBytes(12).toString('hex')}`,
    model: request.model,
    input: exchange.cache.count(request),
    maxTokens: request.max_tokens,
    reply: plan(request),
  };
  if (verdict.fault?.kind === 'play') return play(exchange.res, { answer: verdict.fault.answer, draft });
  const delayMs = verdict.slow ? SLOW_TOKEN_MS : exchange.options.tokenDelayMs;
  const { res, requestId } = exchange;
  const gone = new AbortController();
  res.on('close', () => gone.abort());

  if (request.stream !== true) {
    if (verdict.fault !== null) return void res.destroy();
    await delay(piecesOf(draft).pieces.length * delayMs, undefined, { signal: gone.signal });
    sendJson(res, 200, wholeMessage(draft));
  } else {
    res.writeHead(200, EVENT_STREAM);
    const whole = await streamMessage(draft, {
      write: eventWriter(res),
      gone: gone.signal,
      delayMs,
      fault: verdict.fault,
      requestId,
    });
    if (!whole && verdict.fault?.kind === 'cut') return breakOff(res);
    res.end();
    if (!whole) return;
  }
  if (endsTurn(draft.reply)) verdict.settle();
}

function play(res: ServerResponse, scene: { answer: PlayedAnswer; draft: Draft }): void {
  res.writeHead(200, EVENT_STREAM);
  // Whoever asks has hung up on a flood long before its end.
  res.on('error', () => undefined);
  const writeRaw = (text: string): void => void res.write(text);
  streamScene(scene, { write: eventWriter(res), writeRaw });
  res.end();
}

const EVENT_STREAM = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };

const eventWriter =
  (res: ServerResponse) =>
  (event: string, data: unknown): void =>
    void res.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);

/** What was written goes out first: the client is meant to have half an answer in its hands. */
function breakOff(res: ServerResponse): void {
  res.write(': \n', () => res.destroy());
}

function sendJson(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(body));
}

function refuse(res: ServerResponse, requestId: string, error: unknown): void {
  if (res.headersSent || res.destroyed) return void res.destroy();
  const known = error instanceof ApiError ? error : new ApiError(500, 'Internal server error');
  if (known !== error) console.error(error);
  for (const [name, value] of Object.entries(known.headers)) res.setHeader(name, value);
  sendJson(res, known.status, errorBody(known, requestId));
}
