import { clip, plural } from './input';
import type { Measures } from './measures';
import type { PassiveHint } from './passive';
import { PLAIN_WORDS } from './plain-words';
import { countSyllables } from './syllables';
import type { Sentence } from './words';

const LONG_SENTENCE = 25;

interface Subject {
  measures: Measures;
  sentences: Sentence[];
  words: string[];
  passive: PassiveHint[];
}

/** Two to four things to do, each with a place in the text where it can be done. */
export function suggest(subject: Subject): string[] {
  const found = [
    splitLongest(subject),
    plainerWords(subject),
    turnPassive(subject),
    shorten(subject),
    lighten(subject),
  ];
  const useful = found.filter((advice) => advice !== null);
  return [...useful, ...upkeep(subject)].slice(0, Math.min(4, Math.max(2, useful.length)));
}

function splitLongest({ sentences }: Subject): string | null {
  const long = sentences.filter(({ words }) => words.length > LONG_SENTENCE);
  const longest = long.reduce<Sentence | null>(
    (top, sentence) => (top === null || sentence.words.length > top.words.length ? sentence : top),
    null,
  );
  if (longest === null) return null;
  const others =
    long.length === 1
      ? ''
      : ` ${plural(long.length - 1, 'other sentence')} also run over ${LONG_SENTENCE} words.`;
  return `Split the sentence that begins “${beginning(longest)}”: it has ${longest.words.length} words.${others}`;
}

function plainerWords({ words }: Subject): string | null {
  const swaps = new Map<string, string>();
  for (const word of words) {
    const lower = word.toLowerCase();
    const plain = PLAIN_WORDS.get(lower) ?? PLAIN_WORDS.get(lower.replace(/s$/, ''));
    if (plain !== undefined) swaps.set(lower, plain);
  }
  if (swaps.size === 0) return null;
  const pairs = [...swaps].slice(0, 4).map(([word, plain]) => `“${plain}” for “${word}”`);
  return `Use shorter words: ${pairs.join(', ')}.`;
}

function turnPassive({ passive, sentences }: Subject): string | null {
  const first = passive[0];
  if (first === undefined || passive.length / sentences.length < 0.2) return null;
  return `Say who does it: ${plural(passive.length, 'passive phrase')} seen, such as “${first.phrase}”.`;
}

function shorten({ measures }: Subject): string | null {
  const { words_per_sentence: average } = measures.counts;
  if (average <= 20) return null;
  return `Aim for 15 to 20 words a sentence on average; now it is ${average}.`;
}

function lighten({ measures, words }: Subject): string | null {
  if (measures.counts.complex_words / measures.counts.words <= 0.15) return null;
  const heaviest = words.reduce((top, word) => (countSyllables(word) > countSyllables(top) ? word : top));
  return `Long words are ${Math.round((100 * measures.counts.complex_words) / measures.counts.words)} % of the text; explain or replace those your readers may not know, “${clip(heaviest, 60)}” first.`;
}

/** For a text that needs little: what keeps it good. */
function upkeep({ sentences, measures }: Subject): string[] {
  const longest = sentences.reduce((top, sentence) =>
    sentence.words.length > top.words.length ? sentence : top,
  );
  return [
    `Keep sentences as short as they are: the longest, “${beginning(longest)}”, has ${plural(longest.words.length, 'word')}.`,
    measures.counts.sentences < 5
      ? 'Measure a longer piece too: figures from under five sentences swing a lot.'
      : 'Read it aloud once: where you run out of breath, put a full stop.',
  ];
}

const beginning = ({ words }: Sentence): string => clip(words.slice(0, 6).join(' '), 60);
