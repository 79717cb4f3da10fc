import type { Admission } from './api-types';
import type { ConnectionState } from './connection-state';
import { DELAYS, delayOf, reconnectAfter } from './delays';
import type { Delays } from './delays';
import { ApiError, NetworkError } from './errors';
import type { Http } from './http';
import type { Outbox, Outgoing } from './outbox';
import type { SocketConstructor } from './platform';
import { isBehind, readLog, visitByPolling } from './polling-visit';
import type { Reader } from './reader';
import { GAP, visitBySocket } from './socket-visit';

const SPARE_MS = 30_000;
/** So many sockets in a row that did not open, though the server answers, and the log is polled. */
const UNOPENED_BEFORE_POLLING = 3;

export interface ConnectOptions {
  /** what is known already; 0 brings the whole log */
  afterSeq?: number;
  /** the answer of `createSession`, so that the first connection needs no call */
  admission?: Admission;
  delays?: Partial<Delays>;
}

export interface ConnectDeps extends ConnectOptions {
  http: Http;
  WebSocket: SocketConstructor;
  sessionId: string;
}

/** How a try to be connected ended, and what comes next: a wait, or nothing more. */
export type Next =
  { again: true; delayMs: number } | { again: false; state: ConnectionState & { kind: 'closed' } };

export interface Line extends ConnectDeps {
  reader: Reader;
  outbox: Outbox;
  signal: AbortSignal;
  delays: Delays;
  admit: () => Promise<string>;
  forgetToken: () => void;
  wsUrl: () => string;
  onReady: (way: 'socket' | 'polling', send: (entry: Outgoing) => void) => void;
  /** tries since the last good connection; sockets in a row that did not even open; gaps in a row */
  counts: { failures: number; unopened: number; gaps: number };
}

export function createLine(
  deps: ConnectDeps,
  own: Pick<Line, 'reader' | 'outbox' | 'signal' | 'onReady'>,
): Line {
  let admission = deps.admission ?? null;
  let goodUntil = admission === null ? 0 : Date.now() + admission.expires_in * 1_000 - SPARE_MS;
  return {
    ...deps,
    ...own,
    delays: { ...DELAYS, ...deps.delays },
    counts: { failures: 0, unopened: 0, gaps: 0 },
    wsUrl: () => admission?.ws_url ?? '',
    forgetToken: () => {
      goodUntil = 0;
    },
    async admit() {
      if (admission !== null && Date.now() < goodUntil) return admission.token;
      const path = `/api/sessions/${deps.sessionId}/token`;
      admission = await deps.http.call<Admission>({ method: 'POST', path, signal: own.signal });
      goodUntil = Date.now() + admission.expires_in * 1_000 - SPARE_MS;
      return admission.token;
    },
  };
}

export async function attempt(line: Line): Promise<Next> {
  const { counts, delays } = line;
  try {
    if (counts.unopened >= UNOPENED_BEFORE_POLLING) return await poll(line);
    // Is it the sockets, or is nobody there? A server that answers gets one more socket.
    if (counts.unopened === UNOPENED_BEFORE_POLLING - 1) await readLog(line, 0);
    return await openSocket(line, await line.admit());
  } catch (error) {
    if (error instanceof ApiError && !error.retryable) return await leaveFor(line, error);
    if (error instanceof NetworkError) counts.unopened = 0;
    counts.failures += 1;
    const retryAfterMs = null;
    return { again: true, delayMs: delayOf('soon', { failures: counts.failures, retryAfterMs, delays }) };
  }
}

async function poll(line: Line): Promise<Next> {
  const { counts } = line;
  await visitByPolling({
    ...line,
    untilMs: line.delays.socketAgainMs,
    onReady: (send) => {
      counts.failures = 0;
      line.onReady('polling', send);
    },
  });
  counts.unopened = UNOPENED_BEFORE_POLLING - 1; // one more socket that does not open, and we poll again
  return { again: true, delayMs: 0 };
}

async function openSocket(line: Line, token: string): Promise<Next> {
  const { counts, delays, reader } = line;
  const before = reader.lastSeq();
  const end = await visitBySocket({
    ...line,
    url: line.wsUrl(),
    token,
    openMs: delays.openMs,
    silentMs: delays.silentMs,
    isBehind: () => isBehind(line, delays.silentMs),
    onReady: (send) => {
      counts.failures = 0;
      line.onReady('socket', send);
    },
  });
  counts.unopened = end.opened ? 0 : counts.unopened + 1;
  if (end.code === GAP) {
    counts.gaps = reader.lastSeq() > before ? 1 : counts.gaps + 1;
    const gapDelay = delayOf('backoff', { failures: counts.gaps, retryAfterMs: null, delays });
    return { again: true, delayMs: counts.gaps === 1 ? 0 : gapDelay };
  }
  const how = reconnectAfter(end, counts.failures);
  if (how === 'no') {
    // Its last row and its end may pass each other; what was said is still to be read.
    if (end.code === 4410) await readLog(line, 0);
    const reason = end.code === 1000 || end.code === 4410 ? 'by the server' : 'refused';
    return { again: false, state: { kind: 'closed', reason } };
  }
  if (how === 'new_token') line.forgetToken();
  const delayMs = delayOf(how, { failures: counts.failures, retryAfterMs: end.retryAfterMs, delays });
  counts.failures += 1;
  return { again: true, delayMs };
}

/** A session that was closed still has its history; anything else that is refused stays so. */
async function leaveFor(line: Line, error: ApiError): Promise<Next> {
  if (error.code !== 'session_closed') {
    return { again: false, state: { kind: 'closed', reason: 'refused', error } };
  }
  await readLog(line, 0);
  return { again: false, state: { kind: 'closed', reason: 'by the server', error } };
}
