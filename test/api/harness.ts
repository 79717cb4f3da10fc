import type { Server } from 'node:http';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { createApi } from '../../api/app';
import type { ApiDeps } from '../../api/app';
import type { LoggedFrame, PendingPrompt } from '../../domain/frames';
import { createMemoryBus } from '../../lib/bus';
import { createLogger } from '../../lib/log';
import type { Bus } from '../../lib/bus';
import { loadConfig } from '../../lib/config';
import { createTestDatabase } from '../harness/database';
import type { TestDatabase } from '../harness/database';

export const SECRET = 'a secret for tests with 32 characters and more';

/** The fields the tests read of an answer; each answer has its own of them. */
export interface AnswerBody {
  user_id: string;
  access_token: string;
  token: string;
  refresh_token: string;
  session_id: string;
  ws_url: string;
  balance_usdc: string;
  sign_in: { development: boolean };
  sessions: { id: string }[];
  next_cursor: string | null;
  pending: PendingPrompt[];
  budget: Record<string, string>;
  events: LoggedFrame[];
  last_seq: number;
  error: { code: string; message: string; request_id: string; details?: Record<string, unknown> };
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  body: AnswerBody;
}

export interface TestApi {
  t: TestDatabase;
  bus: Bus;
  server: Server;
  port: number;
  url: string;
  logged: () => string;
  call: (
    path: string,
    options?: {
      method?: string;
      token?: string;
      body?: unknown;
      raw?: string | Buffer;
      headers?: Record<string, string>;
    },
  ) => Promise<Answer>;
  signIn: (email: string) => Promise<{ userId: string; token: string; refreshToken: string }>;
  openSession: (token: string) => Promise<{ id: string; token: string; wsUrl: string }>;
  close: () => Promise<void>;
  stop: () => Promise<void>;
}

/** A real API on a port of its own, over a database of its own; what is committed is published as in the platform. */
export async function createTestApi(
  overrides: { env?: Record<string, string>; deps?: Partial<ApiDeps> } = {},
): Promise<TestApi> {
  const bus = createMemoryBus();
  const t = await createTestDatabase(({ frames, cancelled }) => {
    for (const frame of frames) bus.publish(frame.session_id, { kind: 'logged', frame });
    for (const { sessionId, turnId } of cancelled) bus.publish(sessionId, { kind: 'cancelled', turnId });
  });
  let lines = '';
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines += chunk.toString();
      done();
    },
  });
  const api = createApi({
    config: loadConfig({ MOORING_MODEL: 'stand-in', ...overrides.env }),
    secret: SECRET,
    db: t.db,
    bus,
    log: createLogger('debug', sink),
    ready: () => Promise.resolve([]),
    webRoot: null,
    ...overrides.deps,
    // A client of a test that means to RESUME does so at once.
    timings: { resumeMs: 200, ...overrides.deps?.timings },
  });
  await new Promise<void>((resolve) => api.server.listen(0, '127.0.0.1', resolve));
  const { port } = api.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;

  const call: TestApi['call'] = async (path, { method, token, body, raw, headers = {} } = {}) => {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const answer = await fetch(url + path, {
      method: method ?? (payload === undefined ? 'GET' : 'POST'),
      headers: {
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(payload === undefined ? {} : { body: payload }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') === true;
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      body: JSON.parse(isJson ? text : '{}') as AnswerBody,
    };
  };

  return {
    t,
    bus,
    server: api.server,
    port,
    url,
    call,
    logged: () => lines,
    async signIn(email) {
      const { body } = await call('/dev/sign-in', { body: { email } });
      return { userId: body.user_id, token: body.access_token, refreshToken: body.refresh_token };
    },
    async openSession(token) {
      const { body } = await call('/api/sessions', { method: 'POST', token });
      return { id: body.session_id, token: body.token, wsUrl: body.ws_url };
    },
    close: api.close,
    async stop() {
      await api.close();
      await bus.close();
      await t.drop();
    },
  };
}

/** A chat, with the tokens of its person and its socket. */
export interface OpenChat {
  userId: string;
  token: string;
  refreshToken: string;
  id: string;
  sessionToken: string;
  wsUrl: string;
}

/** A new chat of a person whom nobody else is. */
export async function openChat(
  api: TestApi,
  email = `p${Math.random().toString(36).slice(2)}@example.test`,
): Promise<OpenChat> {
  const person = await api.signIn(email);
  const { id, token: sessionToken, wsUrl } = await api.openSession(person.token);
  return { ...person, id, sessionToken, wsUrl };
}

/** A request with headers that fetch would not send (Host, Origin). */
export function rawPost(
  port: number,
  { path, headers, body }: { path: string; headers: Record<string, string>; body: string },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        port,
        host: '127.0.0.1',
        path,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
      },
      (answer) => {
        answer.resume();
        answer.once('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    call.once('error', reject);
    call.end(body);
  });
}

/** Resolves when it has come true; for what no event tells of. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 5));
}
