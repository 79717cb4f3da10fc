import { once } from 'node:events';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { createClient } from '../sdk/client';
import type { Admission } from '../sdk/api-types';
import type { MooringClient } from '../sdk/client';

const Frame = z.looseObject({ type: z.string(), data: z.record(z.string(), z.unknown()) });

/** A frame, and when it was in our hands by `performance.now()`. */
export interface Heard {
  type: string;
  data: Record<string, unknown>;
  at: number;
}

/** A chat over one bare socket: no queue and no resume, so that a time is a time of the server's. */
export interface BenchChat {
  sessionId: string;
  say: (content: string) => void;
  send: (type: string, data: Record<string, unknown>) => void;
  /** The first such frame from now on; fails when the socket ends before. */
  next: (type: string) => Promise<Heard>;
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

async function openSocket(sessionId: string, { ws_url: url, token }: Admission): Promise<BenchChat> {
  const ws = new WebSocket(url, ['mooring', `bearer.${token}`], { perMessageDeflate: false });
  const waiting = new Map<string, { resolve: (frame: Heard) => void; reject: (error: Error) => void }[]>();
  ws.on('message', (raw: Buffer) => {
    const at = performance.now();
    const { type, data } = Frame.parse(JSON.parse(raw.toString()));
    for (const { resolve } of waiting.get(type) ?? []) resolve({ type, data, at });
    waiting.delete(type);
  });
  ws.on('close', (code) => {
    for (const { reject } of [...waiting.values()].flat()) reject(new Error(`the socket ended: ${code}`));
  });
  const next = (type: string): Promise<Heard> =>
    new Promise((resolve, reject) => {
      waiting.set(type, [...(waiting.get(type) ?? []), { resolve, reject }]);
    });
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
    async close() {
      const closed = once(ws, 'close');
      ws.close();
      await closed;
    },
  };
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
