import fc from 'fast-check';
import { formatUsdc, parseUsdc, tokenCost } from '../../domain/money';

const amounts = fc.bigInt({ min: 0n, max: 999_999_999_999_999_999n });

test('an amount that is written is read as the same amount', () => {
  fc.assert(fc.property(amounts, (micros) => expect(parseUsdc(formatUsdc(micros))).toBe(micros)));
});

test('an amount is written with two to six decimals and never in another form', () => {
  fc.assert(fc.property(amounts, (micros) => expect(formatUsdc(micros)).toMatch(/^(0|[1-9]\d*)\.\d{2,6}$/)));
  fc.assert(
    fc.property(amounts, (micros) => expect(formatUsdc(-micros - 1n)).toBe(`-${formatUsdc(micros + 1n)}`)),
  );
});

test('a decimal is read as what it says', () => {
  const decimals = fc.tuple(fc.nat(999_999_999), fc.stringMatching(/^\d{1,6}$/));
  fc.assert(
    fc.property(decimals, ([whole, fraction]) =>
      expect(parseUsdc(`${whole}.${fraction}`)).toBe(BigInt(`${whole}${fraction.padEnd(6, '0')}`)),
    ),
  );
});

test.each([
  ...['', ' ', '1 ', ' 1', '1\n', '\t1', '1.', '.5', '.', '00', '01', '0x10', '1_000', '1,5', '1.2.3'],
  ...[
    '-1',
    '+1',
    '--1',
    '-0',
    '1e3',
    '1E3',
    '5e-1',
    'NaN',
    'Infinity',
    '0.0000001',
    '1.1234567',
    '1.0000000',
  ],
  ...['1234567890123', '١', '１', '²', '1n', '$1', '1 USDC', 'null'],
])('%j is no amount', (text) => {
  expect(parseUsdc(text)).toBeNull();
});

test('floats as JavaScript writes them are read only when they are plain decimals', () => {
  expect(parseUsdc(String(0.1 + 0.2))).toBeNull();
  expect(parseUsdc(String(1e21))).toBeNull();
  expect(parseUsdc(String(1e-7))).toBeNull();
  fc.assert(
    fc.property(fc.double(), (value) => {
      const read = parseUsdc(String(value));
      if (read !== null) expect(Number(formatUsdc(read))).toBe(Number(String(value)));
    }),
  );
});

test('any text that is read is written as the same number', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[-+.\deE ]{0,20}$/)), (text) => {
      const read = parseUsdc(text);
      if (read === null) return;
      const trimmed = text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text;
      expect(formatUsdc(read).replace(/0+$/, '').replace(/\.$/, '')).toBe(trimmed);
    }),
  );
});

test('tokens cost at least their price, and less than a millionth more', () => {
  const price = fc.bigInt({ min: 0n, max: 1_000_000_000n });
  fc.assert(
    fc.property(fc.nat(10_000_000), fc.nat(10_000_000), price, (inputTokens, outputTokens, each) => {
      const exact = BigInt(inputTokens + outputTokens) * each;
      const cost = tokenCost(
        { inputTokens, outputTokens, cacheReadTokens: 0, cacheWriteTokens: 0 },
        { inputPerMillion: each, outputPerMillion: each },
      );
      expect(cost * 1_000_000n - exact).toBeGreaterThanOrEqual(0n);
      expect(cost * 1_000_000n - exact).toBeLessThan(1_000_000n);
    }),
  );
});

test('what the prompt cache spares costs a tenth of the input price, and what it keeps five quarters', () => {
  const price = { inputPerMillion: 3_000_000n, outputPerMillion: 15_000_000n };
  const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
  expect(tokenCost({ ...usage, inputTokens: 1_000_000 }, price)).toBe(3_000_000n);
  expect(tokenCost({ ...usage, cacheReadTokens: 1_000_000 }, price)).toBe(300_000n);
  expect(tokenCost({ ...usage, cacheWriteTokens: 1_000_000 }, price)).toBe(3_750_000n);
  expect(tokenCost({ ...usage, cacheReadTokens: 1 }, price)).toBe(1n);
});
