import { MooringError } from '../domain/errors';

const MAX_DEPTH = 32;
// NUL and half a surrogate pair are legal in JSON and refused by PostgreSQL.
const UNSTORABLE = /\0|\p{Surrogate}/u;

export const UNSTORABLE_RULE = 'must not hold U+0000 or half a surrogate pair';
export const isStorable = (text: string): boolean => !UNSTORABLE.test(text);

const refuse = (rule: string, cause?: unknown): MooringError =>
  new MooringError('invalid_request', `The JSON ${rule}.`, { details: { field: '', rule }, cause });

/** Reads JSON that came from outside: its depth is known before anything recursive touches it. */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) throw refuse(`must not be nested deeper than ${MAX_DEPTH}`);
  if (isRounded(text)) throw refuse('must not hold whole numbers beyond 2^53, but as strings');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refuse('must be well-formed', cause);
  }
  checkValues(value);
  return value;
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (inString) {
      if (char === '\\') at += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '[' || char === '{') {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (char === ']' || char === '}') depth -= 1;
  }
  return false;
}

const LONG = /\d{16}/;
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const WHOLE = /^-?\d{16,}$/;

/** Whether reading it would make another number of one that is written out. */
const isRounded = (text: string): boolean =>
  LONG.test(text) && (text.match(TOKENS) ?? []).some((token) => WHOLE.test(token) && !isExact(token));
/** What is said of it later has the same digits. */
const isExact = (digits: string): boolean => String(Number(digits)) === digits;

function checkValues(root: unknown): void {
  const left = [root];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value === 'string' && !isStorable(value)) throw refuse(UNSTORABLE_RULE);
    // 1e999 is read as infinity, and would be stored as null.
    if (typeof value === 'number' && !Number.isFinite(value))
      throw refuse('must not hold such large numbers');
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, inner] of Object.entries(value)) {
      if (key === '__proto__') throw refuse('must not hold the key __proto__');
      left.push(key, inner);
    }
  }
}
