import type { Column } from './table';

const NUMERIC = ['integer', 'decimal', 'currency', 'percent'];

export interface Point {
  /** Row number as people count, from 1. */
  row: number;
  value: number;
}

export const isNumeric = (column: Column): boolean => NUMERIC.includes(column.type);
export const isDate = (column: Column): boolean => column.type === 'date' || column.type === 'datetime';

/** The values a column has, with their rows. */
export const pointsOf = (column: Column): Point[] =>
  (column.values ?? []).flatMap((value, index) => (value === null ? [] : [{ row: index + 1, value }]));

/** Ten digits: enough for money, and none of the dust of binary fractions. */
export const tidy = (value: number): number => Number(value.toPrecision(10));

export const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
export const mean = (values: number[]): number => sum(values) / values.length;

/** Linear between the neighbours, as spreadsheets do (type 7). */
export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] ?? 0;
  const high = sorted[Math.ceil(place)] ?? low;
  return low + (high - low) * (place - Math.floor(place));
}

export const median = (values: number[]): number => quantile(values, 0.5);

/** Of a sample (n − 1); null for a single value. */
export function stdev(values: number[]): number | null {
  if (values.length < 2) return null;
  const centre = mean(values);
  return Math.sqrt(sum(values.map((value) => (value - centre) ** 2)) / (values.length - 1));
}

/**
 * Robust z of each value: 0.6745 (x − median) / MAD. Where more than half the values are equal the MAD is 0, and
 * the mean absolute deviation stands in (Iglewicz and Hoaglin); null where all are equal.
 */
export function robustScores(values: number[]): number[] | null {
  const centre = median(values);
  const deviations = values.map((value) => Math.abs(value - centre));
  const mad = median(deviations);
  const scale = mad > 0 ? mad / 0.6745 : 1.253314 * mean(deviations);
  return scale > 0 ? values.map((value) => (value - centre) / scale) : null;
}
