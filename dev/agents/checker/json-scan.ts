/** Where a text stops being JSON, and why. */
export interface SyntaxFault {
  at: number;
  reason: string;
}

export interface Scan {
  fault: SyntaxFault | null;
  /** names that an object has twice: allowed, and nearly always a mistake */
  twice: string[];
  depth: number;
}

const MOST_DEPTH = 500;
const MOST_TWICE = 10;

class Fault extends Error {
  readonly at: number;

  constructor(at: number, reason: string) {
    super(reason);
    this.at = at;
  }
}

interface Cursor {
  text: string;
  at: number;
  depth: number;
  deepest: number;
  twice: Set<string>;
}

/** Reads a text as RFC 8259 has it. What stands in the way is named as a person would name it. */
export function scanJson(text: string): Scan {
  const cursor: Cursor = { text, at: 0, depth: 0, deepest: 0, twice: new Set() };
  const result = (fault: SyntaxFault | null): Scan => ({
    fault,
    twice: [...cursor.twice].slice(0, MOST_TWICE),
    depth: cursor.deepest,
  });
  try {
    skipBlanks(cursor);
    if (cursor.at === text.length) throw new Fault(cursor.at, 'there is no JSON: the text is empty');
    value(cursor);
    skipBlanks(cursor);
    if (cursor.at < text.length) {
      throw new Fault(cursor.at, `the JSON has ended before this, and ${seen(cursor)} follows`);
    }
    return result(null);
  } catch (error) {
    if (error instanceof Fault) return result({ at: error.at, reason: error.message });
    throw error;
  }
}

function value(cursor: Cursor): void {
  const next = cursor.text[cursor.at];
  if (next === '{') return object(cursor);
  if (next === '[') return array(cursor);
  if (next === '"') return void string(cursor);
  if (next !== undefined && /[-+.\d]/.test(next)) return number(cursor);
  word(cursor);
}

function object(cursor: Cursor): void {
  enter(cursor);
  const names = new Set<string>();
  skipBlanks(cursor);
  if (takes(cursor, '}')) return leave(cursor);
  for (;;) {
    if (cursor.text[cursor.at] !== '"') throw new Fault(cursor.at, nameFault(cursor));
    const name = string(cursor);
    if (names.has(name)) cursor.twice.add(name);
    names.add(name);
    skipBlanks(cursor);
    if (!takes(cursor, ':'))
      throw new Fault(cursor.at, `a colon is missing after the name, ${found(cursor)}`);
    skipBlanks(cursor);
    value(cursor);
    skipBlanks(cursor);
    if (takes(cursor, '}')) return leave(cursor);
    if (!takes(cursor, ',')) throw new Fault(cursor.at, `a comma or } is missing, ${found(cursor)}`);
    skipBlanks(cursor);
    if (cursor.text[cursor.at] === '}') throw new Fault(cursor.at, 'a comma stands before the closing }');
  }
}

function nameFault(cursor: Cursor): string {
  const next = cursor.text[cursor.at];
  if (next === "'") return 'names stand in double quotes, not in single ones';
  if (next !== undefined && /[\p{L}_$]/u.test(next)) return 'the name has no double quotes around it';
  return `a name in double quotes is missing, ${found(cursor)}`;
}

function array(cursor: Cursor): void {
  enter(cursor);
  skipBlanks(cursor);
  if (takes(cursor, ']')) return leave(cursor);
  for (;;) {
    value(cursor);
    skipBlanks(cursor);
    if (takes(cursor, ']')) return leave(cursor);
    if (!takes(cursor, ',')) throw new Fault(cursor.at, `a comma or ] is missing, ${found(cursor)}`);
    skipBlanks(cursor);
    if (cursor.text[cursor.at] === ']') throw new Fault(cursor.at, 'a comma stands before the closing ]');
  }
}

function string(cursor: Cursor): string {
  const start = cursor.at;
  const { text } = cursor;
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 0x22) {
      cursor.at = at + 1;
      return JSON.parse(text.slice(start, at + 1)) as string;
    }
    if (char < 0x20) {
      const what = char === 10 || char === 13 ? 'a line break' : char === 9 ? 'a tab' : 'a control character';
      throw new Fault(
        at,
        `${what} stands within a string; write it as an escape, or close the quote before it`,
      );
    }
    if (char !== 0x5c) continue;
    const escape = /^\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/.exec(text.slice(at, at + 6))?.[0];
    if (escape === undefined) throw new Fault(at, 'a backslash that begins no escape of JSON');
    at += escape.length - 1;
  }
  throw new Fault(start, 'the string that begins here is never closed');
}

const WRITTEN = /[-+.\deE]+/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;

function number(cursor: Cursor): void {
  const written = at(WRITTEN, cursor);
  if (at(NUMBER, cursor) === written) {
    cursor.at += written.length;
    return;
  }
  const why = /^[-+]?0\d/.test(written)
    ? 'a number begins with a zero too many'
    : written.startsWith('+')
      ? 'a number begins with +'
      : /^-?\./.test(written)
        ? 'a number begins with a point'
        : 'this is no number of JSON';
  throw new Fault(cursor.at, why);
}

function at(pattern: RegExp, cursor: Cursor): string {
  pattern.lastIndex = cursor.at;
  return pattern.exec(cursor.text)?.[0] ?? '';
}

const WORDS = ['true', 'false', 'null'];

function word(cursor: Cursor): void {
  const written = /^[\p{L}_$][\p{L}\p{N}_$]*/u.exec(cursor.text.slice(cursor.at, cursor.at + 40))?.[0];
  const known = WORDS.find((one) => one === written);
  if (known !== undefined) {
    cursor.at += known.length;
    return;
  }
  if (written !== undefined)
    throw new Fault(cursor.at, `${written} is no value: strings stand in double quotes`);
  if (cursor.text[cursor.at] === "'")
    throw new Fault(cursor.at, 'strings stand in double quotes, not in single ones');
  if (/^\/[/*]/.test(cursor.text.slice(cursor.at, cursor.at + 2))) {
    throw new Fault(cursor.at, 'JSON has no comments');
  }
  throw new Fault(cursor.at, `a value is missing, ${found(cursor)}`);
}

function enter(cursor: Cursor): void {
  cursor.at += 1;
  cursor.depth += 1;
  cursor.deepest = Math.max(cursor.deepest, cursor.depth);
  if (cursor.depth > MOST_DEPTH)
    throw new Fault(cursor.at - 1, `it is nested deeper than ${MOST_DEPTH} levels`);
}

function leave(cursor: Cursor): void {
  cursor.depth -= 1;
}

function takes(cursor: Cursor, mark: string): boolean {
  if (cursor.text[cursor.at] !== mark) return false;
  cursor.at += 1;
  return true;
}

function skipBlanks(cursor: Cursor): void {
  while (' \t\n\r'.includes(cursor.text[cursor.at] ?? 'x')) cursor.at += 1;
}

function seen({ text, at }: Cursor): string {
  const next = String.fromCodePoint(text.codePointAt(at) ?? 32);
  return /\s|\p{C}/u.test(next) ? 'a blank that JSON does not know' : `“${next}”`;
}

const found = (cursor: Cursor): string =>
  cursor.at >= cursor.text.length ? 'and the text ends here' : `and ${seen(cursor)} stands here`;
