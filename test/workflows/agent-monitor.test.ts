import { randomUUID } from 'node:crypto';
import type {
  AgentActivities,
  AgentMonitorInput,
  DrainProgress,
  ProbeOutcome,
  Wake,
} from '../../domain/workflows';
import type { agentMonitor } from '../../workflows';
import { createVirtualTime } from '../harness/workflows';
import type { VirtualTime } from '../harness/workflows';

let time: VirtualTime;
beforeAll(async () => {
  time = await createVirtualTime();
}, 60_000);
afterAll(() => time.close());

const HOUR = 3_600_000;

/** A listing as its row says it; each probe is noted with its attempt and the hour it was made in. */
function listing(answer: (version: number, attempt: number) => ProbeOutcome) {
  const row = { version: 1, attempts: [] as number[], times: [] as number[] };
  const activities: AgentActivities = {
    drainParked: () => Promise.resolve({ kind: 'closed', seen: 0, status: 'REJECTED' }),
    probeAgent: async ({ attempt }) => {
      const { version } = row;
      row.times.push(await time.env.currentTimeMs());
      row.attempts.push(attempt);
      return answer(version, attempt);
    },
  };
  return { row, activities };
}

type Probed = ReturnType<typeof listing>;

const start = (taskQueue: string, input: Partial<AgentMonitorInput> = {}) =>
  time.env.client.workflow.signalWithStart<typeof agentMonitor, [Wake]>('agentMonitor', {
    workflowId: `agent-monitor/${randomUUID()}`,
    taskQueue,
    args: [{ agentId: 'agt_1', userId: 'usr_1', ...input }],
    signal: 'listingChanged',
    signalArgs: [{ version: 1 }],
  });
type Handle = Awaited<ReturnType<typeof start>>;

/** The row has changed, and the monitor is told. */
async function change({ row }: Probed, handle: Handle): Promise<void> {
  row.version += 1;
  await handle.signal('listingChanged', { version: row.version });
}

/** Resolves when so many probes were made. */
async function probes({ row }: Probed, count: number): Promise<void> {
  while (row.attempts.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
}

const good = (seen: number): ProbeOutcome => ({ kind: 'probed', seen, retryInMs: null });
const gone = (): ProbeOutcome => ({ kind: 'closed', status: 'REJECTED' });

test('a good listing is probed once, then costs nothing until it is asked for, and ends when it is rejected', async () => {
  const one = listing((version) => (version < 3 ? good(version) : gone()));
  await time.withWorker(one.activities, async (queue) => {
    const handle = await start(queue);
    await probes(one, 1);
    await time.env.sleep(100 * HOUR);
    expect(one.row.attempts).toEqual([1]);
    const { historyLength } = await handle.describe();
    await time.env.sleep(100 * HOUR);
    expect((await handle.describe()).historyLength).toBe(historyLength);

    await change(one, handle);
    await probes(one, 2);
    await change(one, handle);
    expect(await handle.result()).toBe('REJECTED');
    expect(one.row.attempts).toEqual([1, 1, 1]);
  });
});

test('a probe that is not good is made again after the waits it names, then only when it is asked for', async () => {
  const waits = [1_000, 5_000];
  const sick = listing((version, attempt) =>
    version === 1 ? { kind: 'probed', seen: version, retryInMs: waits[attempt - 1] ?? null } : gone(),
  );
  await time.withWorker(sick.activities, async (queue) => {
    const handle = await start(queue);
    await time.env.sleep(10 * HOUR);
    expect(sick.row.attempts).toEqual([1, 2, 3]);
    const [first = 0, second = 0, third = 0] = sick.row.times;
    expect(second - first).toBeGreaterThanOrEqual(1_000);
    expect(third - second).toBeGreaterThanOrEqual(5_000);
    await change(sick, handle);
    expect(await handle.result()).toBe('REJECTED');
  });
});

test('a check that is asked for between two tries is made at once and begins the tries anew', async () => {
  const sick = listing((version) => {
    if (version === 1) return { kind: 'probed', seen: 1, retryInMs: 10 * HOUR };
    return version === 2 ? good(2) : gone();
  });
  await time.withWorker(sick.activities, async (queue) => {
    const handle = await start(queue);
    await probes(sick, 1);
    await change(sick, handle);
    await probes(sick, 2);
    const [first = 0, second = 0] = sick.row.times;
    expect(second - first).toBeLessThan(HOUR);
    expect(sick.row.attempts).toEqual([1, 1]);
    await change(sick, handle);
    expect(await handle.result()).toBe('REJECTED');
  });
});

test('a signal that is late or doubled, and one that a probe has answered already, begin no probe', async () => {
  const one = listing((version) => (version === 1 ? good(version) : gone()));
  await time.withWorker(one.activities, async (queue) => {
    const handle = await start(queue);
    await probes(one, 1);
    for (const version of [1, 1, 0]) await handle.signal('listingChanged', { version });
    await time.env.sleep(HOUR);
    expect(one.row.attempts).toEqual([1]);
    await change(one, handle);
    await handle.result();
  });
});

test('a monitor that continues as new knows what it has answered', async () => {
  const one = listing((version) => (version < 5 ? good(version) : gone()));
  one.row.version = 4;
  await time.withWorker(one.activities, async (queue) => {
    const handle = await start(queue, {
      newest: { listing: 4, breaker: 0 },
      seen: { listing: 4, breaker: 0 },
    });
    await time.env.sleep(HOUR);
    expect(one.row.attempts).toEqual([]);
    await change(one, handle);
    expect(await handle.result()).toBe('REJECTED');
  });
});

test('a long history begins anew where nothing is under way, and what it was told is not lost', async () => {
  const TRIES = 120;
  const sick = listing((version, attempt) =>
    version === 1 ? { kind: 'probed', seen: 1, retryInMs: attempt < TRIES ? 1_000 : null } : gone(),
  );
  await time.withWorker(sick.activities, async (queue) => {
    const handle = await start(queue);
    await time.env.sleep(HOUR);
    expect(sick.row.attempts).toHaveLength(TRIES);
    const latest = time.env.client.workflow.getHandle(handle.workflowId);
    const { runId, historyLength } = await latest.describe();
    expect(runId).not.toBe(handle.signaledRunId);
    expect(historyLength).toBeLessThan(10);
    sick.row.version = 2;
    await latest.signal('listingChanged', { version: 2 });
    expect(await latest.result()).toBe('REJECTED');
    expect(sick.row.attempts).toHaveLength(TRIES + 1);
  });
}, 60_000);

/** A breaker as its row says it; each look at it is noted with its hour. */
function breaker(answer: (look: number) => DrainProgress) {
  const times: number[] = [];
  const activities = {
    drainParked: async () => {
      times.push(await time.env.currentTimeMs());
      return answer(times.length);
    },
  };
  return { times, activities };
}

const down = (inMs: number): DrainProgress => ({
  kind: 'open',
  seen: 1,
  inMs,
  parked: 2,
  since: '2026-11-23T00:00:00.000Z',
});
const back = (seen: number): DrainProgress => ({ kind: 'closed', seen, status: 'ACTIVE' });
const over = (seen: number): DrainProgress => ({ kind: 'closed', seen, status: 'DELETED' });

const open = (taskQueue: string) =>
  time.env.client.workflow.signalWithStart<typeof agentMonitor, [Wake]>('agentMonitor', {
    workflowId: `agent-monitor/${randomUUID()}`,
    taskQueue,
    args: [{ agentId: 'agt_1' }],
    signal: 'breakerChanged',
    signalArgs: [{ version: 1 }],
  });

test('an agent that is down is tried after the waits its row names; when it is back its tasks go, and the monitor rests', async () => {
  const waits = [30_000, 60_000, 120_000];
  const one = breaker((look) => {
    if (look <= waits.length) return down(waits[look - 1] ?? 0);
    if (look < 6) return { kind: 'draining', seen: 1, parked: 6 - look };
    return look === 6 ? back(1) : over(2);
  });
  await time.withWorker(one.activities, async (queue) => {
    const handle = await open(queue);
    await time.env.sleep(100 * HOUR);
    expect(one.times).toHaveLength(6);
    for (const [index, wait] of waits.entries()) {
      const waited = (one.times[index + 1] ?? 0) - (one.times[index] ?? 0);
      expect(waited).toBeGreaterThanOrEqual(wait);
      expect(waited).toBeLessThan(wait + 10_000);
    }
    const { historyLength } = await handle.describe();
    await time.env.sleep(100 * HOUR);
    expect((await handle.describe()).historyLength).toBe(historyLength);
    await handle.signal('breakerChanged', { version: 2 });
    expect(await handle.result()).toBe('DELETED');
  });
});

test('a monitor that is told that its agent is well tries it at once', async () => {
  const one = breaker((look) => (look === 1 ? down(100 * HOUR) : over(2)));
  await time.withWorker(one.activities, async (queue) => {
    const handle = await open(queue);
    await time.env.sleep(HOUR);
    expect(one.times).toHaveLength(1);
    await handle.signal('breakerChanged', { version: 2 });
    expect(await handle.result()).toBe('DELETED');
    expect(one.times).toHaveLength(2);
  });
});

test('an outage of days is a short history at any time, and the breaker is not forgotten', async () => {
  const LOOKS = 150;
  const one = breaker((look) => (look < LOOKS ? down(300_000) : over(1)));
  await time.withWorker(one.activities, async (queue) => {
    const handle = await open(queue);
    const latest = time.env.client.workflow.getHandle(handle.workflowId);
    expect(await latest.result()).toBe('DELETED');
    const { runId, historyLength } = await latest.describe();
    expect(runId).not.toBe(handle.signaledRunId);
    expect(historyLength).toBeLessThan(700);
    expect(one.times).toHaveLength(LOOKS);
  });
}, 60_000);
