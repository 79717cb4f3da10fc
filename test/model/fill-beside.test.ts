import { fillArguments } from '../../dev/model/planner/fill';
import { dataInReach, readMessage } from '../../dev/model/planner/reading';
import { input, text } from './simulated-chat';

test.each<[string, Record<string, unknown>, string, unknown]>([
  [
    'the unit behind a number, whatever the order of the schema',
    { ...input({ unit: text(), weight: { type: 'number' } }), required: ['weight', 'unit'] },
    'What is the price of 2.5kg?',
    { weight: 2.5, unit: 'kg' },
  ],
  [
    'units by from and to',
    input({ to_unit: text(), amount: { type: 'number' }, from_unit: text() }),
    'How many cups are 2 US gallons?',
    { amount: 2, from_unit: 'US gallons', to_unit: 'cups' },
  ],
  [
    'the place behind a time',
    input({ from_city: text(), to_city: text(), clock: { type: 'string', pattern: '^\\d\\d?:\\d\\d$' } }),
    'What is it in Oslo at 9:15 in Lima?',
    { clock: '9:15', from_city: 'Lima', to_city: 'Oslo' },
  ],
  [
    'a time in two words',
    input({ time: { type: 'string', pattern: '^\\d\\d?(?: [ap]m)?$' } }),
    'Wake me at 7 am',
    { time: '7 am' },
  ],
  [
    'all addresses',
    input({ guests: { type: 'array', items: { type: 'string', format: 'email' } } }),
    'Invite a@b.example, c@d.example.',
    { guests: ['a@b.example', 'c@d.example'] },
  ],
  [
    'a subject and the text behind the colon',
    input({ subject: text(), body: text() }),
    'Write a mail with the subject Spring sale: All is cheaper.',
    { subject: 'Spring sale', body: 'All is cheaper.' },
  ],
  [
    'a pattern and what it is tried on',
    input({ sample: text('A text'), regex: text() }),
    'Does `\\d+` match "abc 12"?',
    { regex: '\\d+', sample: 'abc 12' },
  ],
  [
    'a link for a text that may be one',
    input({ text: text('A link or a text') }),
    'Shorten https://a.example/b?c=1 for me',
    { text: 'https://a.example/b?c=1' },
  ],
  [
    'what something says',
    input({ text: text() }),
    'Print a sign that says Mind the step',
    { text: 'Mind the step' },
  ],
  ['k and M behind a number, and not km', input({ n: { type: 'number' } }), 'Take 5k', { n: 5_000 }],
])('%s: the arguments come from what stands beside them', (_name, ...[schema, message, expected]) => {
  const reading = readMessage(message);
  const filled = fillArguments(schema, { reading, data: dataInReach(reading, []), answers: [] });
  expect(filled).toEqual({ kind: 'filled', arguments: expected });
});
