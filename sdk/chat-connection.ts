import { NetworkError } from './errors';
import type { ApiError } from './errors';
import type { ConnectionState } from './connection-state';
import { createFrameQueue } from './frame-queue';
import type { Frame } from './frames';
import { attempt, createLine } from './line';
import type { ConnectDeps } from './line';
import { createOutbox } from './outbox';
import type { Fact, Outgoing } from './outbox';
import { newClientId, pause } from './platform';
import { createReader } from './reader';

export interface ChatConnection {
  /** Every frame once, the log's rows in order. One reader; it ends with the connection. */
  frames: AsyncIterable<Frame>;
  state: () => ConnectionState;
  /** Returns what stops the listening. */
  onState: (listener: (state: ConnectionState) => void) => () => void;
  /** `acked` resolves with the message's seq once it is a fact, over however many connections that takes. */
  send: (content: string) => { id: string; acked: Promise<number | null> };
  respond: (answer: { payment_id: string; approved: boolean }) => Promise<number | null>;
  /** Answers a question (`USER_PROMPT`). */
  answerPrompt: (answer: { prompt_id: string; answer: string }) => Promise<number | null>;
  /** Lets a risky task run, or not. */
  confirm: (answer: { confirmation_id: string; approved: boolean; note?: string }) => Promise<number | null>;
  /** Stops the turn that works now, or the one that is named; the chat goes on. */
  cancelTurn: (turnId?: string) => Promise<number | null>;
  /** Ends a wait for the next try. */
  retryNow: () => void;
  close: () => void;
}

/** Follows a session until it is closed: opens, resumes where it was, sends what is not acknowledged. */
export function connectChat(deps: ConnectDeps): ChatConnection {
  const stop = new AbortController();
  const queue = createFrameQueue<Frame>();
  const outbox = createOutbox();
  const listeners = new Set<(state: ConnectionState) => void>();
  let state: ConnectionState = { kind: 'connecting' };
  let transmit: ((entry: Outgoing) => void) | null = null;
  let wake = new AbortController();

  const become = (next: ConnectionState): void => {
    state = next;
    if (next.kind !== 'open') transmit = null;
    for (const listener of listeners) listener(next);
  };
  const line = createLine(deps, {
    reader: createReader(deps.afterSeq ?? 0, queue.push),
    outbox,
    signal: stop.signal,
    onReady: (way, send) => {
      become({ kind: 'open', way });
      transmit = send;
    },
  });

  const run = async (): Promise<ConnectionState & { kind: 'closed' }> => {
    while (!stop.signal.aborted) {
      const next = await attempt(line);
      if (stop.signal.aborted) break;
      if (!next.again) return next.state;
      wake = new AbortController();
      become({ kind: 'waiting', retryAt: Date.now() + next.delayMs });
      await pause(next.delayMs, AbortSignal.any([wake.signal, stop.signal]));
      become({ kind: 'connecting' });
    }
    return { kind: 'closed', reason: 'by us' };
  };
  void run().then((last) => {
    become(last);
    outbox.refuseAll(endError(last.error));
    queue.end();
  });

  const put = (id: string, fact: Fact): Promise<number | null> => {
    if (state.kind === 'closed') return Promise.reject(endError(state.error));
    return outbox.add({ ...fact, id }, transmit);
  };
  return {
    frames: queue,
    state: () => state,
    onState(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    ...factsBy(put),
    retryNow: () => wake.abort(),
    close: () => stop.abort(),
  };
}

type Facts = Pick<ChatConnection, 'send' | 'respond' | 'answerPrompt' | 'confirm' | 'cancelTurn'>;

/** What a person can say. */
const factsBy = (put: (id: string, fact: Fact) => Promise<number | null>): Facts => ({
  send(content) {
    const id = newClientId();
    return { id, acked: put(id, { type: 'USER_MESSAGE', data: { content } }) };
  },
  respond: (answer) => put(newClientId(), { type: 'PAYMENT_RESPONSE', data: answer }),
  answerPrompt: (answer) => put(newClientId(), { type: 'USER_PROMPT_RESPONSE', data: answer }),
  confirm: (answer) => put(newClientId(), { type: 'CONFIRMATION_RESPONSE', data: answer }),
  cancelTurn: (turnId) =>
    put(newClientId(), { type: 'CANCEL_TURN', data: turnId === undefined ? {} : { turn_id: turnId } }),
});

const endError = (error: ApiError | undefined): Error =>
  error ?? new NetworkError(new Error('the connection is closed'));
