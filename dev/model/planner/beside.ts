import { PROPER, SMALL } from './phrases';
import type { Direction } from './phrases';

// A unit of measure as people write it: km, °F, m², km/h, square feet, miles per hour.
const UNIT_WORD = `(?!(?:${SMALL}|how|what|when|many|much)(?![\\p{L}\\p{N}]))[°µ]?\\p{L}+[²³\\d]?(?:/\\p{L}+[²³\\d]?)?`;
const UNIT = `${UNIT_WORD}(?:[ \\t]+${UNIT_WORD}){0,2}`;

/** Units that a text names: those that stand right behind a value, or those that something shall be turned into. */
export function unitsIn(text: string, direction: Direction, ends: number[]): string[] {
  if (direction !== 'to') {
    return ends.flatMap((end) => new RegExp(`^\\s*(${UNIT})`, 'u').exec(text.slice(end))?.[1] ?? []);
  }
  const wanted = new RegExp(`\\b(?:to|into|in|as|how many|how much|number of)\\s+(${UNIT})`, 'giu');
  return [...text.matchAll(wanted)].flatMap((match) => match[1] ?? []);
}

/** A name that stands right behind a value: "15:00 in Berlin", "9 am London". */
export function namesBehind(text: string, ends: number[]): string[] {
  const behind = new RegExp(`^\\s*(?:in|at|for|from|of)?\\s+(?:the\\s+)?(${PROPER})`, 'u');
  return ends.flatMap((end) => behind.exec(text.slice(end))?.[1] ?? []);
}
