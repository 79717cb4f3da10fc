import type { Frame, Picture, StatusData } from '../../sdk/frames';
import { isRecord } from '../../sdk/json';
import type {
  Message,
  Payment,
  PaymentFate,
  Said,
  Step,
  TokenCounts,
  Tokens,
  Transcript,
  Turn,
} from './conversation';
import { endedAs, loggedParts, resolved, takenBack } from './step-ends';
import { fateOf } from './payment-fate';

/** What a frame changes. Nothing is changed in place, so that a part that is the same need not be drawn again. */
export function reduce(state: Transcript, frame: Frame, now: number): Transcript {
  const seen = frame.seq === undefined ? state : { ...state, lastSeq: frame.seq };
  switch (frame.type) {
    case 'USER_MESSAGE': {
      const { message_id: id, content } = frame.data;
      return { ...seen, items: [...seen.items, { kind: 'said', id, content, at: frame.ts, taken: false }] };
    }
    case 'TURN_START': {
      const { turn_id: id, message_id: messageId = null } = frame.data;
      return inTurn(seen, { id, at: frame.ts, messageId }, (turn) => turn);
    }
    case 'STATUS':
      return withStep(seen, frame);
    case 'AGENT_DELTA':
      return withDelta(seen, frame);
    case 'TURN_RESET':
      return inTurn(seen, { id: frame.data.turn_id, at: frame.ts }, (turn) =>
        resetTurn(turn, frame.data.attempt),
      );
    case 'AGENT_MESSAGE':
      return withMessage(seen, frame);
    case 'PAYMENT_REQUEST':
      return withPayment(seen, frame);
    case 'USER_PROMPT': {
      const question = { prompt: frame.data, askedAt: frame.ts, fate: { kind: 'asked' as const } };
      return { ...seen, questions: { ...seen.questions, [frame.data.call_id]: question } };
    }
    case 'USER_PROMPT_RESOLVED':
      return withResolved(seen, frame);
    case 'CONFIRMATION_REQUEST':
    case 'CONFIRMATION_RESOLVED':
      return withConfirmation(seen, frame);
    case 'PAYMENT_SUCCESSFUL':
    case 'PAYMENT_REFUNDED':
    case 'PAYMENT_PENDING':
    case 'PAYMENT_FAILED':
    case 'PAYMENT_RELEASED':
      return withFate(seen, frame.data, fateOf(frame));
    case 'TURN_END':
      return withEnd(seen, frame);
    case 'ERROR':
      return frame.seq === undefined ? seen : withFailure(seen, frame);
    case 'SESSION_READY': {
      const clockOffset = Date.parse(frame.ts) - now;
      return { ...seen, phase: frame.data.phase, clockOffset: Number.isNaN(clockOffset) ? 0 : clockOffset };
    }
    case 'SESSION_CLOSED':
      return { ...seen, phase: 'CLOSED', closed: { reason: frame.data.reason } };
    case 'TASK_UPDATE':
      return withTask(seen, frame);
    case 'ACK':
    case 'UNKNOWN':
      return seen;
  }
}

type Of<T extends Frame['type']> = Extract<Frame, { type: T }>;

/**
 * The turn with this id, opened by its first frame, which says what it answers: a message, or (null) none. In an older
 * log nothing says it, and it is the message that has waited longest.
 */
function inTurn(
  state: Transcript,
  { id, at, messageId }: { id: string; at: string; messageId?: string | null },
  change: (turn: Turn) => Turn,
): Transcript {
  const place = state.items.findIndex((item) => item.kind === 'turn' && item.id === id);
  const known = state.items[place];
  if (known?.kind === 'turn') return { ...state, items: state.items.with(place, change(known)) };
  // The answer stands under its message, before those that wait.
  const waiting = state.items.findIndex(
    (item) => item.kind === 'said' && !item.taken && (messageId == null || item.id === messageId),
  );
  const asked = messageId === null ? undefined : state.items[waiting];
  const turn: Turn = {
    kind: 'turn',
    id,
    since: asked?.kind === 'said' ? sinceOf(state, asked) : at,
    asked: asked?.kind === 'said' ? asked.content : null,
    parts: [],
    paymentIds: [],
    pictures: [],
    end: null,
    failure: null,
  };
  if (asked?.kind === 'said') {
    return { ...state, items: state.items.toSpliced(waiting, 1, { ...asked, taken: true }, change(turn)) };
  }
  const next = waiting === -1 ? state.items.length : waiting;
  return { ...state, items: state.items.toSpliced(next, 0, change(turn)) };
}

/** A message that waited for its turn begins when the one before it has ended. */
function sinceOf({ items }: Transcript, { at }: Said): string {
  const ends = items.flatMap((item) => (item.kind === 'turn' && item.end !== null ? [item.end.at] : []));
  return [at, ...ends].sort().at(-1) ?? at;
}

function withEnd(state: Transcript, { data, ts }: Of<'TURN_END'>): Transcript {
  const { turn_id: id, outcome, text = null, cost_usdc: costUsdc } = data;
  const end = { outcome, text, costUsdc, tokens: tokensOf(data.usage), at: ts };
  return inTurn(state, { id, at: ts }, (turn) => endedAs(turn, turn.end ?? end));
}

function tokensOf(usage: unknown): Tokens | null {
  if (!isRecord(usage)) return null;
  const { steps } = usage;
  return {
    ...countsOf(usage),
    steps: (Array.isArray(steps) ? steps.filter(isRecord) : []).map((step) => ({
      ...countsOf(step),
      costUsdc: String(step['cost_usdc']),
    })),
  };
}

function countsOf(usage: Record<string, unknown>): TokenCounts {
  const count = (name: string): number => (typeof usage[name] === 'number' ? usage[name] : 0);
  return {
    read: count('input_tokens') + count('cache_read_input_tokens') + count('cache_creation_input_tokens'),
    fromCache: count('cache_read_input_tokens'),
    toCache: count('cache_creation_input_tokens'),
    written: count('output_tokens'),
  };
}

function withConfirmation(
  state: Transcript,
  { type, data, ts }: Of<'CONFIRMATION_REQUEST' | 'CONFIRMATION_RESOLVED'>,
): Transcript {
  if (type === 'CONFIRMATION_REQUEST') {
    const asked = { request: data, askedAt: ts, outcome: null };
    return { ...state, confirmations: { ...state.confirmations, [data.call_id]: asked } };
  }
  const known = Object.values(state.confirmations).find(
    ({ request }) => request.confirmation_id === data.confirmation_id,
  );
  if (known === undefined) return state;
  const resolved = { ...known, outcome: data.outcome };
  return { ...state, confirmations: { ...state.confirmations, [known.request.call_id]: resolved } };
}

/** The end of a question is told by its own frame, and by no step. */
function withResolved(state: Transcript, { data, ts }: Of<'USER_PROMPT_RESOLVED'>): Transcript {
  const question = Object.values(state.questions).find(({ prompt }) => prompt.prompt_id === data.prompt_id);
  if (question === undefined) return state;
  const { turn_id: id, call_id: callId } = question.prompt;
  const fate =
    data.outcome === 'answered' ? { kind: data.outcome, answer: data.answer ?? '' } : { kind: data.outcome };
  const told = { ...state, questions: { ...state.questions, [callId]: { ...question, fate } } };
  return inTurn(told, { id, at: ts }, (turn) => resolved(turn, { callId, fate, at: ts }));
}

function withStep(state: Transcript, { data, ts }: Of<'STATUS'>): Transcript {
  const changed = inTurn(state, { id: data.turn_id, at: ts }, (turn) => {
    const place = turn.parts.findIndex((part) => part.kind === 'step' && part.callId === data.call_id);
    const old = turn.parts[place];
    const before = old?.kind === 'step' ? old : null;
    const step = nextStep(before, data, ts);
    if (step.state === 'waiting') step.paymentId ??= paymentOf(state, turn, step);
    const parts = before === null ? [...loggedParts(turn), step] : turn.parts.with(place, step);
    return { ...turn, parts };
  });
  return { ...changed, phase: data.phase };
}

function nextStep(before: Step | null, data: StatusData, at: string): Step {
  const waited =
    before?.waitingSince == null ? 0 : Math.max(0, Date.parse(at) - Date.parse(before.waitingSince));
  return {
    kind: 'step',
    callId: data.call_id,
    state: data.state,
    text: data.text,
    tool: data.tool ?? before?.tool ?? null,
    agentName: data.agent_name ?? before?.agentName ?? null,
    agentId: data.agent_id ?? before?.agentId ?? null,
    taskId: data.task_id ?? before?.taskId ?? null,
    nextAttemptAt: null,
    paymentId: before?.paymentId ?? null,
    since: before?.since ?? at,
    at,
    waitingSince: data.state === 'waiting' ? (before?.waitingSince ?? at) : null,
    waitedMs: (before?.waitedMs ?? 0) + (data.state === 'waiting' ? 0 : waited),
  };
}

/** A task belongs to the turn whose step gave it out, also when that turn has long ended. */
function withTask(state: Transcript, { data, ts }: Of<'TASK_UPDATE'>): Transcript {
  const given: unknown = data.result?.pictures;
  const pictures = Array.isArray(given) ? given.filter(isPicture) : [];
  const { task_id: taskId, next_attempt_at: nextAttemptAt = null } = data;
  const isOf = (part: Step | Message): part is Step => part.kind === 'step' && part.taskId === taskId;
  const turn = state.items.find((item): item is Turn => item.kind === 'turn' && item.parts.some(isOf));
  if (turn === undefined) return state;
  return inTurn(state, { id: turn.id, at: ts }, (known) => ({
    ...known,
    parts: known.parts.map((part) => (isOf(part) ? { ...part, nextAttemptAt } : part)),
    pictures: [...known.pictures, ...pictures],
  }));
}

const isPicture = (value: unknown): value is Picture =>
  isRecord(value) && ['name', 'alt', 'svg'].every((field) => typeof value[field] === 'string');

/** A payment is asked for just before its step says that it waits. */
function paymentOf(state: Transcript, turn: Turn, step: Step): string | null {
  const taken = turn.parts.flatMap((part) => (part.kind === 'step' ? [part.paymentId] : []));
  const free = turn.paymentIds.filter((id) => !taken.includes(id));
  const fits = free.find((id) => state.payments[id]?.agentId === step.agentId);
  return fits ?? free[0] ?? null;
}

function withDelta(state: Transcript, { data, ts }: Of<'AGENT_DELTA'>): Transcript {
  return inTurn(state, { id: data.turn_id, at: ts }, (turn) => {
    if (turn.end !== null) return turn;
    const place = placeOfMessage(turn, data.message_id);
    const old = turn.parts[place];
    const before = old?.kind === 'message' ? old : null;
    if (before?.whole === true || (before !== null && data.attempt < before.attempt)) return turn;
    const again = before === null || data.attempt > before.attempt;
    // Without its beginning, or with a hole, a text waits for the whole message.
    if (data.index !== (again ? 0 : before.nextIndex)) return turn;
    const message: Message = {
      kind: 'message',
      id: data.message_id,
      text: (again ? '' : before.text) + data.text,
      whole: false,
      at: ts,
      attempt: data.attempt,
      nextIndex: data.index + 1,
      stale: again ? (before?.text ?? '') : before.stale,
    };
    const parts = before === null ? [...loggedParts(turn), message] : turn.parts.with(place, message);
    return { ...turn, parts };
  });
}

/** The text so far was of an attempt that was given up. */
const resetTurn = (turn: Turn, attempt: number): Turn => ({
  ...turn,
  parts: turn.parts.map((part) =>
    part.kind === 'message' && !part.whole
      ? { ...part, attempt, nextIndex: 0, text: '', stale: part.text === '' ? part.stale : part.text }
      : part,
  ),
});

function withMessage(state: Transcript, { data, ts }: Of<'AGENT_MESSAGE'>): Transcript {
  return inTurn(state, { id: data.turn_id, at: ts }, (turn) => {
    const place = placeOfMessage(turn, data.message_id);
    const message: Message = {
      kind: 'message',
      id: data.message_id,
      text: data.content,
      whole: true,
      at: ts,
      attempt: 0,
      nextIndex: 0,
      stale: '',
    };
    const parts = place === -1 ? [...loggedParts(turn), message] : turn.parts.with(place, message);
    return { ...turn, parts };
  });
}

const placeOfMessage = (turn: Turn, id: string): number =>
  turn.parts.findIndex((part) => part.kind === 'message' && part.id === id);

function withPayment(state: Transcript, { data, ts }: Of<'PAYMENT_REQUEST'>): Transcript {
  return withFate(state, data, { kind: 'asked', request: data, askedAt: ts });
}

type PaymentData = Of<
  | 'PAYMENT_REQUEST'
  | 'PAYMENT_SUCCESSFUL'
  | 'PAYMENT_FAILED'
  | 'PAYMENT_RELEASED'
  | 'PAYMENT_REFUNDED'
  | 'PAYMENT_PENDING'
>['data'];

function withFate(state: Transcript, data: PaymentData, fate: PaymentFate): Transcript {
  const { payment_id: id, turn_id: turnId, amount_usdc: amount } = data;
  const known = state.payments[id] ?? { id, turnId, amount, ...agentOf(data), fate };
  const at = fate.kind === 'asked' ? fate.askedAt : fate.at;
  // An agent may have charged less than was asked for.
  const paid = fate.kind === 'paid' && fate.refunded === null ? amount : known.amount;
  const told = { ...state, payments: { ...state.payments, [id]: { ...known, amount: paid, fate } } };
  return inTurn(told, { id: turnId, at }, (turn) => {
    const has = turn.paymentIds.includes(id);
    const paying = has ? turn : { ...turn, paymentIds: [...turn.paymentIds, id] };
    return fate.kind === 'ended' ? takenBack(paying, id, fate) : paying;
  });
}

const agentOf = (data: PaymentData): Pick<Payment, 'agentId' | 'agentName'> =>
  'agent_id' in data
    ? { agentId: data.agent_id, agentName: data.agent_name }
    : { agentId: null, agentName: null };

/** Told by frames of their own: the error is for clients that know no other. */
const TOLD_ELSEWHERE = new Set(['payment_declined', 'agent_unavailable']);

/** A logged error names its turn, in older logs as the request. */
function withFailure(state: Transcript, { data, ts }: Of<'ERROR'>): Transcript {
  const { code, error_type: published, request_id: requestId } = data;
  if (TOLD_ELSEWHERE.has(published)) return state;
  return inTurn(state, { id: data.turn_id ?? requestId, at: ts }, (turn) => ({
    ...turn,
    failure: { code, requestId },
  }));
}
