import { textAnalyst } from '../../dev/agents/text/text-analyst';
import { sentencesOf } from '../../dev/agents/text/words';
import { askAgent } from './ask';

const ask = (name: string, args: Record<string, unknown>) => askAgent(textAnalyst, name, args);

const GETTYSBURG =
  'Four score and seven years ago our fathers brought forth, upon this continent, a new nation, conceived in ' +
  'liberty, and dedicated to the proposition that all men are created equal.';

test.each([
  ['The cat sat on the mat.', 116.1, -1.4],
  ['This sentence, taken as a reading passage unto itself, is being used to prove a point.', 69, 7.6],
  [GETTYSBURG, 38.2, 15.4],
])('“%s” has the known reading ease and grade', async (text, ease, grade) => {
  expect(await ask('readability', { text })).toMatchObject({
    ok: true,
    output: { scores: { flesch_reading_ease: ease, flesch_kincaid_grade: grade } },
  });
});

test('readability counts, names the hardest sentence and gives two to four pieces of advice', async () => {
  const answer = await ask('readability', { text: `The dog ran home. ${GETTYSBURG} It was fed.` });
  expect(answer).toMatchObject({
    ok: true,
    output: {
      language: { detected: 'english' },
      counts: { sentences: 3, words: 37 },
      hardest_sentences: [{ words: 30 }, {}, {}],
      passive_hints: [{ phrase: 'are created' }, { phrase: 'was fed' }],
      scores: { smog: null },
    },
  });
  const { suggestions, summary } = answer.ok ? answer.output : {};
  expect(suggestions).toEqual(expect.arrayContaining([expect.stringContaining('30 words')]));
  expect((suggestions as string[]).length).toBeLessThanOrEqual(4);
  expect(summary).toContain('Flesch reading ease');
});

test('advice names the plain word for a heavy one', async () => {
  const answer = await ask('readability', {
    text: 'We utilize numerous tools to facilitate the work of our teams.',
  });
  expect(JSON.stringify(answer)).toContain('“use” for “utilize”');
});

test('SMOG is given from thirty sentences on', async () => {
  const answer = await ask('readability', {
    text: 'The understanding reader remembers everything. '.repeat(30),
  });
  expect(answer).toMatchObject({ ok: true, output: { counts: { sentences: 30 }, scores: { smog: 13 } } });
});

test('the summary is the first thing in every output', async () => {
  for (const { listing, perform } of textAnalyst.actions) {
    const answer = await perform({ text: GETTYSBURG }, { key: 'tsk_test' });
    expect(answer.ok && Object.keys(answer.output)[0]).toBe('summary');
    expect(listing.price).toBe('0.05');
  }
});

test.each([
  ['Der schnelle Fuchs ist nicht müde und die Hunde sind auf dem Hof mit der Katze.', 'German'],
  ['Съешь ещё этих мягких французских булок, да выпей чаю.', 'Latin alphabet'],
])('a text that is not English is measured with a warning: %s', async (text, reason) => {
  const answer = await ask('readability', { text });
  expect(answer).toMatchObject({ ok: true, output: { language: { detected: 'not_english' } } });
  expect(answer.ok && answer.output['summary']).toContain(reason);
});

test.each([
  [{}, 'text: '],
  [{ text: '' }, 'text: must not be empty'],
  [{ text: ' \n ' }, 'text: must not be empty'],
  [{ text: 'x'.repeat(50_001) }, 'text: must have at most 50000 characters'],
  [{ text: 7 }, 'text: '],
])('input that breaks a rule is refused with the field and the rule (%#)', async (args, problem) => {
  expect(await ask('readability', args)).toEqual({
    ok: false,
    error_code: 'invalid_arguments',
    error: expect.stringContaining(problem) as unknown,
  });
});

test('a text without words is refused in words', async () => {
  expect(await ask('readability', { text: '!!! 12 --' })).toMatchObject({
    ok: false,
    error_code: 'no_words',
  });
});

test('sentences do not end at abbreviations, initials, decimals or in quotes that go on', () => {
  const text =
    'Dr. J. Smith paid 3.50 to Mrs. Brown, e.g. for tea. “Really?” she asked. It was 5 p.m. by then.\n\n- First item\n- Second item';
  expect(sentencesOf(text).map((sentence) => sentence.text)).toEqual([
    'Dr. J. Smith paid 3.50 to Mrs. Brown, e.g. for tea.',
    '“Really?” she asked.',
    'It was 5 p.m. by then.',
    '- First item',
    '- Second item',
  ]);
});

test('keywords are phrases between stop words, best first, with counts', async () => {
  const text =
    'Compost heats up when microbes eat garden waste. Turn the garden waste each week so that the microbes get air. ' +
    'Too much water drowns the microbes.';
  const answer = await ask('keywords', { text, limit: 5 });
  expect(answer).toMatchObject({ ok: true, output: { language: { detected: 'english' } } });
  const phrases = answer.ok
    ? (answer.output['phrases'] as { phrase: string; score: number; count: number }[])
    : [];
  expect(phrases).toHaveLength(5);
  expect(phrases[0]?.score).toBe(1);
  expect(phrases.map(({ phrase }) => phrase).join(' ')).toContain('garden waste');
  expect(answer.ok && answer.output['words']).toContainEqual({ word: 'microbes', count: 3 });
});
