import { orderEvidence, parseDate } from './dates';
import type { DateOrder } from './dates';
import { decimalEvidence, parseNumber } from './numbers';
import type { DecimalMark, ParsedNumber } from './numbers';

export const COLUMN_TYPES = [
  'integer',
  'decimal',
  'currency',
  'percent',
  'boolean',
  'date',
  'datetime',
  'text',
  'empty',
] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

const NULLS = new Set(['', 'na', 'n/a', '#n/a', 'nan', 'null', 'nil', 'none', '-', '–', '—', '?']);
const BOOLEANS = new Set(['true', 'false', 'yes', 'no']);
/** A column has a type when this share of its cells has it; the rest are misfits. */
const MAJORITY = 0.8;

export interface Reading {
  mark: DecimalMark;
  order: DateOrder;
}

export interface Typed {
  type: ColumnType;
  confidence: number;
  /** By row; null for an empty cell and a misfit. Numbers, or days since 1970 for dates. */
  values: (number | null)[] | null;
  unit: string | null;
}

export const isNull = (cell: string): boolean => NULLS.has(cell.toLowerCase());

/** The reading most cells ask for; what can be read both ways is read as the fallback says. */
export function readingOf(cells: string[], fallback: Reading): Reading & { ambiguous: string[] } {
  const marks = tally(cells.map(decimalEvidence));
  const orders = tally(cells.map(orderEvidence));
  const mark = decide<DecimalMark>(marks, ['point', 'comma']);
  const order = decide<DateOrder>(orders, ['dmy', 'mdy']);
  return {
    mark: mark ?? fallback.mark,
    order: order ?? fallback.order,
    ambiguous: [
      ...(mark === null && (marks.get('either') ?? 0) > 0 ? ['mark'] : []),
      ...(order === null && (orders.get('either') ?? 0) > 0 ? ['order'] : []),
    ],
  };
}

function tally(evidence: (string | null)[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const entry of evidence) if (entry !== null) counts.set(entry, (counts.get(entry) ?? 0) + 1);
  return counts;
}

function decide<T extends string>(counts: Map<string, number>, [one, other]: [T, T]): T | null {
  const difference = (counts.get(one) ?? 0) - (counts.get(other) ?? 0);
  if (difference === 0) return null;
  return difference > 0 ? one : other;
}

export function typeOf(cells: string[], reading: Reading): Typed {
  const filled = cells.filter((cell) => !isNull(cell));
  if (filled.length === 0) return { type: 'empty', confidence: 1, values: null, unit: null };
  const share = (found: number) => found / filled.length;

  const booleans = share(filled.filter((cell) => BOOLEANS.has(cell.toLowerCase())).length);
  if (booleans >= MAJORITY) return { type: 'boolean', confidence: booleans, values: null, unit: null };

  const dates = cells.map((cell) => (isNull(cell) ? null : parseDate(cell, reading.order)));
  const dated = dates.filter((date) => date !== null);
  if (share(dated.length) >= MAJORITY) {
    const timed = dated.filter(({ hasTime }) => hasTime).length * 2 >= dated.length;
    const values = dates.map((date) => date?.day ?? null);
    return { type: timed ? 'datetime' : 'date', confidence: share(dated.length), values, unit: null };
  }

  const numbers = cells.map((cell) => (isNull(cell) ? null : parseNumber(cell, reading.mark)));
  const counted = numbers.filter((number) => number !== null);
  if (share(counted.length) >= MAJORITY) {
    const values = numbers.map((number) => number?.value ?? null);
    return { ...numberType(counted), confidence: share(counted.length), values };
  }
  const best = Math.max(booleans, share(dated.length), share(counted.length));
  return { type: 'text', confidence: 1 - best, values: null, unit: null };
}

function numberType(numbers: ParsedNumber[]): Pick<Typed, 'type' | 'unit'> {
  const marked = (['percent', 'currency'] as const).find(
    (kind) => numbers.filter((number) => number.kind === kind).length * 2 >= numbers.length,
  );
  const units = [...new Set(numbers.map(({ unit }) => unit).filter((unit) => unit !== null))];
  const unit = units.length > 1 ? 'mixed' : (units[0] ?? null);
  if (marked !== undefined) return { type: marked, unit };
  return { type: numbers.every(({ kind }) => kind === 'integer') ? 'integer' : 'decimal', unit };
}
