import { unitsIn } from './beside';
import { stems, words } from './stems';

/** A message taken apart: what is asked, and the text it is asked about, if it brings one. */
export interface Reading {
  instruction: string;
  data: string | null;
  whole: string;
}

// A label before a colon asks for nothing, so the request must stand behind it.
const LABEL = /^(?:hi|hello|hey|question|request|task|note|q)\b[^:]{0,12}$/i;
const MAX_INSTRUCTION = 400;

export function readMessage(message: string): Reading {
  const whole = message.trim();
  const parts =
    byFence(whole) ??
    byColon(whole) ??
    byLines(whole) ??
    byQuotes(whole) ??
    bySentence(whole) ??
    bySaying(whole);
  if (parts === null) return { instruction: whole, data: null, whole };
  const [instruction, data] = parts;
  return { ...withClosingQuestion(instruction.replace(/\s+/g, ' ').trim(), unquoted(data)), whole };
}

type Parts = [instruction: string, data: string] | null;

function byFence(text: string): Parts {
  const fence = /(`{3,}|~{3,})[^\n]*\n([^]*?)\n?\1/.exec(text);
  if (fence?.[2] === undefined || fence[2].trim() === '') return null;
  const around = `${text.slice(0, fence.index)} ${text.slice(fence.index + fence[0].length)}`.trim();
  return around === '' ? null : [around.replace(/:\s*$/, ''), fence[2]];
}

/** The first colon that ends a line, or else the first one in the first line; not those of URLs and times. */
function byColon(text: string): Parts {
  const head = text.slice(0, MAX_INSTRUCTION);
  const firstLine = head.split('\n')[0] ?? '';
  for (const colon of [...firstLine.matchAll(/:(?=\s)/g), ...head.matchAll(/:[ \t]*(?=\n)/g)]) {
    const before = text.slice(0, colon.index);
    const after = text.slice(colon.index + 1).trim();
    if (after === '' || LABEL.test(before.trim()) || words(before).length === 0) continue;
    return [before, after];
  }
  return null;
}

function byLines(text: string): Parts {
  const end = text.indexOf('\n');
  if (end === -1) return null;
  const [first, rest] = [text.slice(0, end), text.slice(end + 1).trim()];
  return rest === '' || words(first).length === 0 || first.includes(',') ? lastLineAsks(text) : [first, rest];
}

/** Data first, the request in the last line. */
function lastLineAsks(text: string): Parts {
  const start = text.lastIndexOf('\n');
  const last = text.slice(start + 1);
  return /\?\s*$/.test(last) ? [last, text.slice(0, start)] : null;
}

function byQuotes(text: string): Parts {
  const quoted = [...text.matchAll(/"([^"]{2,})"|“([^”]{2,})”|«([^»]{2,})»/g)]
    .map((match) => ({ match, inner: match[1] ?? match[2] ?? match[3] ?? '' }))
    .sort((a, b) => b.inner.length - a.inner.length)[0];
  if (quoted === undefined) return null;
  const { match, inner } = quoted;
  const around = `${text.slice(0, match.index)}${text.slice(match.index + match[0].length)}`;
  return words(around).length === 0 ? null : [around.replace(/\s+/g, ' '), inner];
}

/** "How readable is this text? The cat sat on the mat." */
function bySentence(text: string): Parts {
  const first = /^[^.?!]{4,200}[.?!]\s+(?=\S)/.exec(text);
  if (first === null) return null;
  const rest = text.slice(first[0].length);
  const pointsAhead = /\b(?:this|these|following|below|text|sentence|paragraph|words)\b/i.test(first[0]);
  return pointsAhead && rest.split(/\s+/).length >= 4 ? [first[0], rest] : null;
}

/** "A sign that says Mind the step" */
function bySaying(text: string): Parts {
  const said =
    /^(.{3,200}?\b(?:saying|(?:that|which) (?:says|reads)|with the (?:text|words)))\s+(\S[^]*)$/i.exec(text);
  return said?.[1] === undefined || said[2] === undefined ? null : [said[1], said[2]];
}

const unquoted = (data: string): string => data.trim().replace(/^(?:"([^"]*)"|“([^”]*)”)$/, '$1$2');

/** A question in a last line of its own belongs to what is asked. */
function withClosingQuestion(instruction: string, data: string): Omit<Reading, 'whole'> {
  const start = data.lastIndexOf('\n');
  const last = data.slice(start + 1).trim();
  if (start === -1 || !last.endsWith('?') || last.length > 200) return { instruction, data };
  return { instruction: `${instruction} ${last}`.trim(), data: data.slice(0, start).trim() };
}

const TABULAR = new Set(stems('table csv spreadsheet dataset'));

/**
 * What a search is asked for: the instruction, and what its words do not say: that the pasted text is a table
 * ("Analyse this: …"), that units are to be converted ("What is 100 °F in °C?").
 */
export function soughtIn({ instruction, data }: Reading): string {
  const wordless = stems(instruction).every((one) => /^\d+$/.test(one));
  if (wordless && unitsIn(instruction, 'to', []).length > 0) return `${instruction} (convert units)`;
  const said = stems(instruction).some((one) => TABULAR.has(one));
  return data !== null && !said && isTable(data) ? `${instruction} (CSV table)` : instruction;
}

function isTable(data: string): boolean {
  const lines = data.trim().split('\n').slice(0, 4);
  return ['\t', ';', ',', '|'].some((mark) => {
    const counts = lines.map((line) => line.split(mark).length);
    return lines.length > 1 && (counts[0] ?? 0) > 1 && counts.every((count) => count === counts[0]);
  });
}

const BACK =
  /\b(?:same|it|its|that|this|these|those|them|above|again|earlier|previous|before|now|also|instead)\b/i;

/** The text of this message, or of the newest earlier one when the words point back to it. */
export function dataInReach(reading: Reading, earlier: string[]): string | null {
  if (reading.data !== null) return reading.data;
  if (!BACK.test(reading.instruction)) return null;
  for (const message of earlier) {
    const { data } = readMessage(message);
    if (data !== null) return data;
  }
  return null;
}
