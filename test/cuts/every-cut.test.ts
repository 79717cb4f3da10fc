import { z } from 'zod';
import { runCuts } from './cuts';
import { expectWhole } from './expect-whole';

// 1,000 random cuts over 200 turns; MOORING_TEST_SEED makes an earlier run's choices again.
const seed = z.coerce
  .number()
  .int()
  .parse(process.env['MOORING_TEST_SEED'] ?? Date.now() % 1_000_000);

test('over 1,000 random cuts each client has the log, dense and once each', async () => {
  process.stdout.write(`MOORING_TEST_SEED=${seed}\n`);
  const plan = { cuts: 1_000, chats: 10, turnsOfAChat: 20, ends: 0.05, seed };
  const result = await runCuts(plan);
  const { reset, silence, kill, stop } = result.made;
  process.stdout.write(
    `${reset} resets and ${silence} silences broke ${result.broken} connections; ${kill} kills, ${stop} stops\n`,
  );
  expectWhole(result, plan);
}, 3_600_000);
