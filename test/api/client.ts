import { WebSocket } from 'ws';
import type { ServerFrame } from '../../domain/frames';

export interface Client {
  ws: WebSocket;
  frames: ServerFrame[];
  closed: Promise<{ code: number; reason: string }>;
  send: (frame: unknown) => void;
  /** The first frame, from those that came already on, that fits; rejects when the socket ends before. */
  frame: <T extends ServerFrame['type']>(
    type: T,
    fits?: (frame: ServerFrame & { type: T }) => boolean,
  ) => Promise<ServerFrame & { type: T }>;
  /** Closes and waits for the end. */
  leave: () => Promise<void>;
}

export interface ClientOptions {
  token?: string;
  query?: string;
  protocols?: string[];
  headers?: Record<string, string>;
}

/** A real socket; the token goes as the contract prefers. */
export function connect(
  wsUrl: string,
  { token, query = '', protocols, headers }: ClientOptions = {},
): Client {
  const offered = protocols ?? (token === undefined ? [] : ['mooring', `bearer.${token}`]);
  const ws = new WebSocket(wsUrl + query, offered, { headers: headers ?? {} });
  const frames: ServerFrame[] = [];
  const listeners = new Set<() => void>();
  const tell = (): void => listeners.forEach((listener) => listener());
  let ended = false;
  ws.on('message', (data: Buffer) => {
    frames.push(JSON.parse(data.toString()) as ServerFrame);
    tell();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    ws.once('close', (code, reason) => {
      ended = true;
      resolve({ code, reason: reason.toString() });
      tell();
    });
  });
  ws.on('error', () => undefined);
  return {
    ws,
    frames,
    closed,
    send: (frame) => ws.send(JSON.stringify(frame)),
    frame(type, fits = () => true) {
      type Wanted = ServerFrame & { type: typeof type };
      const find = (): Wanted | undefined =>
        frames.find((frame): frame is Wanted => frame.type === type && fits(frame as Wanted));
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const found = find();
          if (found === undefined && !ended) return;
          listeners.delete(look);
          if (found === undefined) reject(new Error(`the socket ended before ${type}`));
          else resolve(found);
        };
        listeners.add(look);
        look();
      });
    },
    async leave() {
      ws.close(1000);
      await closed;
    },
  };
}

/** The HTTP status that an upgrade was refused with. */
export function refusedWith(wsUrl: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(wsUrl, { headers });
    ws.once('unexpected-response', (_req, answer) => {
      resolve(answer.statusCode ?? 0);
      ws.terminate();
    });
    ws.once('open', () => reject(new Error('it opened')));
    ws.on('error', () => undefined);
  });
}
