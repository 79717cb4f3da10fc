import { SYSTEM } from '../../domain/principal';
import type { task } from '../../workflows';
import { createVirtualTime } from '../harness/workflows';
import type { VirtualTime } from '../harness/workflows';
import { askPerson, decide } from '../network/person';
import type { Asked } from '../network/person';
import { setNetworkStage } from '../network/stage';
import type { NetworkStage } from '../network/stage';

// The real workflow on time that is skipped, with the real activities over a real database: what a task's life of hours
// comes to, and when. The database's own clock does not skip, so the times of a row are moved to where the workflow's is.
let time: VirtualTime;
let stage: NetworkStage;
beforeAll(async () => {
  [time, stage] = await Promise.all([createVirtualTime(), setNetworkStage()]);
}, 60_000);
afterAll(async () => {
  await time.close();
  await stage.close();
});

const SECOND = 1_000;
const HOUR = 3_600_000;

interface Life {
  status: string;
  /** when each activity was begun, in ms since the workflow */
  at: (activity: string) => number[];
  /** how long the workflow ran, in ms */
  took: number;
}

interface Meanwhile {
  pass: (ms: number) => Promise<void>;
  /** The workflow hears what has been said since. */
  tell: () => Promise<void>;
}

/** Runs the workflow of a task to its end; `act` does what its sides do meanwhile. */
const live = (id: string, act?: (meanwhile: Meanwhile) => Promise<void>) =>
  time.withWorker(stage.tasks, async (taskQueue): Promise<Life> => {
    const expiresAt = await moveTimes(id);
    const signals = () => stage.api.t.signals.filter(({ workflowId }) => workflowId === `task/${id}`);
    const [start] = signals();
    if (start === undefined) throw new Error('the task has no workflow');
    const handle = await time.env.client.workflow.start<typeof task>('task', {
      workflowId: start.workflowId,
      taskQueue,
      args: [{ ...(start.input as unknown as Parameters<typeof task>[0]), expiresAt }],
    });
    let told = 0;
    const tell = async (): Promise<void> => {
      for (const { signal, signalInput } of signals().slice(told)) {
        if (signal !== null) await handle.signal(signal, signalInput);
        told += 1;
      }
    };
    await tell();
    await act?.({ pass: (ms) => time.env.sleep(ms), tell });
    await tell();
    const status = await handle.result();
    const { events } = await handle.fetchHistory();
    const msOf = (stamp: { seconds?: unknown; nanos?: number | null } | null | undefined): number =>
      Number(stamp?.seconds ?? 0) * 1000 + (stamp?.nanos ?? 0) / 1e6;
    const born = msOf(events?.[0]?.eventTime);
    return {
      status,
      took: msOf(events?.at(-1)?.eventTime) - born,
      at: (name) =>
        (events ?? [])
          .filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === name)
          .map((event) => msOf(event.eventTime) - born),
    };
  });

async function moveTimes(id: string): Promise<string> {
  const ahead = `${(await time.env.currentTimeMs()) - Date.now()} milliseconds`;
  return stage.api.t.db.withTx(SYSTEM, 'test.move', async (tx) => {
    await tx.query(
      `update confirmations set expires_at = expires_at + $2::interval, remind_at = remind_at + $2::interval
        where task_id = $1`,
      [id, ahead],
    );
    const [row] = await tx.query<{ at: string }>(
      `update tasks set expires_at = expires_at + $2::interval,
              human_confirm_deadline = human_confirm_deadline + $2::interval
        where id = $1 returning expires_at as at`,
      [id, ahead],
    );
    return row?.at ?? '';
  });
}

const statusOf = async ({ id, sender, receiver }: Asked): Promise<unknown> => {
  const [one, other] = [await sender.call(`/v1/tasks/${id}`), await receiver.call(`/v1/tasks/${id}`)];
  expect(one.body['status']).toBe(other.body['status']);
  return one.body['status'];
};
/** What set-up and calls may take of the machine's own time; all else is skipped time. */
const REAL_MS = 10 * SECOND;

/** So long after the task was made: the workflow begins a little later than its row. */
const expectAt = (found: number[], expected: number[]): void => {
  expect(found).toHaveLength(expected.length);
  for (const [index, ms] of expected.entries()) {
    expect(found[index]).toBeGreaterThan(ms - REAL_MS);
    expect(found[index]).toBeLessThan(ms + REAL_MS);
  }
};

test.each([60, 3_600, 604_800])('a task of %d s that nobody takes expires then', async (ttl) => {
  const [ann, ben] = [await stage.join(), await stage.join()];
  const { body } = await ann.call('/v1/tasks', {
    body: { to_agent_id: ben.id, task_type: 'service_request', ttl_seconds: ttl },
  });
  const asked = { id: String(body['id']), sender: ann, receiver: ben, email: '' };
  const life = await live(asked.id);
  expect(life.status).toBe('expired');
  expectAt([life.took], [ttl * SECOND]);
  expect(await statusOf(asked)).toBe('expired');
  expect(await ben.call(`/v1/tasks/${asked.id}/accept`, { method: 'POST' })).toMatchObject({
    status: 409,
    body: { error: { code: 'invalid_state_transition', details: { status: 'expired' } } },
  });
});

test.each([
  ['R2', 259_200, 4 * HOUR],
  ['R3', 259_200, 12 * HOUR],
  ['R2', 3_600, HOUR],
  ['R3', 7_200, 2 * HOUR],
] as const)(
  'a question of %s in a task of %d s is mailed, reminded of at half time, and expires with its task',
  async (...[risk, ttl, deadline]) => {
    const asked = await askPerson(stage, { risk, wish: { ttl_seconds: ttl } });
    const { body } = await asked.sender.call(`/v1/tasks/${asked.id}`);
    const until = Date.parse(String(body['human_confirm_deadline']));
    expectAt([until - Date.parse(String(body['created_at']))], [deadline]);
    expect(until).toBeLessThanOrEqual(Date.parse(String(body['expires_at'])));
    const life = await live(asked.id);
    expect(life.status).toBe('expired');
    expectAt(life.at('askHuman'), [0, deadline / 2]);
    expectAt(life.at('expireTask'), [deadline]);
    expectAt([life.took], [deadline]);
    const mails = await stage.mailsTo(asked.email);
    expect(mails.map(({ subject }) => subject.startsWith('Still waiting'))).toEqual([false, true]);
    expect(await statusOf(asked)).toBe('expired');
    for (const approved of [true, false]) {
      expect((await decide(stage, asked, { approved })).refusal).toMatchObject({
        code: 'confirmation_expired',
      });
    }
    expect(await statusOf(asked)).toBe('expired');
  },
);

test('a yes in the last second lets the task run on until its own time', async () => {
  const asked = await askPerson(stage);
  const life = await live(asked.id, async ({ pass }) => {
    await pass(4 * HOUR - SECOND);
    expect((await decide(stage, asked)).refusal).toBeNull();
    await pass(HOUR);
    expect(await statusOf(asked)).toBe('in_progress');
    await asked.receiver.call(`/v1/tasks/${asked.id}/complete`, { body: {} });
  });
  expect(life.status).toBe('completed');
  // At the question's deadline it looks, and finds the task at work.
  expectAt(life.at('expireTask'), [4 * HOUR]);
  expectAt([life.took], [5 * HOUR - SECOND]);
});

test('a task that was approved and never done expires at its own time, not at that of the question', async () => {
  const asked = await askPerson(stage, { wish: { ttl_seconds: 36_000 } });
  const life = await live(asked.id, async ({ pass }) => {
    await pass(HOUR);
    expect((await decide(stage, asked)).refusal).toBeNull();
  });
  expect(life.status).toBe('expired');
  expectAt([life.took], [10 * HOUR]);
  expect(await stage.mailsTo(asked.email)).toHaveLength(1);
});

test('a question that is taken back or declined before half time is not reminded of', async () => {
  for (const end of [
    (asked: Asked) => asked.sender.call(`/v1/tasks/${asked.id}/cancel`, { body: {} }),
    (asked: Asked) => decide(stage, asked, { approved: false }),
  ]) {
    const asked = await askPerson(stage);
    const life = await live(asked.id, async ({ pass }) => {
      await pass(HOUR);
      await end(asked);
    });
    expect(life.status).toBe('cancelled');
    expectAt([life.took], [HOUR]);
    expect(await stage.mailsTo(asked.email)).toHaveLength(1);
  }
});
