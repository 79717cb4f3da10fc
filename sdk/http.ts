import { ApiError, NetworkError, refusalOf } from './errors';
import { isRecord, readJson } from './json';
import type { FetchLike } from './platform';
import type { Tokens, TokenStore } from './tokens';

const ANSWER_MS = 15_000;

export interface Call {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  body?: Record<string, unknown>;
  signal?: AbortSignal;
  /** how long the server may take on purpose (a long poll) */
  waitMs?: number;
}

export interface Http {
  /** As the signed-in person; an access token that has run out is renewed once. */
  call: <T>(call: Call) => Promise<T>;
  /** As nobody. */
  open: <T>(call: Call) => Promise<T>;
}

interface HttpDeps {
  baseUrl: string;
  fetch: FetchLike;
  tokens: TokenStore;
}

export function createHttp({ baseUrl, fetch, tokens }: HttpDeps): Http {
  const request = async (call: Call, token: string | null): Promise<unknown> => {
    const answer = await send(fetch, `${baseUrl}${call.path}`, { call, token });
    if (!answer.ok) throw refusalOf(answer.status, answer.body);
    if (!isRecord(answer.body)) throw new NetworkError(new Error('the answer was not JSON'));
    return answer.body;
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

  return {
    open: async <T>(call: Call) => (await request(call, null)) as T,
    async call<T>(call: Call) {
      const token = tokens.read()?.access_token;
      if (token === undefined) throw notSignedIn();
      try {
        return (await request(call, token)) as T;
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 401) throw error;
        const next = await renew(token);
        if (next === null) throw error;
        return (await request(call, next)) as T;
      }
    },
  };
}

const notSignedIn = (): ApiError =>
  new ApiError(401, { code: 'auth_failed', message: 'Nobody is signed in.' });

async function send(
  fetch: FetchLike,
  url: string,
  { call, token }: { call: Call; token: string | null },
): Promise<{ ok: boolean; status: number; body: unknown }> {
  const deadline = AbortSignal.timeout(ANSWER_MS + (call.waitMs ?? 0));
  try {
    const response = await fetch(url, {
      method: call.method,
      headers: {
        accept: 'application/json',
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      signal: call.signal === undefined ? deadline : AbortSignal.any([deadline, call.signal]),
    });
    return { ok: response.ok, status: response.status, body: readJson(await response.text()) };
  } catch (cause) {
    throw new NetworkError(cause);
  }
}
