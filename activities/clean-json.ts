// Deeper than any honest answer, and shallow enough for every walk over it, PostgreSQL's included.
const MAX_DEPTH = 100;

/**
 * Text from outside as PostgreSQL can keep it and a page can show it: without control characters (tabs and line ends
 * stay), and with nothing left of half a surrogate pair.
 */
export const cleanText = (text: string): string =>
  text
    // eslint-disable-next-line no-control-regex -- control characters are what is removed
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '')
    .replace(/\p{Surrogate}/gu, '\uFFFD');

/** JSON from outside with every string and every key in it cleaned. Throws when it is nested too deep. */
export function cleanJson(value: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw new Error('nested too deep');
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map((item) => cleanJson(item, depth + 1));
  return typeof value === 'object' && value !== null ? cleanRecord({ ...value }, depth) : value;
}

export const cleanRecord = (record: Record<string, unknown>, depth = 0): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(record).map(([key, value]) => [cleanText(key), cleanJson(value, depth + 1)]),
  );
