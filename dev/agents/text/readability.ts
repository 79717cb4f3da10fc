import { z } from 'zod';
import { defineAction } from '../action';
import { suggest } from './advice';
import { Text, TEXT_LIMIT, clip, plural, readText, round } from './input';
import { Language, detectLanguage } from './language';
import { Counts, Scores, gradeOf, measure, syllablesOf } from './measures';
import type { Measures } from './measures';
import { passiveHints } from './passive';
import { countSyllables } from './syllables';
import { hasLetter } from './words';
import type { Sentence } from './words';

const PRICE = '0.05';
const WORDS_A_MINUTE = 238;

const Input = z.object({
  text: Text.describe(
    `The text whose readability is asked for, as plain text, at most ${TEXT_LIMIT} characters; English`,
  ),
});

const Output = z.object({
  summary: z.string().describe('The verdict in plain words with the most important figures'),
  language: Language,
  verdict: z.object({
    label: z.enum(['very easy', 'easy', 'fairly easy', 'plain', 'fairly hard', 'hard', 'very hard']),
    school_age: z.string().describe('The age at which most people read this with ease'),
  }),
  scores: Scores,
  counts: Counts,
  reading_time_seconds: z.int().describe(`Silent reading at ${WORDS_A_MINUTE} words a minute`),
  hardest_sentences: z.array(z.object({ sentence: z.string(), words: z.int(), grade: z.number() })).max(3),
  long_words: z
    .array(z.object({ word: z.string(), syllables: z.int(), count: z.int() }))
    .max(10)
    .describe('Words of three syllables and more, longest first'),
  passive_hints: z.array(z.object({ phrase: z.string(), sentence: z.string() })).max(5),
  suggestions: z.array(z.string()).min(2).max(4).describe('What to change, most useful first'),
});
type Output = z.infer<typeof Output>;

/** From the Flesch scale, its upper bounds included. */
const LABELS: [number, Output['verdict']['label']][] = [
  [90, 'very easy'],
  [80, 'easy'],
  [70, 'fairly easy'],
  [60, 'plain'],
  [50, 'fairly hard'],
  [30, 'hard'],
];

export const readability = defineAction({
  name: 'readability',
  description:
    'Measures how readable an English text is: reading ease, school grade, reading time, hardest sentences, ' +
    'long words, passive voice, a verdict in plain words, and what to change to make it easier to read.',
  price: PRICE,
  input: Input,
  output: Output,
  run: ({ text }) => {
    const { sentences, words } = readText(text);
    const language = detectLanguage(words.filter(hasLetter));
    const measures = measure(sentences);
    const hardest = hardestSentences(sentences);
    const longWords = findLongWords(words);
    const passive = passiveHints(sentences);
    const verdict = judge(measures);
    const suggestions = suggest({ measures, sentences, words, passive });
    return {
      summary: summarize({ language, measures, verdict, suggestions }),
      language,
      verdict,
      ...measures,
      reading_time_seconds: Math.max(1, Math.round((words.length / WORDS_A_MINUTE) * 60)),
      hardest_sentences: hardest,
      long_words: longWords,
      passive_hints: passive.slice(0, 5),
      suggestions,
    };
  },
});

function judge({ scores }: Measures): Output['verdict'] {
  const label = LABELS.find(([least]) => scores.flesch_reading_ease >= least)?.[1] ?? 'very hard';
  const grade = Math.max(1, Math.round(scores.flesch_kincaid_grade));
  const school_age = grade > 12 ? 'adults with college reading' : `${grade + 5} to ${grade + 6} years`;
  return { label, school_age };
}

function summarize(parts: {
  language: Language;
  measures: Measures;
  verdict: Output['verdict'];
  suggestions: string[];
}): string {
  const { scores, counts } = parts.measures;
  const { label, school_age } = parts.verdict;
  const verdict =
    `The text is ${label} to read: Flesch reading ease ${scores.flesch_reading_ease}, ` +
    `Flesch-Kincaid grade ${scores.flesch_kincaid_grade} (${school_age}). ` +
    `It has ${plural(counts.words, 'word')} in ${plural(counts.sentences, 'sentence')}, ` +
    `${counts.words_per_sentence} words a sentence.`;
  if (parts.language.detected === 'not_english')
    return `${parts.language.note} For what they are worth: ${verdict}`;
  return `${verdict} First advice: ${parts.suggestions[0] ?? ''}`;
}

function hardestSentences(sentences: Sentence[]): Output['hardest_sentences'] {
  return sentences
    .map(({ text, words }) => ({
      sentence: clip(text, 300),
      words: words.length,
      grade: round(gradeOf(words.length, 1, syllablesOf(words))),
    }))
    .sort((a, b) => b.grade - a.grade)
    .slice(0, 3);
}

function findLongWords(words: string[]): Output['long_words'] {
  const counts = new Map<string, number>();
  for (const word of words.filter((entry) => hasLetter(entry) && countSyllables(entry) >= 3)) {
    const lower = word.toLowerCase();
    counts.set(lower, (counts.get(lower) ?? 0) + 1);
  }
  return [...counts]
    .map(([word, count]) => ({ word: clip(word, 60), syllables: countSyllables(word), count }))
    .sort((a, b) => b.syllables - a.syllables || b.count - a.count || (a.word < b.word ? -1 : 1))
    .slice(0, 10);
}
