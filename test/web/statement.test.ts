import type { Statement, StatementEntry } from '../../sdk/money-types';
import { wholeStatement } from '../../web/session/whole-statement';
import { signed, whatHappened, whenOf } from '../../web/state/statement';

const entry = (kind: StatementEntry['kind'], amount: string): StatementEntry => ({
  id: '1',
  at: '2026-11-23T10:00:00.000Z',
  kind,
  amount_usdc: amount,
});

test('a change of money says its direction, and none has no sign', () => {
  expect(['5.00', '-0.05', '0.00', '-9223372036854.775807'].map(signed)).toEqual([
    '+5.00',
    '−0.05',
    '0.00',
    '−9223372036854.775807',
  ]);
});

test('an entry says what happened, to the one who pays and to the one who is paid', () => {
  expect(whatHappened(entry('capture', '0.00'), 'wallet')).toBe('Paid, of what was held');
  expect(whatHappened(entry('capture', '0.02'), 'wallet')).toBe('Paid in part, the rest came back');
  expect(whatHappened(entry('capture', '0.02'), 'earnings')).toBe('Earned');
  expect(whatHappened(entry('refund', '0.02'), 'wallet')).toBe('Refunded to you');
  expect(whatHappened(entry('refund', '-0.02'), 'earnings')).toBe('Refunded by you');
  expect(whatHappened(entry('hold', '-0.02'), 'earnings')).toBe('Held, to be refunded');
  expect(whatHappened(entry('refund', '0.00'), 'earnings')).toBe('Refunded by you, of what was held');
  expect(whatHappened(entry('void', '0.02'), 'earnings')).toBe('Yours again, not refunded');
});

test('an entry of another year says its year', () => {
  const now = new Date('2027-01-02T12:00:00.000Z');
  expect(whenOf('2027-01-01T12:00:00.000Z', now)).toMatch(/^1 Jan, \d\d:\d\d$/);
  expect(whenOf('2026-11-23T12:00:00.000Z', now)).toMatch(/^23 Nov 2026, \d\d:\d\d$/);
});

test('the whole of a statement is every page of it, with the balance of the first', async () => {
  const asked: (string | null | undefined)[] = [];
  const pages: Record<string, Statement> = {
    '': { balance_usdc: '2.00', held_usdc: '0.00', entries: [entry('refund', '2.00')], next_cursor: '7' },
    '7': { balance_usdc: '9.00', held_usdc: '1.00', entries: [entry('hold', '-1.00')], next_cursor: null },
  };
  const client = {
    statement: (_account: string, page: { cursor?: string | null } = {}) => {
      asked.push(page.cursor);
      const found = pages[page.cursor ?? ''];
      return found === undefined ? Promise.reject(new Error('no such page')) : Promise.resolve(found);
    },
  };
  const whole = await wholeStatement(client, 'wallet');
  expect(whole).toMatchObject({ account: 'wallet', balance_usdc: '2.00', held_usdc: '0.00' });
  expect(whole.entries.map(({ kind }) => kind)).toEqual(['refund', 'hold']);
  expect(asked).toEqual([undefined, '7']);
});
