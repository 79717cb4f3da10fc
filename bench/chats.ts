import { once } from 'node:events';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { createClient } from '../sdk/client';
import type { Admission } from '../sdk/api-types';
import type { MooringClient } from '../sdk/client';

const PATIENCE_MS = 60_000;

const Frame = z.looseObject({
  type: z.string(),
  ts: z.string(),
  seq: z.number().optional(),
  data: z.record(z.string(), z.unknown()),
});

/** A frame, and when it was in our hands by `performance.now()`. */
export type Heard = z.infer<typeof Frame> & { at: number };

/** A chat over one bare socket: no queue and no resume, so that a time is a time of the server's. */
export interface BenchChat {
  sessionId: string;
  say: (content: string) => void;
  send: (type: string, data: Record<string, unknown>) => void;
  /** The first such frame from now on; fails when the socket ends before. */
  next: (type: string) => Promise<Heard>;
  onFrame: (listener: (frame: Heard) => void) => void;
  close: () => Promise<void>;
}

/** A person who may open chats. */
export async function signIn(api: string, email: string): Promise<MooringClient> {
  const client = createClient({ baseUrl: api, WebSocket });
  await client.signInForDevelopment(email);
  return client;
}

export async function openChat(client: MooringClient): Promise<BenchChat> {
  const session = await client.createSession();
  return openSocket(session.session_id, session);
}

/** The socket of a chat, from an address of this machine's own: 127.0.0.0/8 is all loopback. */
export const socketTo = ({ ws_url: url, token }: Admission, localAddress?: string): WebSocket =>
  new WebSocket(url, ['mooring', `bearer.${token}`], {
    perMessageDeflate: false,
    ...(localAddress === undefined ? {} : { localAddress }),
  });

async function openSocket(sessionId: string, admission: Admission): Promise<BenchChat> {
  const ws = socketTo(admission);
  const listeners: ((frame: Heard) => void)[] = [];
  const waiting = new Map<string, Waiter[]>();
  const failAll = (error: Error): void => {
    for (const { reject } of [...waiting.values()].flat()) reject(error);
    waiting.clear();
  };
  ws.on('message', (raw: Buffer) => {
    const at = performance.now();
    const frame = { ...Frame.parse(JSON.parse(raw.toString())), at };
    for (const listener of listeners) listener(frame);
    for (const { resolve } of waiting.get(frame.type) ?? []) resolve(frame);
    waiting.delete(frame.type);
    if (frame.type === 'ERROR') failAll(new Error(`refused: ${JSON.stringify(frame.data)}`));
  });
  ws.on('error', (error) => failAll(error));
  ws.on('close', (code) => failAll(new Error(`the socket ended: ${code}`)));
  const next = (type: string): Promise<Heard> => {
    const { promise, ...waiter } = createWaiter(`no ${type} within ${PATIENCE_MS / 1000} s`);
    waiting.set(type, [...(waiting.get(type) ?? []), waiter]);
    return promise;
  };
  const send = (type: string, data: Record<string, unknown>): void => ws.send(JSON.stringify({ type, data }));
  const ready = next('SESSION_READY');
  ready.catch(() => undefined); // a socket that does not open says so below
  await once(ws, 'open');
  await ready;
  return {
    sessionId,
    say: (content) => send('USER_MESSAGE', { content }),
    send,
    next,
    onFrame: (listener) => void listeners.push(listener),
    async close() {
      const closed = once(ws, 'close');
      ws.close();
      await closed;
    },
  };
}

interface Waiter {
  resolve: (frame: Heard) => void;
  reject: (error: Error) => void;
}

/** A bench that waits for what does not come is to say so. */
function createWaiter(complaint: string): Waiter & { promise: Promise<Heard> } {
  const waiter: Waiter = { resolve: () => undefined, reject: () => undefined };
  const promise = new Promise<Heard>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(complaint)), PATIENCE_MS);
    waiter.resolve = (frame) => {
      clearTimeout(timer);
      resolve(frame);
    };
    waiter.reject = (error) => {
      clearTimeout(timer);
      reject(error);
    };
  });
  return { promise, ...waiter };
}

export interface TimedTurn {
  /** from the sending to the first words of the answer */
  firstDeltaMs: number;
  turnMs: number;
  outcome: string;
}

/** Says something and waits for the end of its turn. */
export async function timedTurn(chat: BenchChat, content: string): Promise<TimedTurn> {
  const delta = chat.next('AGENT_DELTA');
  const end = chat.next('TURN_END');
  const from = performance.now();
  chat.say(content);
  const [first, last] = await Promise.all([delta, end]);
  return {
    firstDeltaMs: first.at - from,
    turnMs: last.at - from,
    outcome: String(last.data['outcome']),
  };
}
