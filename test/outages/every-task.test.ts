import { expectInOrder, goThroughOutage } from './outage';

// `npm run outage-test`: its figures are those of docs/benchmarks.md.
const TASKS = 2_000;

test('2,000 tasks that came while their agent was down are each delivered once, in order, and none was burnt', async () => {
  const outage = await goThroughOutage(TASKS);
  const { attempts, refused, madeMs, drainedMs } = outage;
  process.stdout.write(
    `${TASKS} tasks made in ${madeMs} ms, ${attempts[0]} attempts before the breaker was open, ` +
      `${refused - attempts[0]} probes; all delivered ${drainedMs} ms after the agent was back ` +
      `(${Math.round((TASKS / drainedMs) * 1000)} a second, one at a time)\n`,
  );
  expectInOrder(outage, TASKS);
}, 600_000);
