import { ApiError, NetworkError } from './errors';
import { readFrame } from './frames';
import type { Http } from './http';
import type { Outbox, Outgoing } from './outbox';
import { pause } from './platform';
import type { Reader } from './reader';

const PAGE = 200;
const WAIT_S = 25;
/** A row and the answer of a poll may come by two ways at once. */
const GRACE_MS = 1_000;

export interface PollingDeps {
  http: Http;
  sessionId: string;
  reader: Reader;
  outbox: Outbox;
  signal: AbortSignal;
}

interface Page {
  events: unknown[];
  last_seq: number;
}

/** Reads the log up to its present end; with `waitS` it waits for something new when there is nothing. */
export async function readLog(
  { http, sessionId, reader, signal }: PollingDeps,
  waitS: number,
): Promise<void> {
  for (;;) {
    const after = reader.lastSeq();
    const page = await http.call<Page>({
      method: 'GET',
      path: `/api/sessions/${sessionId}/events?after_seq=${after}&limit=${PAGE}&wait=${waitS}`,
      waitMs: waitS * 1_000,
      signal,
    });
    for (const event of page.events) {
      const frame = readFrame(event);
      if (frame !== null && reader.take(frame) === 'gap')
        throw new NetworkError(new Error('a row is missing'));
    }
    if (reader.lastSeq() >= page.last_seq || reader.lastSeq() === after) return;
  }
}

/**
 * Whether the log has a row that another way should have brought long since. Nobody there counts as behind: whoever
 * waits is to know; a server that is only busy does not.
 */
export async function isBehind(
  { http, sessionId, reader, signal }: PollingDeps,
  graceMs: number,
): Promise<boolean> {
  try {
    const path = `/api/sessions/${sessionId}/events?after_seq=${reader.lastSeq()}&limit=1`;
    const { last_seq: lastSeq } = await http.call<Page>({ method: 'GET', path, signal });
    if (lastSeq <= reader.lastSeq()) return false;
    await pause(Math.min(graceMs, GRACE_MS), signal);
    return lastSeq > reader.lastSeq();
  } catch (error) {
    return error instanceof NetworkError;
  }
}

/** For where no socket opens: the same log by long polls, until a call fails or it is time to try a socket again. */
export async function visitByPolling(
  deps: PollingDeps & { untilMs: number; onReady: (send: (entry: Outgoing) => void) => void },
): Promise<void> {
  const until = Date.now() + deps.untilMs;
  let sending: Promise<unknown> = Promise.resolve();
  const send = (entry: Outgoing): void => {
    sending = sending.then(() => post(deps, entry)).catch(() => undefined);
  };
  await readLog(deps, 0);
  deps.outbox.open().forEach(send);
  deps.onReady(send);
  while (!deps.signal.aborted && Date.now() < until) await readLog(deps, WAIT_S);
}

async function post({ http, sessionId, outbox }: PollingDeps, { id, frame }: Outgoing): Promise<void> {
  const { path, body } = restOf({ id, frame });
  try {
    const answer = await http.call<{ seq?: number }>({
      method: 'POST',
      path: `/api/sessions/${sessionId}/${path}`,
      body,
    });
    outbox.settle(id, answer.seq ?? null);
  } catch (error) {
    // What may succeed later stays in the outbox and goes with the next connection.
    if (error instanceof ApiError && !error.retryable) outbox.refuse(id, error);
  }
}

/** The call that says over REST what the frame says over a socket. */
function restOf({ id, frame }: Outgoing): { path: string; body: Record<string, unknown> } {
  switch (frame.type) {
    case 'USER_MESSAGE':
      return { path: 'messages', body: { id, content: frame.data.content } };
    case 'CANCEL_TURN':
      return { path: 'cancel-turn', body: { id, ...frame.data } };
    case 'PAYMENT_RESPONSE':
    case 'USER_PROMPT_RESPONSE':
    case 'CONFIRMATION_RESPONSE':
      return { path: 'responses', body: { id, type: frame.type, ...frame.data } };
  }
}
