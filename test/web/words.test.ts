import type { SessionListItem } from '../../sdk/api-types';
import { elapsed, remaining, remainingWords } from '../../web/state/clock';
import { budgetView, standingRule, sumUsdc } from '../../web/state/money';
import { partPasted } from '../../web/state/pasted';
import { groupSessions } from '../../web/state/session-groups';
import { durationText } from '../../web/state/turn-view';

const LONG = 'word '.repeat(90).trim();

test('a long text behind a question is folded under it', () => {
  expect(partPasted(`How readable is this text: ${LONG}`)).toEqual({
    ask: 'How readable is this text:',
    text: LONG,
    label: 'Pasted text, 90 words',
  });
});

test('a table behind a question is counted without its head', () => {
  expect(partPasted('Which days stand out?\nday,visitors\n1,204\n2,41')).toMatchObject({
    ask: 'Which days stand out?',
    label: 'Pasted table, 2 rows, 2 columns',
  });
});

test.each([
  'A short question: what is it?',
  'Two lines\nof a message',
  'It opens at 10:30, closes at 12:00',
  `${LONG}`,
])('what is no question with something pasted stays whole: %s', (content) => {
  expect(partPasted(content)).toMatchObject({ ask: content, text: null });
});

test('times read as in the look', () => {
  expect([elapsed(47_000), elapsed(3_725_000)]).toEqual(['0:47', '1:02:05']);
  expect([remaining(553_000), remaining(41_520_000)]).toEqual(['9:13', '11 h 32 min']);
  expect(remainingWords(553_000)).toBe('9 minutes 13 seconds left');
  expect(durationText(20)).toBe('under 0.1 s');
  expect([durationText(9_200), durationText(59_960), durationText(72_000)]).toEqual([
    '9.2 s',
    '1 min 0 s',
    '1 min 12 s',
  ]);
});

test('amounts are added exactly, and never rounded', () => {
  expect(sumUsdc(['0.1', '0.2', '0.000001'])).toBe('0.300001');
  const budget = {
    limit_usdc: '2.00',
    auto_approve_usdc: '0.00',
    spent_usdc: '0.097',
    held_usdc: '0.05',
    asked_usdc: '0.05',
    model_usdc: '0.017',
  };
  expect(budgetView(budget)).toMatchObject({ agents: '0.08', left: '1.853', shares: { spent: 4.85 } });
});

test('what is paid without asking is said as it is', () => {
  expect(standingRule('0.00')).toBe('You approve every payment.');
  expect(standingRule('0.05')).toContain('Payments of up to 0.05 USDC');
});

const session = (id: string, more: Partial<SessionListItem>): SessionListItem => ({
  id,
  title: id,
  phase: 'CONNECTED',
  created_at: '2026-11-22T10:00:00Z',
  last_message_at: null,
  cost: '0.00',
  waiting: false,
  ...more,
});

test('chats that wait for the person come first, then those at work, then by day', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');
  const groups = groupSessions(
    [
      session('old', { last_message_at: '2026-11-03T12:00:00Z' }),
      session('rest', {}),
      session('busy', { phase: 'WORKING' }),
      session('asks', { waiting: true, phase: 'AWAITING_PAYMENT' }),
    ],
    '',
    now,
  );
  expect(groups.map(({ name, sessions }) => [name, sessions.map(({ id }) => id)])).toEqual([
    ['Waiting for you', ['asks']],
    ['At work', ['busy']],
    ['Today', ['rest']],
    ['Earlier', ['old']],
  ]);
  expect(groupSessions([session('Donor letter', {})], 'donor', now)).toHaveLength(1);
  expect(groupSessions([session('Donor letter', {})], 'tram', now)).toHaveLength(0);
});
