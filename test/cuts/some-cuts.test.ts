import { runCuts } from './cuts';
import { expectWhole } from './expect-whole';

// The short form of test/cuts/every-cut.test.ts.
test('over cuts, silences, stops and kills of the platform each client has the log, dense and once each', async () => {
  const plan = { cuts: 20, chats: 3, turnsOfAChat: 2, ends: 0.2, seed: 7 };
  const result = await runCuts(plan);
  expectWhole(result, plan);
  expect(result.broken).toBeGreaterThan(10);
  expect(Object.values(result.made).every((count) => count > 0)).toBe(true);
}, 120_000);
