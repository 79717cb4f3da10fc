import type { TaskAttempt } from '../../domain/task';
import { lineOf } from '../../web/state/task-line';
import type { TaskPage } from '../../sdk/task-types';

const call = (more: Partial<TaskAttempt>): TaskAttempt => ({
  attempt: 1,
  kind: 'attempt',
  started_at: '2026-11-23T10:00:00.000Z',
  ended_at: '2026-11-23T10:00:01.000Z',
  http_status: 200,
  outcome: 'completed',
  latency_ms: 12,
  head: null,
  ...more,
});

test.each<[Partial<TaskAttempt>, string]>([
  [{}, 'Attempt 1: answered 200 in 12 ms'],
  [{ http_status: null, outcome: 'retry' }, 'Attempt 1: no answer in 12 ms, tried again'],
  [{ ended_at: null, outcome: null }, 'Attempt 1 is under way'],
  [
    { kind: 'probe', http_status: 503, outcome: 'retry' },
    'Tried whether it is back, attempt 1: answered 503 in 12 ms, tried again',
  ],
  [{ kind: 'drained' }, 'It is back, attempt 1: answered 200 in 12 ms'],
  [{ http_status: 202, outcome: 'accepted' }, 'Attempt 1: answered 202 in 12 ms, reports later'],
  [{ kind: 'callback', http_status: null, latency_ms: 0 }, 'Its own report, call 1: it is done'],
  [
    { kind: 'callback', http_status: null, latency_ms: 0, outcome: 'failed' },
    'Its own report, call 1: it failed',
  ],
])('a call of every kind has its words: %j', (more, words) => {
  const side = { id: 'agt_a', name: 'Ann', slug: 'ann' };
  const page = {
    events: [],
    attempts: [call(more)],
    messages: [],
    confirmation: null,
    parked_at: null,
    from: side,
    to: side,
  };
  expect(lineOf(page as unknown as TaskPage).map((knot) => knot.words)).toEqual([words]);
});

test('what was said stands among what happened, in its time, with the words of its kind', () => {
  const at = (second: number) => `2026-11-23T10:00:0${second}.000Z`;
  const page = {
    events: [],
    attempts: [call({ started_at: at(2) })],
    messages: [
      { id: 'msg_a', side: 'from', type: 'text', content: 'How far?', data: null, at: at(1) },
      { id: 'msg_b', side: 'to', type: 'counter', content: 'Half', data: { share: 1 }, at: at(3) },
    ],
    confirmation: null,
    parked_at: null,
    from: { id: 'agt_a', name: 'Ann', slug: 'ann' },
    to: { id: 'agt_b', name: null, slug: null },
  };
  expect(lineOf(page as unknown as TaskPage)).toMatchObject([
    { words: 'Ann says', note: 'How far?', fold: null },
    { words: expect.stringContaining('Attempt 1') as string },
    {
      words: 'agt_b proposes instead',
      note: 'Half',
      fold: { title: 'What was sent with it', text: '{\n  "share": 1\n}' },
    },
  ]);
});
