import { clip } from './input';
import { IRREGULAR_PARTICIPLES, STATE_WORDS } from './plain-words';
import type { Sentence } from './words';

const TO_BE = new Set(['is', 'are', 'was', 'were', 'be', 'been', 'being', 'am']);

export interface PassiveHint {
  phrase: string;
  sentence: string;
}

/** A form of "to be", perhaps an adverb, then a participle: a hint, since grammar would need a parser. */
export function passiveHints(sentences: Sentence[]): PassiveHint[] {
  return sentences.flatMap(({ text, words }) =>
    words.flatMap((word, index) => {
      if (!TO_BE.has(word.toLowerCase())) return [];
      const adverb = /ly$|^(not|never|often|also|always|already|still|being|been)$/i.test(
        words[index + 1] ?? '',
      );
      const end = index + (adverb ? 2 : 1);
      if (!isParticiple((words[end] ?? '').toLowerCase())) return [];
      return [{ phrase: clip(words.slice(index, end + 1).join(' '), 80), sentence: clip(text, 200) }];
    }),
  );
}

const isParticiple = (word: string): boolean =>
  IRREGULAR_PARTICIPLES.has(word) || (/^[a-z]{2,}ed$/.test(word) && !STATE_WORDS.has(word));
