import type { Frame } from '../../sdk/frames';
import { readFrame } from '../../sdk/frames';
import { EMPTY } from '../../web/state/conversation';
import type { Transcript, Turn } from '../../web/state/conversation';
import { reduce } from '../../web/state/transcript';
import { isAsking, isBusy, openPayments, openQuestions, turnTimes, viewOf } from '../../web/state/turn-view';

// What the page makes of questions, stops, and messages that come while a turn works.
let seq = 0;
const at = (seconds: number): string => new Date(1_800_000_000_000 + seconds * 1_000).toISOString();

function frame(type: string, seconds: number, data: Record<string, unknown>): Frame {
  const read = readFrame({ type, data, ts: at(seconds), seq: (seq += 1) });
  if (read === null) throw new Error(`${type} is no frame`);
  return read;
}
const play = (frames: Frame[]): Transcript => frames.reduce((state, next) => reduce(state, next, 0), EMPTY);
const said = (seconds: number, content = 'How readable?') =>
  frame('USER_MESSAGE', seconds, { content, message_id: `m${seconds}` });
const step = (seconds: number, [call, state]: [string, string], more = {}) =>
  frame('STATUS', seconds, { phase: 'WORKING', turn_id: 't1', call_id: call, state, text: call, ...more });
const end = (seconds: number, outcome: string, turn = 't1') =>
  frame('TURN_END', seconds, {
    turn_id: turn,
    outcome,
    cost_usdc: '0.01',
    usage: { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 90 },
  });
const question = (seconds: number) =>
  frame('USER_PROMPT', seconds, {
    prompt_id: 'q1',
    turn_id: 't1',
    call_id: 'ask',
    question: 'Which language?',
    options: ['English', 'German'],
    expires_at: at(900),
  });
const resolved = (seconds: number, outcome: string, answer?: string) =>
  frame('USER_PROMPT_RESOLVED', seconds, { prompt_id: 'q1', turn_id: 't1', outcome, answer });
const asking = [said(0), step(1, ['ask', 'now']), question(2), step(2, ['ask', 'waiting'])];

const turns = ({ items }: Transcript): Turn[] =>
  items.flatMap((item) => (item.kind === 'turn' ? [item] : []));
const [first, second] = [0, 1].map((n) => (state: Transcript): Turn => {
  const turn = turns(state)[n];
  if (turn === undefined) throw new Error(`no turn ${n}`);
  return turn;
}) as [(state: Transcript) => Turn, (state: Transcript) => Turn];

test('a question waits for the person, and its answer ends the step that asked', () => {
  expect(openQuestions(play(asking))).toMatchObject([{ prompt: { question: 'Which language?' } }]);
  expect(isAsking(play(asking))).toBe(true);
  const state = play([...asking, resolved(32, 'answered', 'German')]);
  expect(openQuestions(state)).toEqual([]);
  expect(state.questions['ask']?.fate).toEqual({ kind: 'answered', answer: 'German' });
  expect(first(state).parts).toMatchObject([{ state: 'done', text: 'You answered', waitedMs: 30_000 }]);
  expect(turnTimes(first(state), Date.parse(at(40)))).toEqual({ totalMs: 40_000, waitedMs: 30_000 });
});

test.each([
  ['expired', 'The question ended without an answer'],
  ['withdrawn', 'The question was taken back'],
])('a question that has %s says so', (outcome, text) => {
  const state = play([...asking, resolved(900, outcome)]);
  expect(isAsking(state)).toBe(false);
  expect(first(state).parts).toMatchObject([{ state: 'done', text }]);
});

test('a question outlives its turn, and its answer stands where it was asked', () => {
  const left = play([...asking, end(120, 'waiting')]);
  expect(viewOf(first(left)).open).toHaveLength(1);
  expect(isAsking(left)).toBe(true);
  const state = reduce(left, resolved(300, 'answered', 'German'), 0);
  expect(viewOf(first(state)).open).toHaveLength(0);
  expect(turns(state)).toHaveLength(1);
});

test('the end of a question that was never seen changes nothing', () => {
  const state = play([said(0), step(1, ['a', 'now'])]);
  expect(reduce(state, resolved(2, 'expired'), 0).items).toEqual(state.items);
});

test('what had begun in a turn that is stopped has stopped; an agent at work goes on', () => {
  const state = play([
    said(0),
    step(1, ['search', 'now']),
    step(2, ['hire', 'now'], { task_id: 'tsk_1' }),
    end(3, 'cancelled'),
  ]);
  expect(first(state).parts).toMatchObject([
    { state: 'done', text: 'search: stopped' },
    { state: 'now', text: 'hire' },
  ]);
  expect(viewOf(first(state)).open.map(({ callId }) => callId)).toEqual(['hire']);
  expect(first(state).end?.tokens).toEqual({ read: 100, fromCache: 90, toCache: 0, written: 5, steps: [] });
});

test.each(['turn_cancelled', 'session_closed'])(
  'a price that was asked and taken back waits no more: %s',
  (reason) => {
    const pay = {
      payment_id: 'p1',
      turn_id: 't1',
      amount_usdc: '0.05',
      agent_id: 'a1',
      agent_name: 'Plainsight',
    };
    const asked = frame('PAYMENT_REQUEST', 2, { ...pay, action: 'x', description: 'y', expires_at: at(900) });
    const back = frame('PAYMENT_FAILED', 9, { ...pay, state: 'DECLINED', reason_code: reason });
    const state = play([said(0), step(1, ['pay', 'now']), asked, step(2, ['pay', 'waiting']), back]);
    expect(openPayments(state)).toEqual([]);
    expect(first(state).parts).toMatchObject([
      { state: 'done', text: 'The request was taken back; nothing was paid' },
    ]);
  },
);

test('messages that come while a turn works are answered in their order, each under itself', () => {
  const next = frame('STATUS', 6, { phase: 'WORKING', turn_id: 't2', call_id: 'b', state: 'now', text: 'b' });
  const state = play([
    said(0, 'one'),
    step(1, ['a', 'now']),
    said(2, 'two'),
    said(3, 'three'),
    end(5, 'answered'),
    next,
  ]);
  expect(state.items.map((item) => (item.kind === 'said' ? item.content : item.id))).toEqual([
    'one',
    't1',
    'two',
    't2',
    'three',
  ]);
  // Its time begins with the end of the turn that it waited for.
  expect(second(state)).toMatchObject({ asked: 'two', since: at(5) });
});

test('a turn that was stopped before it began is the turn of its message', () => {
  const state = play([said(0, 'one'), end(1, 'cancelled')]);
  expect(first(state)).toMatchObject({ asked: 'one', parts: [], end: { outcome: 'cancelled' } });
  expect(isBusy(state)).toBe(false);
});

test('nothing works or waits in a chat that is closed', () => {
  const closed = frame('SESSION_CLOSED', 5, { reason: 'closed by its owner', phase: 'CLOSED' });
  const state = play([said(0, 'one'), step(1, ['a', 'now']), said(2, 'two'), end(4, 'cancelled'), closed]);
  expect([isBusy(state), isAsking(state)]).toEqual([false, false]);
});
