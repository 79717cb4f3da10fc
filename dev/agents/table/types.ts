import { z } from 'zod';
import { defineAction } from '../action';
import { clip, plural, round } from '../text/input';
import { COLUMN_TYPES, isNull } from './cells';
import { Csv, TableInfo, readTable } from './table';
import type { Column } from './table';

const ColumnTypes = z.object({
  name: z.string(),
  type: z.enum(COLUMN_TYPES),
  unit: z.string().nullable().describe('Currency or %, as written; "mixed" for several'),
  confidence: z.number().min(0).max(1).describe('Share of the filled cells that have this type'),
  nulls: z.int().describe('Empty cells, and NA, null, - and the like'),
  distinct: z.int(),
  examples: z.array(z.string()).max(3),
});

const Output = z.object({
  summary: z.string().describe('How many rows and columns, and what type each column is'),
  table: TableInfo,
  columns: z.array(ColumnTypes),
});

export const types = defineAction({
  name: 'types',
  description:
    'Says what type each column of a pasted CSV table has (number, money, percent, date, text …), how sure that ' +
    'is, how many cells are empty, how many values are distinct, with examples.',
  input: z.object({ csv: Csv }),
  output: Output,
  run: ({ csv }) => {
    const { info, columns } = readTable(csv);
    const kinds = columns.slice(0, 12).map(({ name, type }) => `${name} (${type})`);
    const more = columns.length > 12 ? ` and ${plural(columns.length - 12, 'more column')}` : '';
    return {
      summary: `${plural(info.rows, 'row')} and ${plural(info.columns, 'column')}: ${kinds.join(', ')}${more}.`,
      table: info,
      columns: columns.map(describeColumn),
    };
  },
});

function describeColumn({ name, type, unit, confidence, nulls, cells }: Column): z.infer<typeof ColumnTypes> {
  const distinct = [...new Set(cells.filter((cell) => !isNull(cell)))];
  const examples = distinct.slice(0, 3).map((cell) => clip(cell, 60));
  return { name, type, unit, confidence: round(confidence, 3), nulls, distinct: distinct.length, examples };
}
