import { randomUUID } from 'node:crypto';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { PaymentState } from '../../domain/payment';
import type {
  PaymentActivities,
  PaymentProgress,
  RefundActivities,
  TaskActivities,
} from '../../domain/workflows';
import type { payment, refund, task } from '../../workflows';
import { createVirtualTime } from '../harness/workflows';
import type { VirtualTime } from '../harness/workflows';

let time: VirtualTime;
beforeAll(async () => {
  time = await createVirtualTime();
}, 60_000);
afterAll(() => time.close());

const MINUTE = 60_000;
const inMs = async (ms: number): Promise<string> =>
  new Date((await time.env.currentTimeMs()) + ms).toISOString();

/** A payment row in memory, as the database would keep it. */
function paymentRow(expiresAt: string, captureDeadline: string) {
  const row = {
    state: 'AWAITING_APPROVAL' as PaymentState,
    version: 0,
    taskDone: false,
    calls: [] as string[],
  };
  const progress = () => ({ state: row.state, seen: row.version, captureDeadline });
  const activities: PaymentActivities = {
    authorizePayment: ({ asOf }) => {
      row.calls.push('authorize');
      if (row.state === 'AUTHORIZING') row.state = 'HELD';
      else if (row.state === 'AWAITING_APPROVAL' && expiresAt <= asOf) row.state = 'EXPIRED';
      return Promise.resolve(progress());
    },
    settlePayment: ({ asOf }) => {
      row.calls.push('settle');
      if (row.taskDone) row.state = 'CAPTURED';
      else if (captureDeadline <= asOf) row.state = 'RECLAIMED';
      return Promise.resolve(progress());
    },
  };
  return { row, activities };
}

const runPayment = async (
  activities: PaymentActivities,
  expiresAt: string,
  act: (
    signal: (name: string, version: number) => Promise<void>,
    handle: WorkflowHandleWithFirstExecutionRunId<typeof payment>,
  ) => Promise<void> = () => Promise.resolve(),
) =>
  time.withWorker(activities, async (taskQueue) => {
    const handle = await time.env.client.workflow.start<typeof payment>('payment', {
      workflowId: `payment/${randomUUID()}`,
      taskQueue,
      args: [{ paymentId: 'pay_1', userId: 'usr_1', expiresAt }],
    });
    await act((name, version) => handle.signal(name, { version }), handle);
    return handle.result();
  });

test('an offer that nobody answers ends at its deadline and no money moves', async () => {
  const expiresAt = await inMs(15 * MINUTE);
  const { row, activities } = paymentRow(expiresAt, await inMs(75 * MINUTE));
  expect(await runPayment(activities, expiresAt)).toBe('EXPIRED');
  expect(row.calls).toEqual(['authorize']);
});

test('an approved payment is held, and captured when its task has ended', async () => {
  const expiresAt = await inMs(15 * MINUTE);
  const { row, activities } = paymentRow(expiresAt, await inMs(75 * MINUTE));
  const result = await runPayment(activities, expiresAt, async (signal) => {
    Object.assign(row, { state: 'AUTHORIZING', version: 1 });
    await signal('paymentDecided', 1);
    Object.assign(row, { taskDone: true, version: 2 });
    await signal('taskEnded', 2);
    await signal('taskEnded', 2);
  });
  expect(result).toBe('CAPTURED');
  expect(row.calls).toEqual(['authorize', 'settle']);
});

test('a hold that no task spends comes back at its deadline', async () => {
  const expiresAt = await inMs(15 * MINUTE);
  const { row, activities } = paymentRow(expiresAt, await inMs(75 * MINUTE));
  const result = await runPayment(activities, expiresAt, async (signal) => {
    Object.assign(row, { state: 'AUTHORIZING', version: 1 });
    await signal('paymentDecided', 1);
  });
  expect(result).toBe('RECLAIMED');
});

const LOOKS = 200;

test('a payment that is looked after for long begins anew, and what it is told is not lost', async () => {
  const expiresAt = await inMs(15 * MINUTE);
  const { row, activities } = paymentRow(expiresAt, await inMs(LOOKS * 60 * MINUTE));
  const later = async (progress: Promise<PaymentProgress>): Promise<PaymentProgress> => ({
    ...(await progress),
    lookAt: await inMs(5 * MINUTE),
  });
  const looking: PaymentActivities = {
    authorizePayment: (asked) => later(activities.authorizePayment(asked)),
    settlePayment: (asked) => later(activities.settlePayment(asked)),
  };
  let runs: string[] = [];
  const result = await runPayment(looking, expiresAt, async (signal, handle) => {
    Object.assign(row, { state: 'AUTHORIZING', version: 1 });
    await signal('paymentDecided', 1);
    while (row.calls.length < LOOKS) await time.env.sleep(60 * MINUTE);
    const { runId, historyLength } = await time.env.client.workflow.getHandle(handle.workflowId).describe();
    runs = [handle.firstExecutionRunId, runId];
    expect(historyLength).toBeLessThan(700);
    Object.assign(row, { taskDone: true, version: 2 });
    await time.env.client.workflow.getHandle(handle.workflowId).signal('taskEnded', { version: 2 });
  });
  expect(result).toBe('CAPTURED');
  expect(new Set(runs).size).toBe(2);
}, 60_000);

test('a refund that is looked after for long begins anew too', async () => {
  let looks = 0;
  const activities: RefundActivities = {
    settleRefund: async () => {
      looks += 1;
      return looks < LOOKS
        ? { state: 'pending', seen: 0, lookAt: await inMs(5 * MINUTE) }
        : { state: 'done', seen: 0 };
    },
  };
  await time.withWorker(activities, async (taskQueue) => {
    const handle = await time.env.client.workflow.start<typeof refund>('refund', {
      workflowId: `refund/${randomUUID()}`,
      taskQueue,
      args: [{ refundId: 'rfd_1', userId: 'usr_1' }],
    });
    expect(await handle.result()).toBe('done');
    const { runId, historyLength } = await time.env.client.workflow.getHandle(handle.workflowId).describe();
    expect(runId).not.toBe(handle.firstExecutionRunId);
    expect(historyLength).toBeLessThan(700);
  });
}, 60_000);

const unexpected: Pick<TaskActivities, 'askHuman' | 'expireTask'> = {
  askHuman: () => Promise.reject(new Error('nobody is to be asked')),
  expireTask: () => Promise.reject(new Error('not expired')),
};
const runTask = async (activities: TaskActivities, expiresAt: string) =>
  time.withWorker(activities, async (taskQueue) =>
    time.env.client.workflow.execute<typeof task>('task', {
      workflowId: `task/${randomUUID()}`,
      taskQueue,
      args: [{ taskId: 'tsk_1', userId: 'usr_1', agentId: 'agt_1', riskLevel: 'R0', expiresAt }],
    }),
  );

test('a task is tried again after the wait that the attempt asked for', async () => {
  const started = await time.env.currentTimeMs();
  const waits = [1_000, 5_000, 25_000];
  const status = await runTask(
    {
      deliverTask: () => {
        const inMs = waits.shift();
        return Promise.resolve(
          inMs === undefined ? { kind: 'ended', status: 'completed' } : { kind: 'retry', inMs, seen: 0 },
        );
      },
      ...unexpected,
    },
    await inMs(72 * 60 * MINUTE),
  );
  expect(status).toBe('completed');
  expect((await time.env.currentTimeMs()) - started).toBeGreaterThanOrEqual(31_000);
});

test('a task that cannot be delivered until its deadline expires then', async () => {
  const expiresAt = await inMs(30 * MINUTE);
  const status = await runTask(
    {
      deliverTask: () => Promise.reject(new Error('the database is away')),
      askHuman: unexpected.askHuman,
      expireTask: ({ asOf }) =>
        Promise.resolve({ kind: 'ended', status: asOf >= expiresAt ? 'expired' : 'failed' }),
    },
    expiresAt,
  );
  expect(status).toBe('expired');
});

test('a task that is parked asks for nothing and expires to the second', async () => {
  const expiresAt = await inMs(72 * 60 * MINUTE);
  let deliveries = 0;
  let endedAt = '';
  const status = await runTask(
    {
      deliverTask: () => {
        deliveries += 1;
        return Promise.resolve({ kind: 'open', status: 'pending_delivery', seen: 0, parked: true });
      },
      askHuman: unexpected.askHuman,
      expireTask: ({ asOf }) => {
        endedAt = asOf;
        return Promise.resolve({ kind: 'ended', status: 'expired' });
      },
    },
    expiresAt,
  );
  expect(status).toBe('expired');
  expect(deliveries).toBe(1);
  const late = Date.parse(endedAt) - Date.parse(expiresAt);
  expect(late).toBeGreaterThanOrEqual(0);
  expect(late).toBeLessThan(1_000);
});

test('an agent that has taken the work has until the time it was given, and whatever it says is heard', async () => {
  const expiresAt = await inMs(72 * 60 * MINUTE);
  const until = await inMs(60 * MINUTE);
  let endedAt = '';
  const status = await runTask(
    {
      deliverTask: () => Promise.resolve({ kind: 'promised', until, seen: 0 }),
      askHuman: unexpected.askHuman,
      expireTask: ({ asOf }) => {
        endedAt = asOf;
        return Promise.resolve({ kind: 'ended', status: 'failed' });
      },
    },
    expiresAt,
  );
  expect(status).toBe('failed');
  const late = Date.parse(endedAt) - Date.parse(until);
  expect(late).toBeGreaterThanOrEqual(0);
  expect(late).toBeLessThan(1_000);
});

test('a task whose agent is gone fails at once', async () => {
  const expiresAt = await inMs(30 * MINUTE);
  let endedAt = '';
  const status = await runTask(
    {
      deliverTask: () => Promise.reject(ApplicationFailure.nonRetryable('no such agent', 'not_found')),
      askHuman: unexpected.askHuman,
      expireTask: ({ asOf }) => {
        endedAt = asOf;
        return Promise.resolve({ kind: 'ended', status: 'failed' });
      },
    },
    expiresAt,
  );
  expect(status).toBe('failed');
  expect(endedAt < expiresAt).toBe(true);
});

test.each(['askHuman', 'expireTask'] as const)(
  'a task that its person has confirmed while %s was at work goes on',
  async (activity) => {
    const until = await inMs(60 * MINUTE);
    const asking = { kind: 'asking', mailed: false, until, remindAt: null, seen: 1 } as const;
    const confirmed = { kind: 'open', status: 'in_progress', seen: 2, untold: true } as const;
    const delivered: string[] = [];
    const status = await runTask(
      {
        deliverTask: () => {
          delivered.push('');
          return Promise.resolve(delivered.length === 1 ? asking : { kind: 'ended', status: 'completed' });
        },
        askHuman: () => Promise.resolve(activity === 'askHuman' ? confirmed : { ...asking, mailed: true }),
        expireTask: () => Promise.resolve(confirmed),
      },
      await inMs(120 * MINUTE),
    );
    expect(status).toBe('completed');
    expect(delivered).toHaveLength(2);
  },
);
