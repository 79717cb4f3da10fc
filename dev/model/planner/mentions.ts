import { nearness, stems } from './stems';

/** A number as it stands in a text, with the words around it that say what it is a number of. */
export interface NumberMention {
  at: number;
  /** behind its last digit */
  end: number;
  value: number;
  around: string[];
  /** A plural stands behind it: it says how many. */
  counts: boolean;
}

const NUMBER_WORDS: Record<string, number> = {
  ...{
    two: 2,
    three: 3,
    four: 4,
    five: 5,
    six: 6,
    seven: 7,
    eight: 8,
    nine: 9,
    ten: 10,
    eleven: 11,
    twelve: 12,
  },
  ...{ twenty: 20, thirty: 30, forty: 40, fifty: 50, sixty: 60, hundred: 100, thousand: 1000 },
};
const SCALES: Record<string, number> = { k: 1_000, m: 1_000_000 };
const NUMBER =
  /(?<![\p{L}\d.,:/_-])([-−]?)[$€£]?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)([kKM](?!\p{L}))?(?![\d:/]|-\d|[.,]\d)/gu;

export function numbersIn(text: string): NumberMention[] {
  const digits = [...text.matchAll(NUMBER)].map((match) => {
    const [all, sign, figure = '0', scale = ''] = match;
    const size = Number(figure.replace(/,/g, '')) * (SCALES[scale.toLowerCase()] ?? 1);
    return { at: match.index, length: all.length, value: sign === '' ? size : -size };
  });
  const spelled = [...text.matchAll(/\p{L}+/gu)].flatMap((match) => {
    const value = NUMBER_WORDS[match[0].toLowerCase()];
    return value === undefined ? [] : [{ at: match.index, length: match[0].length, value }];
  });
  return [...digits, ...spelled]
    .sort((a, b) => a.at - b.at)
    .map(({ at, length, value }) => ({
      at,
      end: at + length,
      value,
      around: wordsAround(text, at, at + length),
      counts: /^\s+(?:\p{L}+\s+)?\p{L}{2,}s\b/u.test(text.slice(at + length, at + length + 60)),
    }));
}

/** The three words before and the two after; `%` counts as the word percent. */
function wordsAround(text: string, from: number, to: number): string[] {
  const before = text
    .slice(0, from)
    .split(/[\s,;]+/)
    .slice(-4);
  const after = text
    .slice(to, to + 60)
    .replace(/^\s*%/, ' percent ')
    .split(/[\s,;]+/)
    .slice(0, 3);
  return stems([...before, ...after].join(' '));
}

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');

export function urlIn(text: string): string | null {
  const found = /https?:\/\/[^\s<>"'`]+/i.exec(text)?.[0].replace(/[.,;:!?)\]]+$/, '');
  return found !== undefined && URL.canParse(found) ? found : null;
}

export const emailsIn = (text: string): string[] =>
  text.match(/[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}/g) ?? [];
export const emailIn = (text: string): string | null => emailsIn(text)[0] ?? null;

/** Dates as ISO dates: written so, or with the month in words. "Tomorrow" needs a clock, which there is none of. */
export function datesIn(text: string): { at: number; date: string }[] {
  const iso = [...text.matchAll(/\b(\d{4})-(\d{2})-(\d{2})/g)].map((match) => ({
    at: match.index,
    date: match[0],
  }));
  const months = '(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\\.?';
  const spelled = [
    ...[
      ...text.matchAll(new RegExp(`\\b(\\d{1,2})(?:st|nd|rd|th)?\\s+${months},?\\s+(\\d{4})\\b`, 'gi')),
    ].map((m) => isoDate(m.index, [m[3], m[2], m[1]])),
    ...[
      ...text.matchAll(new RegExp(`\\b${months}\\s+(\\d{1,2})(?:st|nd|rd|th)?,?\\s+(\\d{4})\\b`, 'gi')),
    ].map((m) => isoDate(m.index, [m[3], m[1], m[2]])),
  ];
  return [...iso, ...spelled]
    .filter(({ date }) => !Number.isNaN(Date.parse(date)))
    .sort((a, b) => a.at - b.at);
}

function isoDate(
  at: number,
  [year = '', month = '', day = '']: (string | undefined)[],
): { at: number; date: string } {
  const number = MONTHS.indexOf(month.slice(0, 3).toLowerCase()) + 1;
  return { at, date: `${year}-${String(number).padStart(2, '0')}-${day.padStart(2, '0')}` };
}

/** Where an option of an enum is named in a text, or -1. Options of one or two letters must stand exactly so. */
export function optionAt(option: unknown, text: string): number {
  const written = String(option);
  const spaced = written
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .trim();
  for (const form of [written, spaced]) {
    if (form === '') continue;
    const exact = new RegExp(
      `(?<![\\p{L}\\p{N}])${escaped(form)}(?![\\p{L}\\p{N}])`,
      form.length <= 2 ? 'u' : 'iu',
    );
    const at = text.search(exact);
    if (at !== -1) return at;
  }
  const wanted = stems(spaced);
  if (wanted.length === 0 || written.length <= 2) return -1;
  const near = [...text.matchAll(/[\p{L}\p{N}]+/gu)].filter((match) =>
    wanted.some((one) => stems(match[0]).some((other) => nearness(one, other) >= 0.8)),
  );
  const covered = wanted.every((one) =>
    near.some((match) => stems(match[0]).some((other) => nearness(one, other) >= 0.8)),
  );
  return covered ? (near[0]?.index ?? -1) : -1;
}

export const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** Items of a list: quoted ones, lines, or words with commas and a last "and" between them. */
export function listIn(text: string): string[] {
  const quoted = [...text.matchAll(/"([^"]+)"|“([^”]+)”/g)].map((match) => match[1] ?? match[2] ?? '');
  if (quoted.length > 1) return quoted;
  const word = "[\\p{L}\\p{N}_$€.@'-]+(?:\\s\\p{Lu}[\\p{L}\\p{N}]*)*";
  const list = new RegExp(
    `${word}(?:\\s*,\\s*(?:and\\s+|or\\s+)?${word})*\\s*(?:,|\\band\\b|\\bor\\b)\\s*${word}`,
    'u',
  );
  const found = list.exec(text)?.[0];
  if (found === undefined) return quoted;
  return found
    .split(/\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+/)
    .map((item) => item.trim().replace(/[.?!]+$/, ''))
    .filter((item) => item !== '');
}

/** A pasted list: one item a line, or else between commas or semicolons. */
export function itemsIn(data: string): string[] {
  const lines = data.split('\n');
  const parts = lines.length > 1 ? lines : data.split(/[,;]/);
  return parts
    .map((part) => part.replace(/^\s*(?:[-*•]|\d+[.)])\s+/, '').trim())
    .filter((part) => part !== '');
}
