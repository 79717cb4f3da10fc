import { DEMO_AGENTS } from '../../dev/agents/catalogue';
import { checker } from '../../dev/agents/checker/checker';
import { unitConverter } from '../../dev/agents/converter/unit-converter';
import { createNewsletterSender } from '../../dev/agents/newsletter/newsletter-sender';
import { qrMaker } from '../../dev/agents/qr/qr-maker';
import { tableAnalyst } from '../../dev/agents/table/table-analyst';
import { textAnalyst } from '../../dev/agents/text/text-analyst';
import { platformOf, simulatedChat } from './simulated-chat';
import type { TestAgent } from './simulated-chat';

const AGENTS = [
  textAnalyst,
  tableAnalyst,
  unitConverter,
  qrMaker,
  checker,
  createNewsletterSender({ smtpPort: 0 }),
];

/** A schema as it comes back from the database, which keeps no order of names. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, item]) => [name, reordered(item)]));
}

const found: TestAgent[] = DEMO_AGENTS.map(({ slug, name, description }, index) => ({
  agent_id: slug,
  name,
  description,
  score: 0.2,
  actions: (AGENTS[index]?.actions ?? []).map(({ listing }) => ({
    name: listing.name,
    description: listing.description,
    input_schema: reordered(listing.input_schema) as Record<string, unknown>,
    price_usdc: listing.price ?? null,
  })),
}));

const ZONES = 'unit-converter.convert_time';
const UNITS = 'unit-converter.convert_units';

test.each<[string, string, Record<string, unknown>]>([
  ['Convert 5 miles to km', UNITS, { value: 5, from_unit: 'miles', to_unit: 'km' }],
  [
    'convert 72 fahrenheit into celsius please',
    UNITS,
    { value: 72, from_unit: 'fahrenheit', to_unit: 'celsius' },
  ],
  ['What is 100 °F in °C?', UNITS, { value: 100, from_unit: '°F', to_unit: '°C' }],
  ['How many feet are 3 metres?', UNITS, { value: 3, from_unit: 'metres', to_unit: 'feet' }],
  [
    'How many kilograms are in 12.5 pounds?',
    UNITS,
    { value: 12.5, from_unit: 'pounds', to_unit: 'kilograms' },
  ],
  ['5km in miles', UNITS, { value: 5, from_unit: 'km', to_unit: 'miles' }],
  ['Convert 90 km/h to miles per hour', UNITS, { value: 90, from_unit: 'km/h', to_unit: 'miles per hour' }],
  ['Convert 2 square feet to m²', UNITS, { value: 2, from_unit: 'square feet', to_unit: 'm²' }],
  ['What time is 15:00 in Berlin in Tokyo?', ZONES, { time: '15:00', from_zone: 'Berlin', to_zone: 'Tokyo' }],
  [
    'What time is it in London when it is 3 pm in New York?',
    ZONES,
    { time: '3 pm', from_zone: 'New York', to_zone: 'London' },
  ],
  ['Convert 9:30 from Sydney time to UTC', ZONES, { time: '9:30', from_zone: 'Sydney', to_zone: 'UTC' }],
  ['What time is it in Tokyo?', 'unit-converter.current_time', { zone: 'Tokyo' }],
  ['What time is it now in New York?', 'unit-converter.current_time', { zone: 'New York' }],
  ['Make a QR code for https://example.org', 'qr-maker.make_qr', { text: 'https://example.org' }],
  ['Create a QR code: https://example.org/a?b=1', 'qr-maker.make_qr', { text: 'https://example.org/a?b=1' }],
  ['I need a qr code that says Hello world', 'qr-maker.make_qr', { text: 'Hello world' }],
  ['Make a QR code of "Table 7"', 'qr-maker.make_qr', { text: 'Table 7' }],
  ['Is this JSON valid: {"a": 1,}', 'checker.check_json', { json: '{"a": 1,}' }],
  ['Check this JSON:\n[1, 2\n', 'checker.check_json', { json: '[1, 2' }],
  ['Does the regex ^a+$ match aaa', 'checker.test_regex', { pattern: '^a+$', text: 'aaa' }],
  ['Does the regex ^a+$ match aaa?', 'checker.test_regex', { pattern: '^a+$', text: 'aaa' }],
  ['Test the regex "^\\d{4}$" on "2024"', 'checker.test_regex', { pattern: '^\\d{4}$', text: '2024' }],
  [
    'Try the pattern /b[aeiou]t/ on this text: A bat bit the bot.',
    'checker.test_regex',
    { pattern: 'b[aeiou]t', text: 'A bat bit the bot.' },
  ],
  [
    'Send a newsletter to ann@example.org and bob@example.org with the subject Harbour news: We open on Monday.',
    'newsletter-sender.send_newsletter',
    {
      recipients: ['ann@example.org', 'bob@example.org'],
      subject: 'Harbour news',
      text: 'We open on Monday.',
    },
  ],
  ['How readable is this text: The cat sat.', 'text-analyst.readability', { text: 'The cat sat.' }],
  ['What are the keywords of this text: Tides rise.', 'text-analyst.keywords', { text: 'Tides rise.' }],
  [
    'Which values stand out in this table?\nday,n\na,1\nb,9',
    'table-analyst.outliers',
    { csv: 'day,n\na,1\nb,9' },
  ],
])('“%s” goes to the agent that does it, with what it needs', (sentence, ...[work, args]) => {
  const { calls } = simulatedChat(platformOf(found)).send(sentence);
  const call = calls.findLast(({ tool }) => tool === 'invoke_agent' || tool === 'user_prompt')?.input;
  expect(call).toMatchObject({ arguments: args });
  expect(`${String(call?.['agent_id'])}.${String(call?.['action'])}`).toBe(work);
});
