import { Refusal } from '../action';

export const DELIMITERS = { comma: ',', semicolon: ';', tab: '\t', pipe: '|' } as const;
export type Delimiter = keyof typeof DELIMITERS;

export interface RawTable {
  delimiter: Delimiter | 'none';
  rows: string[][];
}

const COLUMN_LIMIT = 50;
const SNIFFED_ROWS = 50;
/** The order in which equal evidence is decided: "1,5;2,5" has a semicolon for a reason. */
const SNIFF_ORDER: Delimiter[] = ['tab', 'semicolon', 'pipe', 'comma'];

/** Rows of trimmed cells from pasted text, whatever it was pasted from. */
export function parseTable(pasted: string): RawTable {
  const text = pasted.replace(/^\uFEFF/, '').replace(/^\s*```.*$/gm, '');
  const delimiter = sniff(text);
  const rows = splitRows(text, delimiter === 'none' ? null : DELIMITERS[delimiter]);
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  if (width === 0) throw new Refusal('no_rows', 'csv: holds no rows');
  if (width > COLUMN_LIMIT) {
    throw new Refusal('too_many_columns', `csv: has ${width} columns, at most ${COLUMN_LIMIT} are read`);
  }
  return { delimiter, rows };
}

/** The delimiter that cuts most rows into the same number of cells, at least two. */
function sniff(text: string): Delimiter | 'none' {
  const sample = text.slice(0, 20_000);
  let best: { delimiter: Delimiter | 'none'; agreement: number } = { delimiter: 'none', agreement: 0 };
  for (const delimiter of SNIFF_ORDER) {
    const widths = splitRows(sample, DELIMITERS[delimiter])
      .slice(0, SNIFFED_ROWS)
      .map((row) => row.length);
    const counts = new Map<number, number>();
    for (const width of widths.filter((cells) => cells > 1)) counts.set(width, (counts.get(width) ?? 0) + 1);
    const agreement = Math.max(0, ...counts.values()) / Math.max(1, widths.length);
    if (agreement > best.agreement) best = { delimiter, agreement };
  }
  return best.delimiter;
}

function splitRows(text: string, delimiter: string | null): string[][] {
  const rows =
    delimiter === null ? text.split(/\r\n|\n|\r/).map((line) => [line]) : parseQuoted(text, delimiter);
  const trimmed = rows.map((row) => row.map((cell) => cell.trim()));
  const unframed = delimiter === '|' ? trimmed.map(withoutFrame) : trimmed;
  return unframed.filter(
    (row) => row.some((cell) => cell !== '') && !row.every((cell) => /^:?-{2,}:?$/.test(cell)),
  );
}

/** Markdown tables have a pipe on either side. */
function withoutFrame(row: string[]): string[] {
  if (row.length < 3 || row[0] !== '' || row.at(-1) !== '') return row;
  return row.slice(1, -1);
}

/** RFC 4180, forgiving: a quote inside a bare cell is a character, an open quote ends with the text. */
function parseQuoted(text: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  const endCell = () => {
    row.push(cell);
    cell = '';
  };
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (char === '"' && cell.trim() === '') {
      quoted = true;
      cell = '';
    } else if (char === delimiter) endCell();
    else if (char === '\n' || char === '\r') {
      if (char === '\r' && text[at + 1] === '\n') at += 1;
      endCell();
      rows.push(row);
      row = [];
    } else cell += char;
  }
  endCell();
  return [...rows, row];
}
