import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { hiring } from './driver';
import type { Scenario, Stage } from './driver';
import { askNetwork, finish, join, until } from './network';

// One failure opens a breaker here, so that it does not depend on what ran before.
const settings = {
  MOORING_RATE_LIMIT_REGISTRATIONS: '1000',
  MOORING_RATE_LIMIT_NETWORK_READS: '100000',
  MOORING_BREAKER_FAILURES: '1',
  MOORING_BREAKER_WAIT_MS: '400',
  MOORING_BREAKER_MAX_WAIT_MS: '800',
};

/** Agents that are down for a while, and what waits for them. */
export const BREAKERS: Scenario[] = [
  {
    name: 'tasks wait for an agent that is down, and go in order when it is back',
    settings,
    // What the breaker is told of a failure, and of each task that finds it open.
    also: ['task.record-outcome.commit', 'task.record-outcome.committed', 'task.open-delivery.committed'],
    run: (stage) => goDownAndBack(stage, { slowMs: 0 }),
  },
  {
    name: 'an agent that is back takes its time',
    settings,
    // Longer than one run of its monitor's activity.
    run: (stage) => goDownAndBack(stage, { slowMs: 5_200 }),
  },
  {
    name: 'a service agent that was down does the work when it is back',
    settings,
    run: hiring('#agent:500 '),
  },
];

const TASKS = 5;

async function goDownAndBack(stage: Stage, { slowMs }: { slowMs: number }): Promise<void> {
  let status = 503;
  const taken: string[] = [];
  const server = createServer((req, res) => {
    req.resume();
    const id = String(req.headers['webhook-id']);
    if (status === 200 && !taken.includes(id)) taken.push(id);
    const answer = (): void => void res.writeHead(status).end();
    // The first is the probe; the second is one of those that had waited.
    if (taken.length === 2 && slowMs > 0) setTimeout(answer, slowMs);
    else answer();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const [ann, ben] = [await join(stage), await join(stage, { endpoint: `http://127.0.0.1:${port}/` })];
    const ids: string[] = [];
    for (let n = 0; n < TASKS; n += 1) {
      ids.push(await askNetwork(ann, ben));
      // The breaker is open before the next one comes, and each is parked before the agent is back.
      await untilTold(stage, ids.at(-1) ?? '');
    }
    status = 200;
    for (const id of ids) await until(ann, id, 'delivered');
    if (taken.join() !== ids.join())
      throw new Error(`taken in another order: ${taken.join()}, not ${ids.join()}`);
    for (const id of ids) await finish(ben, `/v1/tasks/${id}/decline`, { reason: 'too late' });
    await ben.call('DELETE', `/v1/agents/${ben.id}`).catch(() => undefined);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** The task's first delivery is over: it was made, or the task was parked. */
async function untilTold({ temporal }: Stage, id: string): Promise<void> {
  const handle = temporal.workflow.getHandle(`task/${id}`);
  const isTold = async (): Promise<boolean> => {
    const { events } = await handle.fetchHistory().catch(() => ({ events: [] }));
    return (events ?? []).some(
      (event) =>
        event.activityTaskCompletedEventAttributes !== undefined &&
        event.activityTaskCompletedEventAttributes !== null,
    );
  };
  while (!(await isTold())) await pause(20);
}
