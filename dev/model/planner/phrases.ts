import { escaped } from './mentions';
import type { Property } from './schema';

export type Direction = 'from' | 'to' | null;

const SIDES: [Exclude<Direction, null>, RegExp][] = [
  ['from', /(?:^|[\s_])(?:from|source|origin|start|departure|base)(?:$|[\s_])/i],
  ['to', /(?:^|[\s_])(?:to|target|destination|into|end|arrival|dest)(?:$|[\s_])/i],
];

/** Whether a property is one end of something, by its name or else the beginning of its description. */
export function directionOf({ name, description }: Property): Direction {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2');
  const described = description.split(/\s+/).slice(0, 3).join(' ');
  const side =
    SIDES.find(([, words]) => words.test(spaced)) ?? SIDES.find(([, words]) => words.test(described));
  return side?.[0] ?? null;
}

export const prepositions: Record<'from' | 'to', string> = { from: 'from', to: 'to|into|in|as' };

export const PROPER =
  "\\p{Lu}[\\p{L}\\p{N}'’.-]*(?:\\s+(?:de|of|the|la|le|am|an der)?\\s*\\p{Lu}[\\p{L}\\p{N}'’-]*)*";
const PLAIN = "[\\p{L}\\p{N}'’_.-]+";
export const SMALL =
  'in|at|for|near|of|about|on|called|named|from|to|into|as|with|by|and|or|using|please|the|a|an|is|are|my|it';

/** "city: Paris", "city = Paris", "city Paris". */
export function namedPhrase(name: string, text: string): string | null {
  const spoken = escaped(name.replace(/([a-z0-9])([A-Z])/g, '$1 $2')).replace(/[_\s]+/g, '[_\\s]+');
  const marked = new RegExp(
    `\\b${spoken}\\s*(?:=|:|\\bis\\b|\\bshould be\\b)\\s*(?:"([^"]+)"|(${PROPER}|${PLAIN}))`,
    'iu',
  );
  const match =
    marked.exec(text) ?? new RegExp(`\\b(?:${spoken})\\s+(?:"([^"]+)"|(${PROPER}))`, 'u').exec(text);
  return tidy(match?.[1] ?? match?.[2]);
}

/** "… with the subject Harbour news", at the end of what is asked. */
export function statedLast(name: string, instruction: string): string | null {
  const spoken = escaped(name.replace(/([a-z0-9])([A-Z])/g, '$1 $2')).replace(/[_\s]+/g, '[_\\s]+');
  return tidy(
    new RegExp(`\\b${spoken}\\s+(?:is\\s+|line\\s+)?["“]?([^"“”]{1,120})["”]?\\s*$`, 'iu').exec(
      instruction,
    )?.[1],
  );
}

/** Phrases that could fill a short property, the likeliest first. */
export function phrasesIn(text: string, direction: Direction): string[] {
  const after = (words: string, phrase: string): string[] =>
    [...text.matchAll(new RegExp(`\\b(?:${words})\\s+(?:the\\s+)?(${phrase})`, 'gu'))].flatMap(
      (match) => match[1] ?? [],
    );
  const lower = `(?!(?:${SMALL})\\b)${PLAIN}(?:\\s+(?!(?:${SMALL})\\b)${PLAIN}){0,2}`;
  const directed =
    direction === null ? [] : [PROPER, lower].flatMap((form) => after(prepositions[direction], form));
  const generic = 'in|at|for|near|about|called|named|of|on|to|from|into';
  const inside = [...text.matchAll(new RegExp(`(?<=\\S\\s)(${PROPER})`, 'gu'))].flatMap(
    (match) => match[1] ?? [],
  );
  return [...directed, ...after(generic, PROPER), ...inside, ...after(generic, lower)]
    .map((phrase) => tidy(phrase))
    .filter((phrase) => phrase !== null);
}

/** Codes such as EUR, NVDA or DE. */
export const codesIn = (text: string): string[] =>
  text.match(/(?<![\p{L}\p{N}])\p{Lu}{2,6}(?![\p{L}\p{N}])/gu) ?? [];

const tidy = (phrase: string | undefined): string | null => {
  const plain = phrase?.trim().replace(/[.,;:?!'’]+$/, '');
  return plain === undefined || plain === '' ? null : plain;
};
