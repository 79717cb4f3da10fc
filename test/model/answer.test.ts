import { outputAsMarkdown } from '../../dev/model/planner/answer';
import { nearness, stem } from '../../dev/model/planner/stems';
import { readObject } from '../../dev/model/planner/tool-results';

test('a summary comes first, flat values as a list, nested ones under their names', () => {
  const output = {
    flesch_reading_ease: 61.23456,
    hard: false,
    tags: ['a', 'b'],
    none: null,
    summary: 'Plain enough.',
    hardest: [{ sentence: 'A | B', words: 2 }, { sentence: 'C\nD' }],
    counts: { words: 9, parts: { nouns: 4 } },
  };
  expect(outputAsMarkdown(output)).toBe(
    [
      'Plain enough.',
      '- Flesch reading ease: 61.2346\n- Hard: no\n- Tags: a, b\n- None: –',
      '**Hardest**',
      '| Sentence | Words |\n| --- | --- |\n| A \\| B | 2 |\n| C D | – |',
      '**Counts**',
      '- Words: 9',
      '**Parts**',
      '- Nouns: 4',
    ].join('\n\n'),
  );
});

test('a picture that the person sees needs no words', () => {
  const shown = '(a picture; the person sees it in the chat)';
  expect(outputAsMarkdown({ summary: 'A QR code.', svg: shown, modules: 25 })).toBe(
    'A QR code.\n\n- Modules: 25',
  );
});

test.each([
  ['Just words.', 'Just words.'],
  [42, '42'],
  [['a', 'b'], '- a\n- b'],
  [[], 'None.'],
  [{}, 'The agent answered without any content.'],
  [undefined, '–'],
  ['<svg width="1"></svg>', '```svg\n<svg width="1"></svg>\n```'],
  [{ code: 'x = "```"' }, '**Code**\n\n````\nx = "```"\n````'],
])('an output of %j is %j', (output, markdown) => {
  expect(outputAsMarkdown(output)).toBe(markdown);
});

test('a table of many rows shows the first and says how many more there are', () => {
  const text = outputAsMarkdown(Array.from({ length: 100 }, (_, row) => ({ row })));
  expect(text.split('\n').filter((line) => line.startsWith('|'))).toHaveLength(32);
  expect(text).toContain('(and 70 more)');
});

test('rows of many columns come as lines, empty columns not at all, nested values in words', () => {
  const wide = Object.fromEntries('abcdefghi'.split('').map((name, at) => [name, at]));
  expect(outputAsMarkdown([{ name: 'price', none: null, ...wide, fences: { low: 1, high: 2 } }])).toBe(
    '- **price**: a 0; b 1; c 2; d 3; e 4; f 5; g 6; h 7; i 8; fences low 1, high 2',
  );
  expect(outputAsMarkdown([{ a: 1, b: null, c: [{ row: 4 }] }])).toBe(
    '| A | C |\n| --- | --- |\n| 1 | row 4 |',
  );
});

test('sentences in a list stand on lines of their own', () => {
  expect(outputAsMarkdown({ advice: ['Say who, and when.', 'Use short words.'] })).toBe(
    '**Advice**\n\n- Say who, and when.\n- Use short words.',
  );
});

test('an output that goes on for ever is cut', () => {
  expect(outputAsMarkdown({ report: 'x'.repeat(50_000) }).length).toBeLessThan(12_100);
});

test.each([
  ['readable', 'readability'],
  ['converting', 'conversion'],
  ['summarize', 'summary'],
  ['outliers', 'outlier'],
  ['spreadsheet', 'csv'],
])('%s and %s are near each other', (one, other) => {
  expect(nearness(stem(one), stem(other))).toBeGreaterThan(0.5);
});

test.each([
  ['statistics', 'statement'],
  ['translate', 'transport'],
  ['table', 'able'],
])('%s and %s are not', (one, other) => {
  expect(nearness(stem(one), stem(other))).toBe(0);
});

test.each([
  ['{"a":1}', { a: 1 }],
  ['<tool_result name="x" note="{">\n{"a":{"b":"}"}}\n</tool_result>', { a: { b: '}' } }],
  ['no JSON', null],
  ['[1]', null],
  ['{broken}', null],
])('the object in %j is found', (text, value) => {
  expect(readObject(text)).toEqual(value);
});
