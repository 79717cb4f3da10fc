import { z } from 'zod';
import { Refusal } from '../action';
import { clip, plural } from '../text/input';
import { isNull, readingOf, typeOf } from './cells';
import type { Reading, Typed } from './cells';
import { parseTable } from './csv';

export const CSV_LIMIT = 200_000;

export const Csv = z
  .string()
  .max(CSV_LIMIT, `must have at most ${CSV_LIMIT} characters`)
  .regex(/\S/, 'must not be empty')
  .describe(
    'The table as pasted text, one row a line, cells divided by comma, semicolon, tab or pipe; the first line ' +
      `may hold the column names. At most ${CSV_LIMIT} characters and 50 columns`,
  );

/** How the table was read, said in every answer. */
export const TableInfo = z.object({
  rows: z.int().describe('Data rows; the header is not counted. Row 1 is the first data row'),
  columns: z.int(),
  delimiter: z.enum(['comma', 'semicolon', 'tab', 'pipe', 'none']),
  header: z.boolean().describe('Whether the first line was read as column names'),
  notes: z.array(z.string()).describe('What was guessed or did not fit'),
});

export interface Column extends Typed {
  name: string;
  cells: string[];
  nulls: number;
}

export interface Table {
  info: z.infer<typeof TableInfo>;
  columns: Column[];
}

export function readTable(csv: string): Table {
  const { delimiter, rows } = parseTable(csv);
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const reading = readingOf(rows.flat(), {
    mark: delimiter === 'semicolon' ? 'comma' : 'point',
    order: 'mdy',
  });
  const header = hasHeader(rows, reading);
  const body = header ? rows.slice(1) : rows;
  if (body.length === 0) throw new Refusal('no_rows', 'csv: holds column names and no rows under them');

  const names = columnNames(header ? (rows[0] ?? []) : [], width);
  const columns = names.map((name, index) =>
    readColumn(
      name,
      body.map((row) => row[index] ?? ''),
      reading,
    ),
  );
  const notes = [...raggedNotes(body, width), ...readingNotes(reading), ...misfitNotes(columns)];
  return {
    info: { rows: body.length, columns: width, delimiter, header, notes: notes.slice(0, 10) },
    columns,
  };
}

function readColumn(name: string, cells: string[], table: Reading): Column {
  const typed = typeOf(cells, readingOf(cells, table));
  return { name, cells, nulls: cells.filter(isNull).length, ...typed };
}

/** The first line names the columns if it is all words and differs in kind, or at least in content, from the rest. */
function hasHeader(rows: string[][], reading: Reading): boolean {
  const [first = [], ...rest] = rows;
  const column = (index: number) => rest.map((row) => row[index] ?? '');
  const wordy = first.map((cell) => cell !== '' && typeOf([cell], reading).type === 'text');
  const nameLike = first.every((cell, index) => {
    if (wordy[index] === true || cell === '') return true;
    return isYear(cell) && !column(index).every(isYear);
  });
  if (!nameLike || !wordy.includes(true)) return false;
  if (rest.length === 0) return true;
  const otherKind = first.some((cell, index) => {
    if (wordy[index] !== true) return isYear(cell);
    return !['text', 'empty'].includes(typeOf(column(index), reading).type);
  });
  const unlikeTheRest = first.every((cell, index) => !column(index).includes(cell));
  return otherKind || (new Set(first).size === first.length && unlikeTheRest);
}

const isYear = (cell: string): boolean => /^(19|20)\d\d$/.test(cell);

/** Every column gets a name of its own: blanks are numbered, repeated names too. */
function columnNames(first: string[], width: number): string[] {
  const taken = new Set<string>();
  return Array.from({ length: width }, (_, index) => {
    const wanted = clip(first[index] ?? '', 80) || `column ${index + 1}`;
    let name = wanted;
    for (let copy = 2; taken.has(name); copy += 1) name = `${wanted} (${copy})`;
    taken.add(name);
    return name;
  });
}

function raggedNotes(body: string[][], width: number): string[] {
  const short = body.flatMap((row, index) => (row.length < width ? [index + 1] : []));
  if (short.length === 0) return [];
  return [
    `${plural(short.length, 'row')} with fewer than ${width} cells (row ${short[0]} first): the rest read as empty.`,
  ];
}

function readingNotes({ ambiguous, ...reading }: Reading & { ambiguous?: string[] }): string[] {
  const decimals = reading.mark === 'point' ? 'the comma parts thousands' : 'the point parts thousands';
  const dates = reading.order === 'mdy' ? 'the month first' : 'the day first';
  return [
    ...(ambiguous?.includes('mark') === true
      ? [`Numbers such as 1,234 can be read two ways; ${decimals} here.`]
      : []),
    ...(ambiguous?.includes('order') === true ? [`Dates can be read two ways; ${dates} here.`] : []),
  ];
}

function misfitNotes(columns: Column[]): string[] {
  return columns.flatMap(({ name, cells, values, type, nulls }) => {
    if (values === null) return [];
    const misfits = cells.flatMap((cell, index) => (values[index] === null && !isNull(cell) ? [index] : []));
    const [first] = misfits;
    if (first === undefined || nulls === cells.length) return [];
    return [
      `Column “${name}” is ${type}, but ${plural(misfits.length, 'cell')} did not fit: row ${first + 1} “${clip(cells[first] ?? '', 40)}”${misfits.length > 1 ? ' and others' : ''}.`,
    ];
  });
}
