import fc from 'fast-check';
import { proveLedger } from '../../db/ledger-proof';
import { SYSTEM } from '../../domain/principal';
import { createTestDatabase } from '../harness/database';
import type { TestDatabase } from '../harness/database';
import { command } from './commands';
import type { Command } from './commands';
import { play } from './play';

// The short form of test/money/every-command.test.ts: `npm run money-test` does 100,000.
let t: TestDatabase;
beforeAll(async () => {
  t = await createTestDatabase();
});
afterAll(() => t.drop());

const batches = fc.array(
  fc.oneof(
    fc.array(command, { minLength: 1, maxLength: 1 }),
    fc.array(command, { minLength: 2, maxLength: 8 }),
  ),
  { minLength: 5, maxLength: 25 },
);

const at = { user: 'ann', owner: 'otto', key: 0 };
const ends = (amount: number, key = 0): Command => ({ ...at, do: 'capture', key, amount, fee: 1 });
/** One after the other, what must have been seen. */
const EVERY_KIND: Command[][] = [
  [{ ...at, do: 'hold', amount: 10 }],
  [{ ...at, do: 'top up', amount: 100 }],
  [{ ...at, do: 'hold', amount: 10 }],
  [ends(11)],
  [ends(9)],
  [{ do: 'void', key: 0 }],
  [{ ...at, do: 'refund', amount: 10, fee: 1 }],
  [{ ...at, do: 'refund', amount: 9, fee: 1, key: 2 }],
];

test('whatever is asked of the ledger, in whatever order and at once, it answers and is as the model says', async () => {
  const seen = new Set<string>();
  const endsAt = Date.now() + 12_000;
  await fc.assert(
    fc.asyncProperty(batches, async (all) => {
      // On a machine that is busy the last runs are let go, so that this never takes long.
      if (Date.now() > endsAt) return;
      for (const how of (await play(t.db, all)).keys()) seen.add(how);
    }),
    { numRuns: 40, examples: [[EVERY_KIND]] },
  );
  expect([...seen]).toEqual(
    expect.arrayContaining([
      'hold: created',
      'hold: insufficient_funds',
      'capture: created',
      'capture: amount_over_hold',
      'void: already_posted',
      'refund: created',
      'refund: insufficient_funds',
    ]),
  );
  expect(await t.db.withTx(SYSTEM, 'test', proveLedger)).toMatchObject({ problems: [] });
});
