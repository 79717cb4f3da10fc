import { z } from 'zod';
import { defineAction } from '../action';
import { Text, TEXT_LIMIT, clip, readText, round } from './input';
import { Language, detectLanguage } from './language';
import { STOP_WORDS } from './stop-words';
import { hasLetter, wordsOf } from './words';

const PRICE = '0.05';
const LONGEST_PHRASE = 4;

const Input = z.object({
  text: Text.describe(`The text to find the key phrases of, as plain text, at most ${TEXT_LIMIT} characters`),
  limit: z.int().min(1).max(30).optional().describe('How many phrases to answer, 1 to 30; 10 when left out'),
});

const Output = z.object({
  summary: z.string().describe('The top phrases in one sentence'),
  language: Language,
  phrases: z
    .array(z.object({ phrase: z.string(), score: z.number().min(0).max(1), count: z.int().min(1) }))
    .describe('Key phrases of one to four words, best first; the best has the score 1'),
  words: z
    .array(z.object({ word: z.string(), count: z.int().min(1) }))
    .describe('The commonest words that carry meaning'),
  method: z.string(),
});

interface Candidate {
  phrase: string;
  words: string[];
  /** How often it stands by itself. */
  count: number;
}

/**
 * RAKE: runs of words between stop words and punctuation, scored by how their words keep company. The logarithm
 * keeps a long phrase seen once from standing above what the text says again and again.
 */
export const keywords = defineAction({
  name: 'keywords',
  description:
    'Finds the keywords and key phrases of an English text: the topics it is about, with scores and counts.',
  price: PRICE,
  input: Input,
  output: Output,
  run: ({ text, limit = 10 }) => {
    const { words } = readText(text);
    const language = detectLanguage(words.filter(hasLetter));
    const candidates = findCandidates(text);
    const phrases = score(candidates).slice(0, limit);
    const top = phrases.slice(0, 5).map(({ phrase }) => `“${phrase}”`);
    const about =
      top.length === 0
        ? 'The text has no words that carry meaning by themselves.'
        : `The text is about ${top.join(', ')}.`;
    return {
      summary: language.detected === 'not_english' ? `${about} ${language.note}` : about,
      language,
      phrases,
      words: commonest(candidates, limit),
      method:
        'RAKE: phrases between stop words, by the degree of their words over their frequency; damped by log2, times log2(1 + count)',
    };
  },
});

function findCandidates(text: string): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const clause of text.split(/[.!?…,;:()[\]{}"“”|/\\\r\n\t]+|\s[-–—]\s/u)) {
    let run: string[] = [];
    for (const word of [...wordsOf(clause), '']) {
      const lower = word.toLowerCase().replace(/’/g, "'").replace(/'s$/, '');
      if (carriesMeaning(lower)) {
        run.push(clip(lower, 40));
        continue;
      }
      if (run.length > 0 && run.length <= LONGEST_PHRASE) add(found, run);
      // A longer run is rather a list than a phrase: its words count one by one.
      else run.forEach((single) => add(found, [single]));
      run = [];
    }
  }
  return [...found.values()];
}

const carriesMeaning = (word: string): boolean =>
  word.length > 1 && hasLetter(word) && !STOP_WORDS.has(word) && !/'(d|ll|ve|re|m|t)$/.test(word);

function add(found: Map<string, Candidate>, words: string[]): void {
  const phrase = words.join(' ');
  const known = found.get(phrase);
  if (known === undefined) found.set(phrase, { phrase, words, count: 1 });
  else known.count += 1;
}

function score(candidates: Candidate[]): z.infer<typeof Output>['phrases'] {
  const frequency = new Map<string, number>();
  const degree = new Map<string, number>();
  for (const { words, count } of candidates) {
    for (const word of words) {
      frequency.set(word, (frequency.get(word) ?? 0) + count);
      degree.set(word, (degree.get(word) ?? 0) + count * words.length);
    }
  }
  const seen = occurrences(candidates);
  const scored = candidates.map(({ phrase, words }) => {
    const company = words.reduce(
      (sum, word) => sum + (degree.get(word) ?? 0) / (frequency.get(word) ?? 1),
      0,
    );
    const count = seen.get(phrase) ?? 1;
    return { phrase, count, raw: Math.log2(1 + company) * Math.log2(1 + count) };
  });
  const best = scored.reduce((top, { raw }) => Math.max(top, raw), 0);
  return scored
    .sort((a, b) => b.raw - a.raw || b.count - a.count || (a.phrase < b.phrase ? -1 : 1))
    .map(({ phrase, count, raw }) => ({ phrase, score: round(raw / best, 3), count }));
}

/** How often each run of words is seen, inside longer phrases too. */
function occurrences(candidates: Candidate[]): Map<string, number> {
  const seen = new Map<string, number>();
  for (const { words, count } of candidates) {
    for (let start = 0; start < words.length; start += 1) {
      for (let end = start + 1; end <= words.length; end += 1) {
        const run = words.slice(start, end).join(' ');
        seen.set(run, (seen.get(run) ?? 0) + count);
      }
    }
  }
  return seen;
}

function commonest(candidates: Candidate[], limit: number): z.infer<typeof Output>['words'] {
  const counts = new Map<string, number>();
  for (const { words, count } of candidates) {
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + count);
  }
  return [...counts]
    .map(([word, count]) => ({ word, count }))
    .sort((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1))
    .slice(0, limit);
}
