import { z } from 'zod';
import { countSyllables } from './syllables';
import { round } from './input';
import type { Sentence } from './words';

export const Scores = z.object({
  flesch_reading_ease: z.number().describe('About 0 (very hard) to 100 (very easy); can be outside'),
  flesch_kincaid_grade: z.number().describe('US school grade'),
  gunning_fog: z.number().describe('Years of school'),
  smog: z
    .number()
    .nullable()
    .describe('US school grade; null with fewer than 30 sentences, where it does not hold'),
});

export const Counts = z.object({
  sentences: z.int(),
  words: z.int(),
  syllables: z.int(),
  complex_words: z.int().describe('Words of three syllables and more, as the fog index counts them'),
  words_per_sentence: z.number(),
  syllables_per_word: z.number(),
});

export interface Measures {
  scores: z.infer<typeof Scores>;
  counts: z.infer<typeof Counts>;
}

const SMOG_SENTENCES = 30;

export const gradeOf = (words: number, sentences: number, syllables: number): number =>
  0.39 * (words / sentences) + 11.8 * (syllables / words) - 15.59;

export const syllablesOf = (words: string[]): number =>
  words.reduce((sum, word) => sum + countSyllables(word), 0);

export function measure(sentences: Sentence[]): Measures {
  const words = sentences.flatMap((sentence) => sentence.words);
  const syllables = syllablesOf(words);
  const perSentence = words.length / sentences.length;
  const perWord = syllables / words.length;
  const complex = sentences.reduce((sum, sentence) => sum + sentence.words.filter(isComplex).length, 0);
  const polysyllables = words.filter((word) => countSyllables(word) >= 3).length;
  return {
    scores: {
      flesch_reading_ease: round(206.835 - 1.015 * perSentence - 84.6 * perWord),
      flesch_kincaid_grade: round(gradeOf(words.length, sentences.length, syllables)),
      gunning_fog: round(0.4 * (perSentence + (100 * complex) / words.length)),
      smog:
        sentences.length < SMOG_SENTENCES
          ? null
          : round(1.043 * Math.sqrt(polysyllables * (30 / sentences.length)) + 3.1291),
    },
    counts: {
      sentences: sentences.length,
      words: words.length,
      syllables,
      complex_words: complex,
      words_per_sentence: round(perSentence),
      syllables_per_word: round(perWord, 2),
    },
  };
}

/** Gunning's rule: no names, no compounds, and an ending -es, -ed, -ing does not make a word complex. */
function isComplex(word: string, index: number): boolean {
  if (word.includes('-') || (index > 0 && /^\p{Lu}/u.test(word))) return false;
  const syllables = countSyllables(word);
  return syllables > 3 || (syllables === 3 && !/([^aeiou](es|ed)|ing)$/i.test(word));
}
