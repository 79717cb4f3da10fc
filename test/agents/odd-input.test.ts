import fc from 'fast-check';
import type { Action } from '../../dev/agents/action';
import { tableAnalyst } from '../../dev/agents/table/table-analyst';
import { textAnalyst } from '../../dev/agents/text/text-analyst';

// `perform` parses its own output by the published schema and throws when it does not fit.
const call = { key: 'tsk_test' };
const survives = async (actions: Action[], args: Record<string, unknown>) => {
  for (const { perform } of actions) {
    const answer = await perform(args, call);
    const said = answer.ok ? answer.output['summary'] : answer.error;
    expect(said).toEqual(expect.stringMatching(/\S/));
    expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
  }
};

const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc
    .array(
      fc.constantFrom(
        'The',
        'cat',
        'was',
        'eaten',
        'Dr.',
        '3.5',
        'e.g.',
        '!',
        '…',
        '\n',
        '\n\n',
        '- ',
        '“',
        'naïve',
        '__proto__',
        'constructor',
        "n't",
      ),
      { maxLength: 60 },
    )
    .map((pieces) => pieces.join(' ')),
);

const oddCell = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(
    '',
    'NA',
    '"',
    '""',
    '1,5',
    '1.234,56',
    '$3',
    '-€ 4',
    '(5)',
    '12%',
    '2024-02-29',
    '31/12/99',
    '12/31/1999',
    '1e15',
    '0.1e-99',
    'true',
    '__proto__',
    '-',
    '0',
    '9999999999999999999',
    '0000-01-01',
    '9999-12-31',
  ),
  fc.double({ noNaN: true }).map(String),
);
const oddCsv = fc
  .tuple(
    fc.constantFrom(',', ';', '\t', '|'),
    fc.array(fc.array(oddCell, { maxLength: 6 }), { maxLength: 30 }),
  )
  .map(([delimiter, rows]) => rows.map((row) => row.join(delimiter)).join('\n'));

test('odd text never throws, and is answered within the schema', async () => {
  await fc.assert(
    fc.asyncProperty(oddText, fc.integer({ min: 1, max: 30 }), (text, limit) =>
      survives(textAnalyst.actions, { text, limit }),
    ),
    { numRuns: 200 },
  );
});

test('odd tables never throw, and are answered within the schema', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(oddCsv, oddText), (csv) => survives(tableAnalyst.actions, { csv })),
    { numRuns: 200 },
  );
});

test('arguments of any shape are refused or answered, never thrown at', async () => {
  await fc.assert(
    fc.asyncProperty(fc.anything(), async (args) => {
      for (const { perform } of [...textAnalyst.actions, ...tableAnalyst.actions]) {
        expect(await perform(args, call)).toMatchObject({ ok: false, error_code: 'invalid_arguments' });
      }
    }),
  );
});

test('the largest inputs are answered within three seconds each', async () => {
  const texts = ['word. ', 'a', '(((', 'Aa1 '].map((piece) => piece.repeat(50_000).slice(0, 50_000));
  const tables = ['1\n', '1;2,5\n', '"', '2024-01-01\t5\n'].map((piece) =>
    piece.repeat(100_000).slice(0, 200_000),
  );
  const runs = [
    ...texts.flatMap((text) =>
      textAnalyst.actions.map(
        ({ perform }) =>
          () =>
            perform({ text }, call),
      ),
    ),
    ...tables.flatMap((csv) =>
      tableAnalyst.actions.map(
        ({ perform }) =>
          () =>
            perform({ csv }, call),
      ),
    ),
  ];
  for (const run of runs) {
    const start = performance.now();
    await run();
    expect(performance.now() - start).toBeLessThan(3_000);
  }
});
