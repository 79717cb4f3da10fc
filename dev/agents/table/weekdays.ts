import { z } from 'zod';
import { plural, round } from '../text/input';
import { isoDay, weekdayOf } from './dates';
import { isDate, median, pointsOf, robustScores, tidy } from './numeric';
import type { Column } from './table';

const LEAST_ROWS = 14;
const ROBUST_Z = 3.5;
const LEAST_VALUES = 5;
const LISTED = 20;

const Unusual = z.object({
  column: z.string(),
  row: z.int().min(1),
  date: z.string(),
  weekday: z.string(),
  value: z.number(),
  usual: z.number().describe('Median of this weekday'),
  robust_z: z.number(),
  note: z.string().optional(),
});
type Unusual = z.infer<typeof Unusual>;

export const Weekdays = z.object({
  date_column: z.string(),
  rows: z.int(),
  unusual: z
    .array(Unusual)
    .max(LISTED)
    .describe('Values far from the median of their own weekday, strongest first'),
});

interface Dated {
  row: number;
  day: number;
  value: number;
}

/** Each value against the median of its own weekday, so that a quiet Sunday is not odd and a busy one is. */
export function compareByWeekday(columns: Column[], numeric: Column[]): z.infer<typeof Weekdays> | null {
  const dates = columns.find(isDate);
  if (dates === undefined) return null;
  const rows = pointsOf(dates).length;
  if (rows < LEAST_ROWS || numeric.length === 0) return null;
  const unusual = numeric
    .flatMap((column) => unusualIn(column, datedPoints(column, dates)))
    .sort((a, b) => Math.abs(b.robust_z) - Math.abs(a.robust_z));
  return { date_column: dates.name, rows, unusual: unusual.slice(0, LISTED) };
}

const datedPoints = (column: Column, dates: Column): Dated[] =>
  pointsOf(column).flatMap(({ row, value }) => {
    const day = dates.values?.[row - 1] ?? null;
    return day === null ? [] : [{ row, day, value }];
  });

function unusualIn(column: Column, points: Dated[]): Unusual[] {
  if (points.length < LEAST_ROWS) return [];
  const groups = new Map<string, Dated[]>();
  for (const point of points) {
    const weekday = weekdayOf(point.day);
    const group = groups.get(weekday);
    if (group === undefined) groups.set(weekday, [point]);
    else group.push(point);
  }
  const compared = [...groups].flatMap(([weekday, group]) => {
    const usual = median(group.map(({ value }) => value));
    // One row of a weekday has nothing to be compared with.
    return group.length < 2 ? [] : group.map((point) => ({ ...point, weekday, usual, group }));
  });
  const scores =
    compared.length < LEAST_VALUES ? null : robustScores(compared.map(({ value, usual }) => value - usual));
  return compared.flatMap(({ row, day, value, weekday, usual, group }, index) => {
    const score = scores?.[index] ?? 0;
    if (Math.abs(score) <= ROBUST_Z) return [];
    const pair = group.map((point) => point.row).join(' and ');
    return [
      {
        column: column.name,
        row,
        date: isoDay(day),
        weekday,
        value,
        usual: tidy(usual),
        robust_z: round(score, 2),
        ...(group.length === 2 ? { note: `Only ${plural(2, weekday)}: one of rows ${pair} is odd.` } : {}),
      },
    ];
  });
}
