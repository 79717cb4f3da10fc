import { ApiError, NetworkError, refusalOf } from './errors';
import { isRecord, readJson } from './json';
import type { FetchLike } from './platform';
import type { Tokens, TokenStore } from './tokens';

const ANSWER_MS = 15_000;

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  body?: Record<string, unknown>;
  /** the fields of a form, instead of a body */
  form?: Record<string, string>;
  signal?: AbortSignal;
  /** how long the server may take on purpose (a long poll) */
  waitMs?: number;
}

export interface Http {
  /** As the signed-in person; an access token that has run out is renewed once. */
  call: <T>(call: Call) => Promise<T>;
  /** As the signed-in person, for a page that the server writes: also one that says why there is none. */
  page: (call: Call) => Promise<Page>;
  /** As the signed-in person, for the bytes of a file. */
  file: (call: Call) => Promise<ArrayBuffer>;
  /** As nobody. */
  open: <T>(call: Call) => Promise<T>;
}

export interface Page {
  status: number;
  html: string;
}

interface HttpDeps {
  baseUrl: string;
  fetch: FetchLike;
  tokens: TokenStore;
}

type Answer = Awaited<ReturnType<FetchLike>>;
interface Asking<T> {
  token: string | null;
  accept: string;
  read: (answer: Answer) => Promise<T>;
}
const textOf = (answer: Answer): Promise<string> => answer.text();

export function createHttp({ baseUrl, fetch, tokens }: HttpDeps): Http {
  const ask = <T>(call: Call, how: Asking<T>): Promise<{ ok: boolean; status: number; body: T }> =>
    send(fetch, `${baseUrl}${call.path}`, { ...how, call });
  const request = async (call: Call, token: string | null): Promise<unknown> => {
    const answer = await ask(call, { token, accept: 'application/json', read: textOf });
    const body = readJson(answer.body);
    if (!answer.ok) throw refusalOf(answer.status, body);
    if (!isRecord(body)) throw new NetworkError(new Error('the answer was not JSON'));
    return body;
  };
  const requestPage = async (call: Call, token: string): Promise<Page> => {
    const { status, body: html } = await ask(call, { token, accept: 'text/html', read: textOf });
    if (status === 401 || status >= 500) throw refusalOf(status, readJson(html));
    return { status, html };
  };
  const requestFile = async (call: Call, token: string): Promise<ArrayBuffer> => {
    const read = (answer: Answer): Promise<string | ArrayBuffer> =>
      answer.ok ? answer.arrayBuffer() : answer.text();
    const { status, body } = await ask(call, { token, accept: '*/*', read });
    if (typeof body === 'string') throw refusalOf(status, readJson(body));
    return body;
  };

  /** A new access token instead of `spent`; null when the sign-in is over. */
  const renew = (spent: string): Promise<string | null> =>
    tokens.exclusively(async () => {
      const kept = tokens.read();
      // Another call, or another tab, was faster.
      if (kept === null || kept.access_token !== spent) return kept?.access_token ?? null;
      const body = { refresh_token: kept.refresh_token };
      try {
        const next = (await request({ method: 'POST', path: '/api/auth/refresh', body }, null)) as Tokens;
        tokens.write({ access_token: next.access_token, refresh_token: next.refresh_token });
        return next.access_token;
      } catch (error) {
        if (!(error instanceof ApiError) || error.retryable) throw error;
        tokens.write(null);
        return null;
      }
    });

  const signedIn = async <T>(work: (token: string) => Promise<T>): Promise<T> => {
    const token = tokens.read()?.access_token;
    if (token === undefined) throw notSignedIn();
    try {
      return await work(token);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      const next = await renew(token);
      if (next === null) throw error;
      return await work(next);
    }
  };

  return {
    open: async <T>(call: Call) => (await request(call, null)) as T,
    call: <T>(call: Call) => signedIn(async (token) => (await request(call, token)) as T),
    page: (call) => signedIn((token) => requestPage(call, token)),
    file: (call) => signedIn((token) => requestFile(call, token)),
  };
}

const notSignedIn = (): ApiError =>
  new ApiError(401, { code: 'auth_failed', message: 'Nobody is signed in.' });

async function send<T>(
  fetch: FetchLike,
  url: string,
  { call, token, accept, read }: Asking<T> & { call: Call },
): Promise<{ ok: boolean; status: number; body: T }> {
  const deadline = AbortSignal.timeout(ANSWER_MS + (call.waitMs ?? 0));
  try {
    const response = await fetch(url, {
      method: call.method,
      headers: {
        accept,
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(call.form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.form === undefined ? {} : { body: new URLSearchParams(call.form).toString() }),
      signal: call.signal === undefined ? deadline : AbortSignal.any([deadline, call.signal]),
    });
    return { ok: response.ok, status: response.status, body: await read(response) };
  } catch (cause) {
    throw new NetworkError(cause);
  }
}
