import type { Frame } from '../../sdk/frames';
import { readFrame } from '../../sdk/frames';
import { EMPTY } from '../../web/state/conversation';
import type { Transcript, Turn } from '../../web/state/conversation';
import { reduce } from '../../web/state/transcript';
import { isUnanswered, openPayments, paidBy, summaryOf, turnTimes, viewOf } from '../../web/state/turn-view';

let seq = 0;
const at = (seconds: number): string => new Date(1_800_000_000_000 + seconds * 1_000).toISOString();

function frame(type: string, seconds: number, data: Record<string, unknown>): Frame {
  const logged = !['AGENT_DELTA', 'TURN_RESET', 'SESSION_READY'].includes(type);
  const read = readFrame({ type, data, ts: at(seconds), ...(logged ? { seq: (seq += 1) } : {}) });
  if (read === null) throw new Error(`${type} is no frame`);
  return read;
}
const play = (frames: Frame[]): Transcript =>
  frames.reduce((state, next) => reduce(state, next, Date.parse(at(0))), EMPTY);

const said = (seconds: number, content = 'How readable?') =>
  frame('USER_MESSAGE', seconds, { content, message_id: `m${seconds}` });
const step = (seconds: number, [call, state]: [string, string], more = {}) =>
  frame('STATUS', seconds, { phase: 'WORKING', turn_id: 't1', call_id: call, state, text: call, ...more });
const delta = (seconds: number, [index, text]: [number, string], attempt = 1) =>
  frame('AGENT_DELTA', seconds, { message_id: 't1/1', turn_id: 't1', attempt, index, text });
const answer = (seconds: number, content: string, id = 't1/1') =>
  frame('AGENT_MESSAGE', seconds, { content, message_id: id, turn_id: 't1' });
const end = (seconds: number, outcome = 'answered') =>
  frame('TURN_END', seconds, { turn_id: 't1', outcome, cost_usdc: '0.01', usage: {} });
const pay = {
  payment_id: 'p1',
  turn_id: 't1',
  amount_usdc: '0.05',
  agent_id: 'a1',
  agent_name: 'Plainsight',
};
const asked = (seconds: number) =>
  frame('PAYMENT_REQUEST', seconds, { ...pay, action: 'x', description: 'y', expires_at: at(900) });

const turnOf = ({ items }: Transcript): Turn => {
  const turn = items.find((item) => item.kind === 'turn');
  if (turn?.kind !== 'turn') throw new Error('no turn');
  return turn;
};
const textOf = (state: Transcript): string => viewOf(turnOf(state)).answer?.text ?? '';

test('the frames of one call are one step, and the last one counts', () => {
  const state = play([said(0), step(1, ['a', 'now']), step(1.2, ['a', 'done']), step(2, ['b', 'now'])]);
  const steps = turnOf(state).parts;
  expect(steps).toMatchObject([
    { callId: 'a', state: 'done', since: at(1), at: at(1.2) },
    { callId: 'b', state: 'now' },
  ]);
});

test('a message that no turn has taken up is unanswered', () => {
  expect(isUnanswered(play([said(0)]))).toBe(true);
  expect(isUnanswered(play([said(0), step(1, ['a', 'now'])]))).toBe(false);
});

test('a text grows by its pieces in order, and the whole message is the truth', () => {
  const growing = [said(0), delta(1, [0, 'Hel']), delta(1.1, [1, 'lo'])];
  expect(textOf(play(growing))).toBe('Hello');
  expect(textOf(play([...growing, answer(2, 'Hello there')]))).toBe('Hello there');
});

test('a piece after a hole, or of an older attempt, changes nothing', () => {
  expect(textOf(play([said(0), delta(1, [0, 'A']), delta(1, [2, 'C'])]))).toBe('A');
  expect(textOf(play([said(0), delta(1, [0, 'new'], 2), delta(1, [0, 'old'], 1)]))).toBe('new');
  expect(turnOf(play([said(0), step(0.5, ['a', 'done']), delta(1, [3, 'late'])])).parts).toHaveLength(1);
});

test('a reset keeps the old text as stale until the new one has grown', () => {
  const reset = frame('TURN_RESET', 2, { turn_id: 't1', attempt: 2 });
  const state = play([said(0), delta(1, [0, 'Old text']), reset, delta(3, [0, 'New'], 2)]);
  expect(viewOf(turnOf(state)).answer).toMatchObject({ text: 'New', stale: 'Old text' });
});

test('a late piece after the whole message changes nothing', () => {
  expect(textOf(play([said(0), delta(1, [0, 'A']), answer(2, 'All'), delta(2.1, [1, 'B'])]))).toBe('All');
});

test('words that never became a message are gone when the turn ends, and when it goes on', () => {
  const half = [said(0), delta(1, [0, 'Half an ans'])];
  const failed = frame('TURN_END', 2, { turn_id: 't1', outcome: 'failed', text: 'No.', cost_usdc: '0.00' });
  expect(turnOf(play([...half, failed])).parts).toEqual([]);
  expect(turnOf(play([...half, failed, delta(3, [0, 'late'], 2)])).parts).toEqual([]);
  // The call that said it was refused: the model is asked again, and says or does something else.
  const next = frame('AGENT_DELTA', 2, {
    message_id: 't1/2',
    turn_id: 't1',
    attempt: 2,
    index: 0,
    text: 'Better',
  });
  expect(turnOf(play([...half, next])).parts).toMatchObject([{ text: 'Better' }]);
  expect(turnOf(play([...half, step(2, ['a', 'now'])])).parts).toMatchObject([{ callId: 'a' }]);
});

test('words between steps stand in the line, only the last ones are the answer', () => {
  const state = play([
    said(0),
    answer(1, 'I look.', 't1/1'),
    step(2, ['a', 'done']),
    answer(3, 'Found.', 't1/2'),
  ]);
  const view = viewOf(turnOf(state));
  expect(view.line.map(({ kind }) => kind)).toEqual(['message', 'step']);
  expect(view.answer?.text).toBe('Found.');
});

test('the step that waits carries the payment it asks for, and its wait is counted', () => {
  const waiting = step(5, ['pay', 'waiting'], { agent_id: 'a1', agent_name: 'Plainsight' });
  const state = play([said(0), step(4, ['pay', 'now']), asked(5), waiting]);
  expect(turnOf(state).parts[0]).toMatchObject({ state: 'waiting', paymentId: 'p1' });
  expect(openPayments(state)).toHaveLength(1);
  expect(turnTimes(turnOf(state), Date.parse(at(52)))).toEqual({ totalMs: 52_000, waitedMs: 47_000 });
  const decided = play([said(0), step(4, ['pay', 'now']), asked(5), waiting, step(12, ['pay', 'done'])]);
  expect(openPayments(decided)).toHaveLength(0);
  expect(turnTimes(turnOf(decided), Date.parse(at(20)))).toEqual({ totalMs: 20_000, waitedMs: 7_000 });
});

test('a turn says how many steps it took, how long, and whom it hired', () => {
  const hired = { tool: 'invoke_agent', agent_id: 'a1', agent_name: 'Plainsight' };
  const frames = [said(0), step(1, ['a', 'now']), step(2, ['a', 'done']), step(3, ['b', 'now'], hired)];
  const state = play([...frames, step(9.2, ['b', 'done'], hired), answer(10, 'Done.'), end(10.1)]);
  expect(summaryOf(turnOf(state))).toBe('2 steps in 9.2 s, one agent hired');
});

test('what was paid stands at the turn that asked, also when it comes after the end', () => {
  const paid = frame('PAYMENT_SUCCESSFUL', 20, pay);
  const state = play([said(0), asked(1), answer(2, 'Waiting.'), end(3, 'waiting'), paid]);
  expect(paidBy(turnOf(state), state.payments).map(({ amount }) => amount)).toEqual(['0.05']);
});

test('what was approved beforehand and never asked for is paid, or comes back, at its turn', () => {
  const hold = step(1, ['pay', 'done'], { agent_id: 'a1', agent_name: 'Plainsight' });
  const paid = play([said(0), hold, frame('PAYMENT_SUCCESSFUL', 5, pay), end(6)]);
  expect(paidBy(turnOf(paid), paid.payments)).toMatchObject([{ amount: '0.05', agentName: 'Plainsight' }]);
  const { agent_id: _, agent_name: __, ...money } = pay;
  const back = play([said(0), hold, frame('PAYMENT_RELEASED', 5, { ...money, state: 'VOIDED' }), end(6)]);
  expect(turnOf(back).paymentIds.map((id) => back.payments[id])).toMatchObject([
    { amount: '0.05', fate: { kind: 'ended', state: 'VOIDED' } },
  ]);
});

test('a turn that fails keeps its words and the code an operator asks for', () => {
  const error = {
    error_type: 'internal_error',
    code: 'model_overloaded',
    message: 'm',
    retryable: true,
    fatal: false,
  };
  const failed = { turn_id: 't1', outcome: 'failed', text: 'The model did not answer.', cost_usdc: '0.00' };
  const state = play([
    said(0),
    step(1, ['a', 'done']),
    frame('ERROR', 2, { ...error, turn_id: 't1', request_id: 'req_1' }),
    frame('TURN_END', 2, failed),
  ]);
  expect(turnOf(state)).toMatchObject({
    end: { outcome: 'failed', text: 'The model did not answer.' },
    failure: { code: 'model_overloaded', requestId: 'req_1' },
  });
});

test('a turn that fails before its first step shows its code all the same', () => {
  const failure = {
    error_type: 'internal_error',
    code: 'model_settings',
    message: 'm',
    retryable: false,
    fatal: false,
  };
  const end = { turn_id: 't1', outcome: 'failed', text: 'No.', cost_usdc: '0.00' };
  const state = play([
    said(0),
    frame('ERROR', 1, { ...failure, request_id: 't1' }),
    frame('TURN_END', 1, end),
  ]);
  expect(turnOf(state)).toMatchObject({ failure: { code: 'model_settings', requestId: 't1' } });
});

test('a turn stands under the message it answers, and one that answers none under no message', () => {
  const start = (seconds: number, turn: string, message?: string) =>
    frame('TURN_START', seconds, { turn_id: turn, message_id: message });
  const more = (seconds: number, turn: string) =>
    frame('AGENT_MESSAGE', seconds, { content: turn, message_id: `${turn}/1`, turn_id: turn });
  const ended = (seconds: number, turn: string) =>
    frame('TURN_END', seconds, { turn_id: turn, outcome: 'answered', cost_usdc: '0.01', usage: {} });
  const state = play([
    ...[said(0, 'one'), start(1, 't1', 'm0'), ended(2, 't1')],
    // An outcome is being answered when the person writes.
    ...[start(5, 't2'), said(6, 'two'), more(7, 't2'), ended(8, 't2')],
    ...[start(9, 't3', 'm6'), more(10, 't3')],
  ]);
  expect(state.items.map((item) => (item.kind === 'turn' ? [item.id, item.asked] : item.content))).toEqual([
    'one',
    ['t1', 'one'],
    ['t2', null],
    'two',
    ['t3', 'two'],
  ]);
  // One that waits already is answered after it.
  const late = play([said(0, 'one'), said(1, 'two'), start(2, 't1')]);
  expect(late.items.map(({ kind }) => kind)).toEqual(['turn', 'said', 'said']);
});

test('the outcome of an earlier wait is a turn of its own', () => {
  const late = frame('AGENT_MESSAGE', 9, { content: 'It is here.', message_id: 't2/1', turn_id: 't2' });
  const state = play([said(0), answer(1, 'Waiting.'), end(2, 'waiting'), late]);
  expect(state.items.map(({ kind }) => kind)).toEqual(['said', 'turn', 'turn']);
});

test('the difference of the clocks is taken from the server’s first word', () => {
  const ready = frame('SESSION_READY', 30, { phase: 'WORKING', last_seq: 0, pending: [] });
  expect(play([ready]).clockOffset).toBe(30_000);
});

test('a part that has not changed is the same object, so that it need not be drawn again', () => {
  const before = play([said(0), answer(1, 'First.'), end(2), said(3)]);
  const next = frame('STATUS', 4, { phase: 'WORKING', turn_id: 't2', call_id: 'x', state: 'now', text: 'x' });
  const after = reduce(before, next, 0);
  expect(after.items[1]).toBe(before.items[1]);
});

const updated = (seconds: number, task: string, result?: unknown) =>
  frame('TASK_UPDATE', seconds, { task_id: task, status: 'completed', attempt: 1, risk_level: 'R0', result });
const picture = { name: 'svg', alt: 'A QR code', svg: '<svg/>' };

test('a picture stands in the turn that gave out its task, also when the turn had ended', () => {
  const pictures = { pictures: [picture] };
  const told = [said(0), step(1, ['a', 'now'], { task_id: 'tsk_1' }), step(2, ['a', 'done'])];
  expect(turnOf(play([...told, updated(3, 'tsk_1', pictures)])).pictures).toEqual([picture]);
  const late = play([...told, end(3), said(4, 'And now?'), updated(5, 'tsk_1', pictures)]);
  expect(late.items).toHaveLength(3);
  expect(turnOf(late).pictures).toEqual([picture]);
});

test.each([[undefined], [{}], [{ pictures: [{ svg: 5 }] }], [{ pictures: 'no' }]])(
  'an update of a task without pictures shows none: %j',
  (result) => {
    const state = play([said(0), step(1, ['a', 'now'], { task_id: 'tsk_1' }), updated(2, 'tsk_1', result)]);
    expect(turnOf(state).pictures).toEqual([]);
  },
);

test('a task that is tried again says when, until it is told anew', () => {
  const told = [said(0), step(1, ['a', 'now'], { task_id: 'tsk_1' })];
  const retry = frame('TASK_UPDATE', 2, {
    task_id: 'tsk_1',
    status: 'in_progress',
    attempt: 1,
    risk_level: 'R0',
    next_attempt_at: at(7),
  });
  expect(turnOf(play([...told, retry])).parts).toMatchObject([{ nextAttemptAt: at(7) }]);
  expect(turnOf(play([...told, retry, updated(8, 'tsk_1')])).parts).toMatchObject([{ nextAttemptAt: null }]);
});

test('an agent that fails is no failure of its turn', () => {
  const error = { error_type: 'agent_unavailable', code: 'agent_refused', message: 'm', fatal: false };
  const told = frame('ERROR', 2, { ...error, turn_id: 't1', request_id: 'req_1' });
  expect(turnOf(play([said(0), step(1, ['a', 'failed']), told, end(3, 'limit')])).failure).toBeNull();
});
