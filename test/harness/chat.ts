import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

/** A frame of the log, as any client reads it. */
export interface SeenFrame {
  seq: number;
  type: string;
  data: Record<string, unknown>;
}

export interface Chat {
  sessionId: string;
  /** Sends a message; a call that finds nobody is tried again with the same id. */
  say: (id: string, content: string) => Promise<void>;
  /** Answers the open payment. */
  answer: (approved: boolean) => Promise<void>;
  /** Answers the newest question. */
  reply: (answer: string) => Promise<void>;
  /** Says yes or no to the risky task that is asked about. */
  confirm: (approved: boolean) => Promise<void>;
  /** Resolves as soon as a model is asked. */
  atWork: () => Promise<void>;
  /** Stops the turn, as soon as a model is asked for one; `stopNow` whatever it does. */
  stop: () => Promise<void>;
  stopNow: () => Promise<void>;
  close: () => Promise<void>;
  /** All frames so far. */
  frames: () => Promise<SeenFrame[]>;
  /** The first frame that fits, waited for over restarts of the platform. */
  until: (fits: (frame: SeenFrame) => boolean) => Promise<SeenFrame>;
  /** Takes the whole chat back. */
  erase: () => Promise<void>;
  wallet: () => Promise<{ balance_usdc: string; held_usdc: string }>;
}

// A chain of kills on a busy machine takes its time; a chat that stands still fails all the same.
const PATIENCE_MS = 150_000;

export type Call = <T>(method: string, path: string, body?: unknown) => Promise<T>;

/** Calls whoever answers at `api()` now, over restarts; what is refused is thrown. `who` is an access token, or headers. */
export function patientCall(api: () => string, who: () => string | Record<string, string>): Call {
  return async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const started = Date.now();
    const said = who();
    const asWho = typeof said === 'string' ? (said === '' ? {} : { authorization: `Bearer ${said}` }) : said;
    for (;;) {
      try {
        const response = await fetch(`${api()}${path}`, {
          method,
          headers: { 'content-type': 'application/json', ...asWho },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          signal: AbortSignal.timeout(10_000),
        });
        const text = await response.text();
        if (response.ok) return JSON.parse(text) as T;
        if (response.status < 500) throw new Refused(`${method} ${path}: ${response.status} ${text}`);
      } catch (error) {
        if (error instanceof Refused) throw error;
      }
      if (Date.now() - started > PATIENCE_MS) throw new Error(`${method} ${path}: nobody answers`);
      await pause(50);
    }
  };
}

/** A chat of a new account over the public API only. */
export async function openChat(
  api: () => string,
  email: string,
  wish: { auto_approve_usdc?: string } = {},
): Promise<Chat> {
  let token = '';
  const call = patientCall(api, () => token);
  token = (await call<{ access_token: string }>('POST', '/dev/sign-in', { email })).access_token;
  const { session_id: sessionId } = await call<{ session_id: string }>('POST', '/api/sessions', wish);
  const events = (afterSeq: number, wait: number) =>
    call<{ events: SeenFrame[] }>(
      'GET',
      `/api/sessions/${sessionId}/events?after_seq=${afterSeq}&limit=200&wait=${wait}`,
    );
  const chat: Chat = {
    sessionId,
    say: async (id, content) =>
      void (await call('POST', `/api/sessions/${sessionId}/messages`, { id, content })),
    answer: async (approved) => {
      const request = await chat.until(({ type }) => type === 'PAYMENT_REQUEST');
      await call('POST', `/api/sessions/${sessionId}/responses`, {
        type: 'PAYMENT_RESPONSE',
        payment_id: request.data['payment_id'],
        approved,
      });
    },
    reply: async (answer) => {
      const { data } = await chat.until(({ type }) => type === 'USER_PROMPT');
      await call('POST', `/api/sessions/${sessionId}/responses`, {
        type: 'USER_PROMPT_RESPONSE',
        prompt_id: data['prompt_id'],
        answer,
      });
    },
    atWork: async () => {
      const phase = async () => (await call<{ phase: string }>('GET', `/api/sessions/${sessionId}`)).phase;
      while ((await phase()) !== 'WORKING') await pause(10);
    },
    confirm: async (approved) => {
      const { data } = await chat.until(({ type }) => type === 'CONFIRMATION_REQUEST');
      await call('POST', `/api/sessions/${sessionId}/responses`, {
        id: 'confirm',
        type: 'CONFIRMATION_RESPONSE',
        confirmation_id: data['confirmation_id'],
        approved,
      });
    },
    stop: async () => {
      await chat.atWork();
      await chat.stopNow();
    },
    stopNow: async () => void (await call('POST', `/api/sessions/${sessionId}/cancel-turn`, {})),
    close: async () => void (await call('POST', `/api/sessions/${sessionId}/close`, {})),
    frames: async () => (await events(0, 0)).events,
    until: async (fits) => {
      const started = Date.now();
      let seq = 0;
      while (Date.now() - started < PATIENCE_MS) {
        const { events: frames } = await events(seq, 2);
        const found = frames.find(fits);
        if (found !== undefined) return found;
        seq = frames.at(-1)?.seq ?? seq;
      }
      const seen = (await chat.frames()).map(
        ({ type, data }) => `${type} ${JSON.stringify(data).slice(0, 200)}`,
      );
      throw new Error(`the frame did not come; seen:\n${seen.join('\n')}`);
    },
    erase: async () => void (await call('DELETE', `/api/sessions/${sessionId}`)),
    wallet: () => call('GET', '/api/wallet'),
  };
  return chat;
}

export class Refused extends Error {}

/** The child's first line of stdout that begins with `word`, without the word. */
export async function firstLine(
  child: { stdout: NodeJS.ReadableStream | null },
  word: string,
): Promise<string> {
  if (child.stdout === null) throw new Error('the child has no stdout');
  let text = '';
  for (;;) {
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    text += chunk.toString();
    const line = text.split('\n').find((candidate) => candidate.startsWith(word));
    if (line !== undefined && text.includes(`${line}\n`)) return line.slice(word.length).trim();
  }
}
