import type { Admission, SessionView } from '../../sdk/api-types';
import type { ChatConnection } from '../../sdk/chat-connection';
import type { ConnectionState } from '../../sdk/connection-state';
import type { MooringClient } from '../../sdk/client';
import type { Frame } from '../../sdk/frames';
import { toldOf } from '../state/told';
import type { Told } from '../state/told';
import { EMPTY } from '../state/conversation';
import type { Transcript } from '../state/conversation';
import { reduce } from '../state/transcript';
import { liveTurn } from '../state/turn-view';
import { createFlush } from './flush';

/** A message on its way: not yet a row of the log. */
export interface Outgoing {
  id: string;
  content: string;
}

export type Answers = Record<string, { answer: string; error: Told | null }>;

export interface ChatSnapshot {
  transcript: Transcript;
  /** the log has been read up to where it was when we came */
  loaded: boolean;
  connection: ConnectionState;
  outgoing: Outgoing[];
  /** what the server refused, to be written again */
  refused: ({ content: string } & Told) | null;
  /** decisions sent and not acknowledged, or acknowledged and not yet told by a frame; null: refused */
  decisions: Record<string, { approved: boolean; error: Told | null }>;
  /** the same of answers to questions */
  answers: Answers;
  /** a stop is on its way; its turn has not ended yet */
  stopping: boolean;
  /** why the last stop was refused */
  unstopped: Told | null;
  view: SessionView | null;
}

export interface ChatStore {
  subscribe: (listener: () => void) => () => void;
  snapshot: () => ChatSnapshot;
  send: (content: string) => void;
  decide: (paymentId: string, approved: boolean) => void;
  answer: (promptId: string, answer: string) => void;
  /** Lets a risky task run, or not. */
  confirm: (confirmationId: string, approved: boolean) => void;
  /** Stops the turn that works, or the one that is about to. */
  stop: () => void;
  retryNow: () => void;
  close: () => void;
}

interface ChatStoreDeps {
  client: MooringClient;
  sessionId: string;
  /** of a chat that was created a moment ago, with its first message */
  handOver: { admission: Admission; content: string } | null;
}

const VIEW_MS = 150;
/** Frames after which money, agents or the title may be others. */
const TELLING = new Set<Frame['type']>([
  'USER_MESSAGE',
  'PAYMENT_REQUEST',
  'PAYMENT_SUCCESSFUL',
  'PAYMENT_FAILED',
  'PAYMENT_RELEASED',
  'USER_PROMPT',
  'USER_PROMPT_RESOLVED',
  'CONFIRMATION_REQUEST',
  'CONFIRMATION_RESOLVED',
  'STATUS',
  'TURN_END',
  'SESSION_CLOSED',
]);

/** One open chat: frames become the transcript, at most once per animation frame. */
export function createChatStore({ client, sessionId, handOver }: ChatStoreDeps): ChatStore {
  const listeners = new Set<() => void>();
  let snapshot: ChatSnapshot = {
    transcript: EMPTY,
    loaded: false,
    connection: { kind: 'connecting' },
    outgoing: [],
    refused: null,
    decisions: {},
    answers: {},
    stopping: false,
    unstopped: null,
    view: null,
  };
  const update = (change: Partial<ChatSnapshot>): void => {
    snapshot = { ...snapshot, ...change };
    for (const listener of listeners) listener();
  };
  const connection = client.connectSession(
    sessionId,
    handOver === null ? {} : { admission: handOver.admission },
  );
  const refresh = createRefresh(
    () => client.session(sessionId),
    (view) => update({ view }),
  );

  follow(connection, { update, snapshot: () => snapshot, refresh });

  const send = (content: string): void => {
    const { id, acked } = connection.send(content);
    update({ outgoing: [...snapshot.outgoing, { id, content }], refused: null });
    const leave = (): Outgoing[] => snapshot.outgoing.filter((message) => message.id !== id);
    acked.then(
      () => update({ outgoing: leave() }),
      (error: unknown) => update({ outgoing: leave(), refused: { content, ...toldOf(error) } }),
    );
  };
  if (handOver !== null) send(handOver.content);
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    snapshot: () => snapshot,
    send,
    ...sayings(connection, { update, snapshot: () => snapshot }),
    retryNow: connection.retryNow,
    close: connection.close,
  };
}

interface Held {
  update: (change: Partial<ChatSnapshot>) => void;
  snapshot: () => ChatSnapshot;
}

/** Decisions, answers and the stop: each is shown as on its way until a frame tells it, or as refused. */
function sayings(
  connection: ChatConnection,
  { update, snapshot }: Held,
): Pick<ChatStore, 'decide' | 'answer' | 'confirm' | 'stop'> {
  return {
    decide(paymentId, approved) {
      const say = (error: Told | null): void =>
        update({ decisions: { ...snapshot().decisions, [paymentId]: { approved, error } } });
      say(null);
      connection.respond({ payment_id: paymentId, approved }).catch((error: unknown) => say(toldOf(error)));
    },
    answer(promptId, answer) {
      const say = (error: Told | null): void =>
        update({ answers: { ...snapshot().answers, [promptId]: { answer, error } } });
      say(null);
      connection.answerPrompt({ prompt_id: promptId, answer }).catch((error: unknown) => say(toldOf(error)));
    },
    confirm(confirmationId, approved) {
      const say = (error: Told | null): void =>
        update({ decisions: { ...snapshot().decisions, [confirmationId]: { approved, error } } });
      say(null);
      connection
        .confirm({ confirmation_id: confirmationId, approved })
        .catch((error: unknown) => say(toldOf(error)));
    },
    stop() {
      if (snapshot().stopping) return;
      update({ stopping: true, unstopped: null });
      connection
        .cancelTurn(liveTurn(snapshot().transcript)?.id)
        .catch((error: unknown) => update({ stopping: false, unstopped: toldOf(error) }));
    },
  };
}

interface Following extends Held {
  refresh: () => void;
}

/** Takes in the frames, and says when the log has been read up to where it was when we came. */
function follow(connection: ChatConnection, { update, snapshot, refresh }: Following): void {
  let target = Infinity;
  const flush = createFlush<Frame>((frames) => {
    const before = snapshot();
    const transcript = frames.reduce((state, frame) => reduce(state, frame, Date.now()), before.transcript);
    const loaded = before.loaded || transcript.lastSeq >= target;
    const ended = frames.some(({ type }) => type === 'TURN_END');
    update({
      transcript,
      loaded,
      outgoing: withoutLogged(before.outgoing, frames),
      ...(ended ? { stopping: false } : {}),
    });
    if (loaded && frames.some(({ type }) => TELLING.has(type))) refresh();
  });
  void (async () => {
    for await (const frame of connection.frames) {
      if (frame.type === 'SESSION_READY') target = Math.min(target, frame.data.last_seq);
      flush(frame);
    }
  })();
  connection.onState((state) => {
    // Polling has read the log when it opens; a chat that is closed has given all it had.
    const read = (state.kind === 'open' && state.way === 'polling') || state.kind === 'closed';
    if (read) target = 0;
    update({ connection: state, loaded: snapshot().loaded || read });
    if (state.kind === 'open' || read) refresh();
  });
}

/** Messages whose row has come, even if their acknowledgement has not yet. */
function withoutLogged(outgoing: Outgoing[], frames: Frame[]): Outgoing[] {
  let rest = outgoing;
  for (const frame of frames) {
    if (frame.type !== 'USER_MESSAGE') continue;
    const place = rest.findIndex(({ content }) => content === frame.data.content);
    if (place !== -1) rest = rest.toSpliced(place, 1);
  }
  return rest;
}

/** Asks again some moments after the last reason to, and never twice at a time. */
function createRefresh<T>(ask: () => Promise<T>, tell: (answer: T) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(timer);
    // A failure is no news: the next frame is the next reason.
    timer = setTimeout(() => void ask().then(tell, () => undefined), VIEW_MS);
  };
}
