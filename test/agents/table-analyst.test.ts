import { tableAnalyst } from '../../dev/agents/table/table-analyst';
import { askAgent } from './ask';

const ask = (name: string, csv: string) => askAgent(tableAnalyst, name, { csv });

const typesOf = async (csv: string) => {
  const answer = await ask('types', csv);
  if (!answer.ok) throw new Error(answer.error);
  return (answer.output['columns'] as { name: string; type: string }[]).map(
    ({ name, type }) => `${name}:${type}`,
  );
};

test.each([
  [
    'comma',
    'day,name,amount\n2024-01-02,"Smith, John",5\n2024-01-03,"He said ""hi""",6',
    ['day:date', 'name:text', 'amount:integer'],
  ],
  [
    'semicolon',
    'Datum;Betrag;Anteil\n02.01.2024;1.234,56 €;12,5 %\n13.01.2024;99,00 €;7 %',
    ['Datum:date', 'Betrag:currency', 'Anteil:percent'],
  ],
  ['tab', 'a\tb\tc\r\n1\ttrue\t1,234.5\r\n2\tfalse\t2,000.25\r\n', ['a:integer', 'b:boolean', 'c:decimal']],
  [
    'pipe',
    '| item | price |\n|------|:-----:|\n| tea | $3.50 |\n| cake | ($1.25) |',
    ['item:text', 'price:currency'],
  ],
  ['none', 'score\n3\n4\n5', ['score:integer']],
])('a table with delimiter %s is read with its types', async (delimiter, csv, expected) => {
  expect(await typesOf(csv)).toEqual(expected);
  expect(await ask('types', csv)).toMatchObject({ ok: true, output: { table: { delimiter, header: true } } });
});

test.each([
  ['ISO with time', '2024-01-02T10:00:00Z', 'datetime'],
  ['day first by evidence', '31/01/2024', 'date'],
  ['month first by evidence', '01/31/2024', 'date'],
  ['written out', '3 Jan 2024', 'date'],
  ['American', 'Jan 3, 2024', 'date'],
  ['a day that does not exist', '2024-02-30', 'text'],
  ['a postcode', '01234', 'text'],
  ['spaces for thousands', '1 234 567', 'integer'],
  ['exponent', '1.5e-3', 'decimal'],
])('%s is typed as %s', async (_name, cell, type) => {
  expect(await typesOf(`id,v\nx,${JSON.stringify(cell)}\ny,${JSON.stringify(cell)}`)).toEqual([
    'id:text',
    `v:${type}`,
  ]);
});

test('nulls, distinct values, confidence and misfits are said', async () => {
  const csv = 'n,city\n1,Rome\n2,\n3,N/A\n4,Rome\nfive,Oslo\n6,Bonn';
  expect(await ask('types', csv)).toMatchObject({
    ok: true,
    output: {
      table: { rows: 6, notes: [expect.stringContaining('row 5 “five”')] },
      columns: [
        { name: 'n', type: 'integer', confidence: 0.833, nulls: 0, distinct: 6 },
        { name: 'city', type: 'text', nulls: 2, distinct: 3, examples: ['Rome', 'Oslo', 'Bonn'] },
      ],
    },
  });
});

test('a table without a header gets numbered columns', async () => {
  expect(await typesOf('1,a\n2,b\n3,a')).toEqual(['column 1:integer', 'column 2:text']);
});

test('year columns are names, and repeated names are kept apart', async () => {
  expect(await typesOf('region,2021,2022,2022\nnorth,5,6,7\nsouth,8,9,1')).toEqual([
    'region:text',
    '2021:integer',
    '2022:integer',
    '2022 (2):integer',
  ]);
});

test('short rows and numbers that can be read two ways are noted', async () => {
  const answer = await ask('types', 'a;b\n"1,234";x\n"2,345"');
  expect(answer.ok && (answer.output['table'] as { notes: string[] }).notes).toEqual([
    expect.stringContaining('fewer than 2 cells (row 2 first)'),
    expect.stringContaining('two ways'),
  ]);
});

test('statistics are those of the textbook', async () => {
  const csv =
    'x,day,who\n2,2024-03-01,ann\n4,2024-03-05,bob\n4,2024-03-02,ann\n4,2024-03-09,ann\n5,,cid\n5,2024-03-04,bob\n7,2024-03-03,ann\n9,2024-03-08,bob';
  expect(await ask('statistics', csv)).toMatchObject({
    ok: true,
    output: {
      columns: [
        {
          count: 8,
          distinct: 5,
          numbers: { min: 2, max: 9, mean: 5, median: 4.5, q1: 4, q3: 5.5, stdev: 2.138089935, sum: 40 },
        },
        { count: 7, nulls: 1, dates: { first: '2024-03-01', last: '2024-03-09', span_days: 8 } },
        {
          top_values: [{ value: 'ann', count: 4, share: 0.5 }, { value: 'bob', count: 3 }, { value: 'cid' }],
        },
      ],
    },
  });
});

test('money sums without the dust of binary fractions', async () => {
  const answer = await ask('statistics', 'p\n$0.10\n$0.20\n$0.30');
  expect(answer).toMatchObject({
    ok: true,
    output: { columns: [{ unit: '$', numbers: { sum: 0.6, mean: 0.2 } }] },
  });
});

test('an outlier is found by both methods, with its row', async () => {
  const answer = await ask('outliers', 'id,v\n1,10\n2,11\n3,12\n4,10\n5,11\n6,95\n7,12\n8,10');
  expect(answer).toMatchObject({
    ok: true,
    output: {
      columns: [
        { name: 'v', total: 1, outliers: [{ row: 6, value: 95, side: 'high', found_by: ['mad', 'iqr'] }] },
      ],
      skipped: [{ name: 'id', reason: expect.stringContaining('counts up') as unknown }],
      weekdays: null,
    },
  });
  expect(answer.ok && answer.output['summary']).toContain('row 6');
});

test('half the values equal still lets the odd one be found', async () => {
  expect(await ask('outliers', 'v\n5\n5\n5\n5\n5\n5\n5\n50')).toMatchObject({
    ok: true,
    output: { columns: [{ outliers: [{ row: 8, found_by: ['mad', 'iqr'] }] }] },
  });
});

test('a busy Saturday is unusual though its value is ordinary, and quiet weekends are not', async () => {
  const rows = Array.from({ length: 28 }, (_, index) => {
    const date = new Date(Date.UTC(2024, 2, 4 + index));
    const weekend = [0, 6].includes(date.getUTCDay());
    return `${date.toISOString().slice(0, 10)},${index === 12 ? 101 : (weekend ? 20 : 100) + (index % 3)}`;
  });
  expect(await ask('outliers', ['date,visits', ...rows].join('\n'))).toMatchObject({
    ok: true,
    output: {
      weekdays: {
        date_column: 'date',
        rows: 28,
        unusual: [{ row: 13, weekday: 'Saturday', date: '2024-03-16', value: 101, column: 'visits' }],
      },
    },
  });
});

test.each([
  ['', 'invalid_arguments'],
  ['a,b,c', 'no_rows'],
  [`${'1,'.repeat(60)}1`, 'too_many_columns'],
])('a table that cannot be read is refused in words (%#)', async (csv, code) => {
  expect(await ask('types', csv)).toMatchObject({
    ok: false,
    error_code: code,
    error: expect.stringContaining('csv: ') as unknown,
  });
});
