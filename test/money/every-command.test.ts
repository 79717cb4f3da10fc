import fc from 'fast-check';
import { z } from 'zod';
import { proveLedger } from '../../db/ledger-proof';
import { SYSTEM } from '../../domain/principal';
import { createTestDatabase } from '../harness/database';
import { command } from './commands';
import { play } from './play';

// `npm run money-test`: 100,000 commands in random sequences, up to eight actors at once, four worlds side by side;
// MOORING_TEST_SEED makes an earlier run's choices again.
const COMMANDS = 100_000;
const WORLDS = 4;
/** between two lines of progress */
const RUNS = 20;
const seed = z.coerce
  .number()
  .int()
  .parse(process.env['MOORING_TEST_SEED'] ?? Date.now() % 1_000_000);

const batches = fc.array(fc.array(command, { minLength: 1, maxLength: 8 }), { minLength: 20, maxLength: 40 });

test('of 100,000 commands each is answered as the model says, and the ledger sums to zero', async () => {
  process.stdout.write(`MOORING_TEST_SEED=${seed}\n`);
  const t = await createTestDatabase();
  const answers = new Map<string, number>();
  let done = 0;
  try {
    const property = fc.asyncProperty(
      fc.array(batches, { minLength: WORLDS, maxLength: WORLDS }),
      async (worlds) => {
        for (const seen of await Promise.all(worlds.map((all) => play(t.db, all)))) {
          for (const [how, count] of seen) {
            answers.set(how, (answers.get(how) ?? 0) + count);
            done += count;
          }
        }
      },
    );
    for (let round = 0; done < COMMANDS; round += 1) {
      await fc.assert(property, { seed: seed + round, numRuns: RUNS });
      process.stdout.write(`${done} of ${COMMANDS} commands\n`);
    }
    const proof = await t.db.withTx(SYSTEM, 'test', proveLedger);
    process.stdout.write(
      `${[...answers]
        .sort()
        .map(([how, count]) => `${count} ${how}`)
        .join('; ')}\n`,
    );
    process.stdout.write(`${JSON.stringify(proof)}\n`);
    expect(proof.problems).toEqual([]);
    expect(done).toBeGreaterThanOrEqual(COMMANDS);
  } finally {
    await t.drop();
  }
}, 1_800_000);
