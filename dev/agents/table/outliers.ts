import { z } from 'zod';
import { defineAction } from '../action';
import { clip, plural, round } from '../text/input';
import { isNumeric, median, pointsOf, quantile, robustScores, tidy } from './numeric';
import type { Point } from './numeric';
import { Csv, TableInfo, readTable } from './table';
import type { Column } from './table';
import { Weekdays, compareByWeekday } from './weekdays';

const LEAST_VALUES = 5;
const ROBUST_Z = 3.5;
const LISTED = 20;

const Outlier = z.object({
  row: z.int().min(1).describe('Data row, the first under the header is 1'),
  value: z.number(),
  cell: z.string().describe('As it stands in the table'),
  side: z.enum(['high', 'low']),
  found_by: z.array(z.enum(['mad', 'iqr'])).min(1),
  robust_z: z.number().nullable(),
});
type Outlier = z.infer<typeof Outlier>;

const ColumnOutliers = z.object({
  name: z.string(),
  values: z.int(),
  median: z.number(),
  fences: z.object({ low: z.number(), high: z.number() }).describe('1.5 IQR beyond the quartiles'),
  total: z.int().describe('Outliers found; the list holds the strongest'),
  outliers: z.array(Outlier).max(LISTED),
});
type ColumnOutliers = z.infer<typeof ColumnOutliers>;

const Output = z.object({
  summary: z.string().describe('Which rows stand out, and where'),
  table: TableInfo,
  method: z.string(),
  columns: z.array(ColumnOutliers),
  skipped: z
    .array(z.object({ name: z.string(), reason: z.string() }))
    .describe('Number columns that were not searched'),
  weekdays: Weekdays.nullable().describe(
    'Comparison with the same weekday; null without dates or under 14 rows',
  ),
});

export const outliers = defineAction({
  name: 'outliers',
  description:
    'Finds outliers (unusual values, anomalies) in the number columns of a pasted CSV table by two robust methods, ' +
    'with row numbers; where there is a date column, also values unusual for their weekday.',
  input: z.object({ csv: Csv }),
  output: Output,
  run: ({ csv }) => {
    const { info, columns } = readTable(csv);
    const numeric = columns.filter(isNumeric);
    const searched = numeric.filter((column) => reasonToSkip(column) === null);
    const found = searched.map(columnOutliers);
    const weekdays = compareByWeekday(columns, searched);
    return {
      summary: summarize(found, weekdays),
      table: info,
      method:
        `mad: robust z over ${ROBUST_Z} (0.6745 × distance from the median over the median absolute deviation); ` +
        'iqr: beyond the quartiles by 1.5 times their distance',
      columns: found,
      skipped: numeric.flatMap((column) => {
        const reason = reasonToSkip(column);
        return reason === null ? [] : [{ name: column.name, reason }];
      }),
      weekdays,
    };
  },
});

function reasonToSkip(column: Column): string | null {
  const points = pointsOf(column);
  if (points.length < LEAST_VALUES) return `fewer than ${LEAST_VALUES} values`;
  const counts = points.every(
    ({ value }, index) => index === 0 || value === (points[index - 1]?.value ?? 0) + 1,
  );
  return counts ? 'counts up by one, so it numbers the rows' : null;
}

function columnOutliers(column: Column): ColumnOutliers {
  const points = pointsOf(column);
  const values = points.map(({ value }) => value);
  const [q1, q3] = [quantile(values, 0.25), quantile(values, 0.75)];
  const fences = { low: q1 - 1.5 * (q3 - q1), high: q3 + 1.5 * (q3 - q1) };
  const scores = robustScores(values);
  const found = points
    .flatMap((point, index) => judge({ column, point, fences, score: scores?.[index] ?? null }))
    .sort(
      (a, b) =>
        b.found_by.length - a.found_by.length || Math.abs(b.robust_z ?? 0) - Math.abs(a.robust_z ?? 0),
    );
  return {
    name: column.name,
    values: values.length,
    median: tidy(median(values)),
    fences: { low: tidy(fences.low), high: tidy(fences.high) },
    total: found.length,
    outliers: found.slice(0, LISTED),
  };
}

function judge(subject: {
  column: Column;
  point: Point;
  fences: { low: number; high: number };
  score: number | null;
}): Outlier[] {
  const { row, value } = subject.point;
  const byMad = Math.abs(subject.score ?? 0) > ROBUST_Z;
  const byIqr = value < subject.fences.low || value > subject.fences.high;
  if (!byMad && !byIqr) return [];
  return [
    {
      row,
      value,
      cell: clip(subject.column.cells[row - 1] ?? '', 60),
      side: (subject.score ?? 0) > 0 || value > subject.fences.high ? 'high' : 'low',
      found_by: [...(byMad ? (['mad'] as const) : []), ...(byIqr ? (['iqr'] as const) : [])],
      robust_z: subject.score === null ? null : round(subject.score, 2),
    },
  ];
}

function summarize(columns: ColumnOutliers[], weekdays: z.infer<typeof Weekdays> | null): string {
  if (columns.length === 0) return 'No number column with enough values to search for outliers.';
  const total = columns.reduce((sum, column) => sum + column.total, 0);
  const strongest = columns
    .flatMap(({ name, outliers: list }) => list.slice(0, 3).map((entry) => ({ name, ...entry })))
    .slice(0, 5)
    .map(
      ({ name, row, cell, side, found_by }) =>
        `row ${row} (${name} ${cell}, ${side}, by ${found_by.join(' and ')})`,
    );
  const plain =
    total === 0
      ? `No outliers in ${plural(columns.length, 'number column')}, by MAD or IQR.`
      : `${plural(total, 'outlier')} in ${plural(columns.length, 'number column')}: ${strongest.join('; ')}.`;
  const odd = weekdays?.unusual[0];
  if (odd === undefined) return plain;
  if (odd.note !== undefined) return `${plain} By weekday: ${odd.note}`;
  return `${plain} By weekday: row ${odd.row} (${odd.weekday} ${odd.date}) has ${odd.column} ${odd.value}, where ${odd.weekday}s have about ${odd.usual}.`;
}
