import fc from 'fast-check';
import { fillArguments } from '../../dev/model/planner/fill';
import { dataInReach, readMessage } from '../../dev/model/planner/reading';
import { input, text } from './simulated-chat';

const fill = (schema: Record<string, unknown>, message: string, answers: string[] = []) => {
  const reading = readMessage(message);
  const filled = fillArguments(schema, { reading, data: dataInReach(reading, []), answers });
  return filled.kind === 'filled' ? filled.arguments : `missing ${filled.property.name}`;
};
const integer = (more = {}) => ({ type: 'integer', ...more });
const oneOf = (...options: unknown[]) => ({ enum: options });

test.each<[string, Record<string, unknown>, string, unknown]>([
  ['a text', input({ text: text() }), 'Count: one two', { text: 'one two' }],
  [
    'a text that must not be empty',
    input({ text: { type: 'string', pattern: '\\S' } }),
    'Count: a b',
    { text: 'a b' },
  ],
  ['no text where none was given', input({ text: text() }), 'How readable is my text?', 'missing text'],
  [
    'a question for whoever takes one',
    input({ question: text() }),
    'Why is it so?',
    { question: 'Why is it so?' },
  ],
  [
    'numbers by the words beside them',
    input({ sides: integer(), count: integer() }),
    'Roll 3 dice with 6 sides',
    { sides: 6, count: 3 },
  ],
  ['numbers within bounds only', input({ n: integer({ maximum: 5 }) }), 'Take 40 or 4', { n: 4 }],
  ['a percentage', input({ rate: { type: 'number' } }), 'Interest at a rate of 2.5%', { rate: 2.5 }],
  ['number words', input({ dice: integer() }), 'Throw three dice', { dice: 3 }],
  ['a default for what is required', input({ size: integer({ default: 7 }) }), 'Go', { size: 7 }],
  ['nothing for what is optional', input({ size: integer() }, []), 'Go 5', {}],
  [
    'an option by its words',
    input({ tone: oneOf('very_formal', 'casual') }),
    'Make it very formal',
    { tone: 'very_formal' },
  ],
  [
    'options by from and to',
    input({ to: oneOf('km', 'mi'), from: oneOf('km', 'mi') }),
    'Turn 5 km into mi',
    { to: 'mi', from: 'km' },
  ],
  ['numeric options', input({ dpi: oneOf(72, 300) }), 'Print at 300 dpi', { dpi: 300 }],
  ['a lone option', input({ kind: { const: 'all' } }), 'Go', { kind: 'all' }],
  ['a flag', input({ include_emoji: { type: 'boolean' } }), 'Write it with emoji', { include_emoji: true }],
  [
    'a flag denied',
    input({ include_emoji: { type: 'boolean' } }),
    'Write it without any emoji',
    { include_emoji: false },
  ],
  ['a flag nobody spoke of', input({ verbose: { type: 'boolean' } }), 'Go', 'missing verbose'],
  [
    'a URL',
    input({ url: { type: 'string', format: 'uri' } }),
    'Fetch https://example.org/a?b=1.',
    { url: 'https://example.org/a?b=1' },
  ],
  ['an address', input({ email: text() }), 'Is ann@example.org valid?', { email: 'ann@example.org' }],
  [
    'two dates',
    input({ start: { type: 'string', format: 'date' }, end: { type: 'string', format: 'date' } }),
    'Days between 2026-01-02 and March 3rd, 2026',
    { start: '2026-01-02', end: '2026-03-03' },
  ],
  [
    'a code by its pattern',
    input({ ticker: { type: 'string', pattern: '^[A-Z]{1,5}$' } }),
    'What is NVDA worth?',
    { ticker: 'NVDA' },
  ],
  [
    'codes by from and to',
    input({ base_code: text('ISO code'), target_code: text('ISO code') }),
    'Rate from USD to EUR',
    { base_code: 'USD', target_code: 'EUR' },
  ],
  ['a place', input({ city: text('City') }), 'Weather in São Paulo tomorrow', { city: 'São Paulo' }],
  ['a place in small letters', input({ city: text('City') }), 'weather in paris', { city: 'paris' }],
  [
    'both ends of a way',
    input({ origin: text(), destination: text() }),
    'How far from Rome to Paris?',
    { origin: 'Rome', destination: 'Paris' },
  ],
  ['a short value behind a colon', input({ city: text() }), 'Weather for: Oslo', { city: 'Oslo' }],
  [
    'a named value',
    input({ project_name: text() }),
    'Open it, project name is Apollo',
    { project_name: 'Apollo' },
  ],
  [
    'a list of words',
    input({ items: { type: 'array', items: { type: 'string' } } }),
    'Compare apples, pears and plums',
    { items: ['apples', 'pears', 'plums'] },
  ],
  [
    'a pasted list',
    input({ items: { type: 'array', items: { type: 'string' } } }),
    'Sort these:\n- b\n- a',
    { items: ['b', 'a'] },
  ],
  [
    'a list of numbers',
    input({ values: { type: 'array', items: { type: 'number' } } }),
    'Mean of 4, 5 and 9',
    { values: [4, 5, 9] },
  ],
  [
    'a text and a number of what to make of it',
    input({ text: text(), max_sentences: integer() }),
    'Shorten to 2 sentences: A. B. C 9.',
    { text: 'A. B. C 9.', max_sentences: 2 },
  ],
  ['what a nullable union means', input({ n: { anyOf: [{ type: 'null' }, integer()] } }), 'Take 4', { n: 4 }],
  [
    'what a reference means',
    { ...input({ n: { $ref: '#/$defs/N' } }), $defs: { N: integer() } },
    'Take 4',
    { n: 4 },
  ],
  [
    'an object in an object',
    input({ at: input({ city: text() }) }),
    'Weather in Oslo',
    { at: { city: 'Oslo' } },
  ],
  ['pasted JSON', input({ config: { type: 'object' } }), 'Check this: {"a": 1}', { config: { a: 1 } }],
])('%s: the arguments come from the message', (_name, ...[schema, message, expected]) => {
  expect(fill(schema, message)).toEqual(expected);
});

test.each<[Record<string, unknown>, string, unknown]>([
  [integer({ minimum: 3 }), 'make it 5', 5],
  [oneOf('low', 'high'), '2', 'high'],
  [{ type: 'boolean' }, 'No, thanks', false],
  [text(), 'Here is the text: all is well', 'all is well'],
  [text(), 'Once upon: a time', 'Once upon: a time'],
  [{ type: 'array', items: { type: 'string' } }, 'red, green', ['red', 'green']],
  [{ type: 'string', format: 'date' }, 'on 3 May 2026', '2026-05-03'],
])('an answer to the question about %j is read by its type', (property, answer, value) => {
  expect(fill(input({ text: property }), 'Go', [answer])).toEqual({ text: value });
});

test('several missing arguments are answered one after the other', () => {
  const schema = input({ width: integer(), color: oneOf('red', 'blue') });
  expect(fill(schema, 'Paint')).toBe('missing width');
  expect(fill(schema, 'Paint', ['4'])).toBe('missing color');
  expect(fill(schema, 'Paint', ['4', 'yellow', 'Blue'])).toEqual({ width: 4, color: 'blue' });
});

test('a property called __proto__ is a property like any other', () => {
  const schema = {
    type: 'object',
    properties: JSON.parse('{"__proto__":{"type":"integer"}}') as object,
    required: ['__proto__'],
  };
  expect(JSON.stringify(fill(schema, 'Take 4'))).toBe('{"__proto__":4}');
});

const scalar = fc.oneof(
  fc.record(
    { type: fc.constant('string'), maxLength: fc.integer({ min: 1, max: 60 }) },
    { requiredKeys: ['type'] },
  ),
  fc
    .tuple(
      fc.constantFrom('number', 'integer'),
      fc.integer({ min: -5, max: 20 }),
      fc.integer({ min: 0, max: 50 }),
    )
    .map(([type, minimum, span]) => ({ type, minimum, maximum: minimum + span })),
  fc.constant({ type: 'boolean' }),
  fc.constantFrom('date', 'uri', 'email').map((format) => ({ type: 'string', format })),
  fc.constant({ type: 'string', pattern: '^[A-Z]{3}$' }),
  fc
    .uniqueArray(fc.constantFrom('red', 'km', 'EUR', 'very_formal', 'C'), { minLength: 1 })
    .map((all) => ({ enum: all })),
);
const property = fc.oneof(
  scalar,
  fc.record({ type: fc.constant('array'), items: scalar, minItems: fc.integer({ min: 0, max: 3 }) }),
);
const name = fc.constantFrom(
  'text',
  'city',
  'from',
  'to',
  'count',
  'url',
  'query',
  'tone',
  'include_all',
  'values',
  'zz',
);
const message = fc
  .array(
    fc.constantFrom(
      'convert',
      '5',
      '12.5',
      'USD',
      'to EUR',
      'from Rome',
      'in km',
      'red',
      'very formal',
      '2026-01-02',
      'https://a.example/b',
      'a@b.example',
      'text:',
      '\n',
      'a, b and c',
      '"quoted"',
      'without',
      'count',
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((parts) => parts.join(' '));

/** Written apart from the planner's own check, so that the one does not excuse the other. */
function keeps(schema: Record<string, unknown>, value: unknown): boolean {
  const { type, enum: options, items, minItems, minimum, maximum, maxLength, pattern } = schema;
  if (Array.isArray(options)) return options.includes(value);
  if (type === 'array') {
    const every = (one: unknown) => keeps(items as Record<string, unknown>, one);
    return Array.isArray(value) && value.length >= Number(minItems) && value.every(every);
  }
  if (type === 'boolean') return typeof value === 'boolean';
  if (type === 'string') {
    const fits = typeof value === 'string' && value.length <= Number(maxLength ?? Infinity);
    return fits && (typeof pattern !== 'string' || new RegExp(pattern).test(value));
  }
  if (typeof value !== 'number' || (type === 'integer' && !Number.isInteger(value))) return false;
  return value >= Number(minimum) && value <= Number(maximum);
}

test('whatever the schema, the arguments keep it or a required property is asked for', () => {
  fc.assert(
    fc.property(
      fc.dictionary(name, property, { maxKeys: 5 }),
      fc.array(name),
      message,
      (properties, some, words) => {
        const required = some.filter((one) => one in properties);
        const filled = fill({ type: 'object', properties, required }, words);
        if (typeof filled === 'string') return required.some((one) => filled === `missing ${one}`);
        const all = required.every((one) => one in filled);
        return all && Object.entries(filled).every(([key, value]) => keeps(properties[key] ?? {}, value));
      },
    ),
    { numRuns: 1_000 },
  );
});

test('any text at all is read without failing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.object(), (words, schema) => {
      fill(schema, words);
      return readMessage(words).whole === words.trim();
    }),
    { numRuns: 500 },
  );
});

test('a hostile pattern does not run away', () => {
  const schema = input({
    id: { type: 'string', pattern: '^(a+)+$' },
    text: { type: 'string', pattern: '^(.*)*b$' },
  });
  const started = performance.now();
  fill(schema, `Check: ${'a'.repeat(16_000)}!`);
  expect(performance.now() - started).toBeLessThan(1_000);
});
