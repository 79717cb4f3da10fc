import { expectInOrder, goThroughOutage } from './outage';

// The short form of test/outages/every-task.test.ts, on a whole machine too.
const TASKS = 100;

test('tasks that came while their agent was down are each delivered once, in order, and none was burnt', async () => {
  expectInOrder(await goThroughOutage(TASKS), TASKS);
}, 300_000);
