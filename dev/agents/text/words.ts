/** A sentence with its words in order. */
export interface Sentence {
  text: string;
  words: string[];
}

const ABBREVIATIONS = new Set(
  'mr mrs ms dr prof st jr sr vs etc e.g i.e eg ie cf fig no nos vol pp approx dept est inc ltd co corp u.s u.k a.m p.m jan feb mar apr jun jul aug sep sept oct nov dec'.split(
    ' ',
  ),
);

/** Abbreviations that end a sentence too, when a capital follows. */
const OFTEN_LAST = new Set(['etc', 'inc', 'ltd', 'co', 'corp', 'a.m', 'p.m', 'u.s', 'u.k']);

const WORD = /[\p{L}\p{N}]+(?:(?:['’-]|(?<=\p{N})[.,:](?=\p{N}))[\p{L}\p{N}]+)*/gu;
/** A stop with what closes after it, and a new beginning behind. */
const STOP = /[.!?…]+["'”’)\]]*(?=\s|$)/gu;

export const wordsOf = (text: string): string[] => text.match(WORD) ?? [];
export const hasLetter = (word: string): boolean => /\p{L}/u.test(word);

/** Sentences end at a stop that is no abbreviation, at an empty line, and at the end of a list item. */
export function sentencesOf(text: string): Sentence[] {
  const blocks = text.split(/\r?\n\s*\r?\n|\r?\n(?=\s*(?:[-*•#]|\d{1,3}[.)])\s)/u);
  return blocks
    .flatMap(splitBlock)
    .map((piece) => piece.replace(/\s+/gu, ' ').trim())
    .map((piece) => ({ text: piece, words: wordsOf(piece) }))
    .filter(({ words }) => words.some(hasLetter));
}

function splitBlock(block: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  for (const stop of block.matchAll(STOP)) {
    const end = stop.index + stop[0].length;
    const before = block.slice(Math.max(start, stop.index - 40), stop.index);
    if (!endsSentence({ before, stop: stop[0], next: block.slice(end, end + 40).trimStart() })) continue;
    pieces.push(block.slice(start, end));
    start = end;
  }
  return [...pieces, block.slice(start)];
}

function endsSentence({ before, stop, next }: { before: string; stop: string; next: string }): boolean {
  if (next === '') return true;
  const goesOn = /^\p{Ll}/u.test(next);
  // “Really?” she asked … and then.
  if (goesOn && /["'”’)\]]$|…|\.\./.test(stop)) return false;
  if (!stop.startsWith('.')) return true;
  const last = /[\p{L}\p{N}.]+$/u.exec(before)?.[0] ?? '';
  // An initial (J. Smith) or a list number (1. First) does not end a sentence.
  if (/^\p{Lu}$/u.test(last) && last !== 'I') return false;
  if (/^\d{1,3}$/.test(last) && before.trim() === last) return false;
  const name = last.toLowerCase();
  return !ABBREVIATIONS.has(name) || (!goesOn && OFTEN_LAST.has(name));
}
