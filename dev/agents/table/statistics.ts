import { z } from 'zod';
import { defineAction } from '../action';
import { clip, plural, round } from '../text/input';
import { COLUMN_TYPES, isNull } from './cells';
import { isoDay } from './dates';
import { isDate, isNumeric, mean, median, pointsOf, quantile, stdev, sum, tidy } from './numeric';
import { Csv, TableInfo, readTable } from './table';
import type { Column } from './table';

const Numbers = z
  .object({
    min: z.number(),
    max: z.number(),
    mean: z.number(),
    median: z.number(),
    q1: z.number(),
    q3: z.number(),
    stdev: z.number().nullable().describe('Of a sample (n - 1); null for a single value'),
    sum: z.number(),
  })
  .describe('Quartiles are linear between neighbours, as in spreadsheets; percents are in percent');
const Dates = z.object({ first: z.string(), last: z.string(), span_days: z.int() });
const Values = z.object({ value: z.string(), count: z.int(), share: z.number().min(0).max(1) });

const ColumnStatistics = z.object({
  name: z.string(),
  type: z.enum(COLUMN_TYPES),
  unit: z.string().nullable(),
  count: z.int().describe('Cells that hold a value of the type'),
  nulls: z.int(),
  distinct: z.int(),
  numbers: Numbers.optional(),
  dates: Dates.optional(),
  top_values: z.array(Values).max(5).optional(),
});
type ColumnStatistics = z.infer<typeof ColumnStatistics>;

const Output = z.object({
  summary: z.string().describe('The key figures of the first columns in words'),
  table: TableInfo,
  columns: z.array(ColumnStatistics),
});

export const statistics = defineAction({
  name: 'statistics',
  description:
    'Computes statistics of a pasted CSV table, by column: count, minimum, maximum, mean (average), median, ' +
    'quartiles, standard deviation and sum of numbers; top values of text; ranges of dates.',
  input: z.object({ csv: Csv }),
  output: Output,
  run: ({ csv }) => {
    const { info, columns } = readTable(csv);
    const figures = columns.map(columnStatistics);
    return {
      summary: `${plural(info.rows, 'row')}. ${figures.flatMap(inWords).slice(0, 8).join(' ')}`.trim(),
      table: info,
      columns: figures,
    };
  },
});

function columnStatistics(column: Column): ColumnStatistics {
  const filled = column.cells.filter((cell) => !isNull(cell));
  const values = pointsOf(column).map(({ value }) => value);
  return {
    name: column.name,
    type: column.type,
    unit: column.unit,
    count: column.values === null ? filled.length : values.length,
    nulls: column.nulls,
    distinct: new Set(filled).size,
    ...(isNumeric(column) ? { numbers: numberFigures(values) } : {}),
    ...(isDate(column) ? { dates: dateFigures(values) } : {}),
    ...(column.values === null && filled.length > 0 ? { top_values: topValues(filled) } : {}),
  };
}

function numberFigures(values: number[]): z.infer<typeof Numbers> {
  const spread = stdev(values);
  return {
    min: values.reduce((least, value) => Math.min(least, value), Infinity),
    max: values.reduce((most, value) => Math.max(most, value), -Infinity),
    mean: tidy(mean(values)),
    median: tidy(median(values)),
    q1: tidy(quantile(values, 0.25)),
    q3: tidy(quantile(values, 0.75)),
    stdev: spread === null ? null : tidy(spread),
    sum: tidy(sum(values)),
  };
}

function dateFigures(days: number[]): z.infer<typeof Dates> {
  const first = days.reduce((least, day) => Math.min(least, day), Infinity);
  const last = days.reduce((most, day) => Math.max(most, day), -Infinity);
  return { first: isoDay(first), last: isoDay(last), span_days: last - first };
}

function topValues(filled: string[]): z.infer<typeof Values>[] {
  const counts = new Map<string, number>();
  for (const cell of filled) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  return [...counts]
    .sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
    .slice(0, 5)
    .map(([value, count]) => ({ value: clip(value, 60), count, share: round(count / filled.length, 3) }));
}

function inWords({ name, numbers, dates, top_values, unit }: ColumnStatistics): string[] {
  if (numbers !== undefined) {
    const suffix = unit === null ? '' : ` (${unit})`;
    return [
      `${name}${suffix}: ${numbers.min} to ${numbers.max}, mean ${numbers.mean}, median ${numbers.median}, sum ${numbers.sum}.`,
    ];
  }
  if (dates !== undefined)
    return [`${name}: ${dates.first} to ${dates.last}, ${plural(dates.span_days, 'day')}.`];
  const top = top_values?.[0];
  return top === undefined ? [] : [`${name}: most often “${top.value}” (${plural(top.count, 'time')}).`];
}
