import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, badRequest, notFound } from './api-error';
import { answerCall, callOf } from './calls';
import type { Desk } from './calls';
import { control } from './control';
import { createEntity } from './entity';
import { createFaultBook } from './faults';
import type { Fault } from './faults';
import { createTransactionBook } from './transactions';
import { createWalletBook } from './wallets';
import { createWebhooks } from './webhooks';

const MOST_BYTES = 1024 * 1024;

export interface StandInOptions {
  apiKey: string;
  entitySecret: string;
  /** between two states of a transfer */
  stepMs: number;
  /** test money of a person's new wallet */
  faucetMicros: bigint;
  webhookUrl: string | null;
}

/** Circle's API for developer-controlled wallets, as far as its SDK's types describe what we use. Not listening yet. */
export function createCircleStandIn(options: StandInOptions): Server {
  const { apiKey, entitySecret, stepMs, faucetMicros, webhookUrl } = options;
  const webhooks = createWebhooks(webhookUrl);
  const wallets = createWalletBook(faucetMicros);
  const desk: Desk = {
    apiKey,
    entity: createEntity(entitySecret),
    wallets,
    transactions: createTransactionBook({ wallets, stepMs, onChange: webhooks.tell }),
    webhooks,
    faults: createFaultBook(),
    answers: new Map(),
    record: { transferCalls: 0, otherBodies: [] },
    listLagMs: 0,
    keyTtlMs: null,
  };
  return createServer((req, res) => {
    res.setHeader('x-request-id', randomUUID());
    handle(desk, req, res).catch((error: unknown) => refuse(res, error));
  });
}

async function handle(desk: Desk, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://stand-in');
  if (url.pathname === '/healthz') return sendJson(res, 200, { status: 'ok' });
  const text = await readBody(req);
  if (url.pathname.startsWith('/control/')) {
    return sendJson(res, 200, await control(desk, url.pathname, text));
  }
  if (req.headers.authorization !== `Bearer ${desk.apiKey}`) {
    throw new ApiError(401, 401, 'Malformed authorization.');
  }
  const call = callOf(req.method ?? '', url.pathname);
  if (call === null) throw notFound();
  const fault = desk.faults.take(call.name);
  if (fault?.when === 'before') return fail(res, fault, () => undefined);
  const answer = answerCall(desk, call, { query: Object.fromEntries(url.searchParams), body: jsonOf(text) });
  if (fault !== null) return fail(res, fault, () => sendJson(res, answer.status, { data: answer.data }));
  sendJson(res, answer.status, { data: answer.data });
}

async function fail(res: ServerResponse, { how, delayMs, when }: Fault, answer: () => void): Promise<void> {
  if (delayMs > 0) await delay(delayMs, undefined, { ref: false });
  switch (how) {
    case 'cut':
      return void res.destroy();
    case 'hang':
      return;
    case 'garbage':
      return void res.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
    case 'slow':
      return when === 'after' ? answer() : void res.destroy();
    default:
      throw new ApiError(how, how, 'The service does not answer now.');
  }
}

async function readBody(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new ApiError(413, 413, 'Too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function jsonOf(text: string): unknown {
  try {
    return text === '' ? {} : (JSON.parse(text) as unknown);
  } catch {
    throw badRequest('The body is not JSON.');
  }
}

function sendJson(res: ServerResponse, status: number, body: unknown): void {
  if (res.destroyed) return;
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(body));
}

function refuse(res: ServerResponse, error: unknown): void {
  const known = error instanceof ApiError ? error : new ApiError(500, 500, 'Something went wrong.');
  if (known !== error) console.error(error);
  if (!res.headersSent) sendJson(res, known.status, { code: known.code, message: known.message });
}
