import { runCuts } from './cuts';
import { expectWhole } from './expect-whole';

// The short form of test/cuts/every-cut.test.ts.
test('over cuts, silences and kills of the platform each client has the log, dense and once each', async () => {
  const plan = { cuts: 40, chats: 4, turnsOfAChat: 4, kills: 0.05, seed: 7 };
  const result = await runCuts(plan);
  expectWhole(result, plan);
  expect(result.broken).toBeGreaterThan(30);
  expect(Object.values(result.made).every((count) => count > 0)).toBe(true);
}, 120_000);
