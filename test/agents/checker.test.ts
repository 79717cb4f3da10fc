import fc from 'fast-check';
import { checker } from '../../dev/agents/checker/checker';
import { scanJson } from '../../dev/agents/checker/json-scan';
import { askAgent } from './ask';

const check = (json: string) => askAgent(checker, 'check_json', { json });

test.each([
  ['{"a": 1,}', 1, 9, 'a comma stands before the closing }'],
  ['{"a": 1 "b": 2}', 1, 9, 'a comma or } is missing'],
  ["{'a': 1}", 1, 2, 'not in single ones'],
  ['{a: 1}', 1, 2, 'no double quotes around it'],
  ['{"a" 1}', 1, 6, 'a colon is missing'],
  ['[1, 2', 1, 6, 'the text ends here'],
  ['{\n  "a": "x\ny"\n}', 2, 10, 'a line break stands within a string'],
  ['{\r\n  "a": tru\r\n}', 2, 8, 'tru is no value'],
  ['["\\x"]', 1, 3, 'a backslash'],
  ['[01]', 1, 2, 'a zero too many'],
  ['[.5, +1]', 1, 2, 'begins with a point'],
  ['[1] x', 1, 5, 'the JSON has ended before this'],
  ['// no\n1', 1, 1, 'JSON has no comments'],
  ['"abc', 1, 1, 'never closed'],
  ['[NaN]', 1, 2, 'NaN is no value'],
  ['  ', 1, 3, 'the text is empty'],
  ['['.repeat(501), 1, 501, 'nested deeper than 500'],
])('%j is not valid: line %d, column %d, %s', async (json, ...[line, column, reason]) => {
  expect(await check(json)).toMatchObject({
    ok: true,
    output: {
      valid: false,
      error: { line, column, reason: expect.stringContaining(reason) as unknown },
      kind: null,
    },
  });
});

test('valid JSON is told with its kind, its depth and names that stand twice', async () => {
  expect(await check('{"a": [{"b": 1, "b": 2}]}')).toMatchObject({
    ok: true,
    output: { valid: true, error: null, kind: 'object', depth: 3, repeated_names: ['b'] },
  });
  expect(await check(' -0.5e+3\n')).toMatchObject({ output: { summary: 'Valid JSON: number.' } });
});

test('it judges as JSON.parse does, whatever is pasted', () => {
  const broken = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '"', '}', ']', '\\', '0', '-', 'e', '\u2028', ' '))
    .map(([json, at, piece]) => {
      const place = at % (json.length + 1);
      return json.slice(0, place) + piece + json.slice(place + (at % 2));
    });
  fc.assert(
    fc.property(fc.oneof(broken, fc.json(), fc.string()), (text) => {
      let parses = true;
      try {
        JSON.parse(text);
      } catch {
        parses = false;
      }
      expect(scanJson(text).fault === null).toBe(parses);
    }),
    { numRuns: 2_000 },
  );
});

test('a pasted text of any allowed size is judged at once', async () => {
  const long = `[${'{"name":"value"},'.repeat(11_000)}1]`;
  const from = performance.now();
  expect(await check(long)).toMatchObject({ output: { valid: true } });
  expect(await check('"'.padEnd(200_000, '\\u00e9'))).toMatchObject({ output: { valid: false } });
  expect(performance.now() - from).toBeLessThan(2_000);
  expect(await check(`"${'a'.repeat(200_000)}"`)).toMatchObject({ error_code: 'invalid_arguments' });
});
