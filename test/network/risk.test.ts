import { assessRisk } from '../../domain/risk';

const levelOf = (payload: unknown) => assessRisk({ said: 'R0', by: 'The sender', texts: [], payload }).level;

test.each([
  ['in a list', { a: ['x', ['pay']] }],
  ['as a key', { deep: { place_order: 1 } }],
  ['after a line end', { a: 'x\npay' }],
  ['after a tab and a quote', { a: 'x\t"pay"' }],
  ['after a backslash', { a: 'x\\pay' }],
  ['after a character that nobody sees', { a: 'x \u0001pay' }],
  ['with a soft hyphen in it', { a: 'p\u00aday' }],
  ['in full width', { a: 'ｐａｙ' }],
  ['of two words', { a: 'read private' }],
  ['behind a thousand others', { a: [...Array.from({ length: 1_000 }, (_, n) => `w${n}`), 'Pay!'] }],
])('a word that makes a task risky is found %s', (_name, payload) => {
  expect(levelOf(payload)).toBe('R3');
});

test.each([
  ['part of another word', { a: 'payload repayment' }],
  ['two texts that would be one', { a: ['read', 'private'] }],
  ['nothing', null],
])('%s makes nothing risky', (_name, payload) => {
  expect(levelOf(payload)).toBe('R0');
});

test('what stands in a payload a thousand times is told once, and five reasons at most', () => {
  const payload = {
    a: Array.from({ length: 1_000 }, () => 'pay'),
    b: ['buy 1', 'buy 2', 'buy 3', 'buy 4', 'buy 5'],
  };
  const { level, reasons } = assessRisk({ said: 'R0', by: 'The sender', texts: [], payload });
  expect(level).toBe('R3');
  expect(reasons).toEqual([
    'The payload (a.0) says “pay”.',
    ...[0, 1, 2, 3].map((at) => `The payload (b.${at}) says “buy”.`),
  ]);
});
