import { countSyllables } from '../../dev/agents/text/syllables';

/** Counts as dictionaries give them. */
const KNOWN: Record<number, string> = {
  1: 'the cat mat used make makes passed brought forth years don’t league eye whale whole lives smiled called queue seed need quite guess prove',
  2: 'table people apple handled reading passage needed lately basement statement playing crying seven creature nation ocean lawyer quiet science poem fluid being going didn’t couldn’t wicked purpose maybe unique power someone chaos studied question language conceived therefore reptile player',
  3: 'banana continent liberty created deposit media radio video several idea area easier everyone completely idiot influence example remember tomorrow another diagram gradual period quality agreement',
  4: 'dedicated proposition material information january reptilian appreciate society evaluate experience interesting understanding television community australian necessary qualitative',
  5: 'university international organization simultaneous imagination refrigerator communication electricity',
  6: 'responsibility',
};

test('syllables of common words are counted as dictionaries count them', () => {
  const wrong = Object.entries(KNOWN).flatMap(([count, words]) =>
    words
      .split(' ')
      .filter((word) => countSyllables(word) !== Number(count))
      .map((word) => `${word}: ${countSyllables(word)}, not ${count}`),
  );
  expect(wrong).toEqual([]);
});

test('compounds, names with accents and words without vowels still have syllables', () => {
  expect(['well-known', 'naïve', 'hmm', "O'Neill", '42'].map(countSyllables)).toEqual([2, 2, 1, 2, 1]);
});
