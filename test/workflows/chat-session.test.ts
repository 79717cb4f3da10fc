import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ChatActivities, ToolRun, TurnProgress } from '../../domain/workflows';
import { createVirtualTime } from '../harness/workflows';
import type { VirtualTime } from '../harness/workflows';

let time: VirtualTime;
beforeAll(async () => {
  time = await createVirtualTime();
}, 60_000);
afterAll(() => time.close());

const HOUR = 3_600_000;

/** Activities that answer from a script; every call is written down. The last entry of the script is repeated. */
function scripted(script: (TurnProgress | Error)[], tools: Partial<ChatActivities> = {}) {
  const calls: string[] = [];
  let at = 0;
  const ran = (name: string): Promise<ToolRun> => {
    calls.push(name);
    return Promise.resolve({ waitsUntil: null });
  };
  const activities: ChatActivities = {
    askModel: ({ leaveWaits }) => {
      calls.push(leaveWaits ? 'askModel, leaving waits' : 'askModel');
      const next = script[Math.min(at, script.length - 1)];
      at += 1;
      if (next === undefined || next instanceof Error) return Promise.reject(next ?? new Error('no script'));
      return Promise.resolve(next);
    },
    searchAgents: () => ran('searchAgents'),
    connectAgent: () => ran('connectAgent'),
    requestPayment: () => ran('requestPayment'),
    hireAgent: () => ran('hireAgent'),
    askPerson: () => ran('askPerson'),
    failToolCall: ({ code }) => Promise.resolve(void calls.push(`failToolCall ${code}`)),
    failTurn: ({ code }) => {
      calls.push(`failTurn ${code}`);
      return Promise.resolve({ turn: 1, request: 'req_1' });
    },
    closeIdleSession: () => {
      calls.push('closeIdleSession');
      return Promise.resolve();
    },
    expirePrompts: () => {
      calls.push('expirePrompts');
      return Promise.resolve();
    },
    ...tools,
  };
  return { activities, calls };
}

const run = async (
  activities: ChatActivities,
  act: (id: string) => Promise<void> = () => Promise.resolve(),
) =>
  time.withWorker(activities, async (taskQueue) => {
    const workflowId = `session/${randomUUID()}`;
    const handle = await time.env.client.workflow.signalWithStart('chatSession', {
      workflowId,
      taskQueue,
      args: [{ sessionId: 'ses_1', userId: 'usr_1' }],
      signal: 'messageArrived',
      signalArgs: [{ version: 1 }],
    });
    await act(workflowId);
    await handle.result();
  });

const tools = (step: number, ...names: ('vector_search' | 'invoke_agent')[]): TurnProgress => ({
  kind: 'tools',
  seen: 1,
  turn: 1,
  step,
  calls: names.map((name, n) => ({ id: `trn/${step}/${n}`, name })),
});
const closed: TurnProgress = { kind: 'closed' };
const ended: TurnProgress = { kind: 'ended', seen: 1, turn: 1, outcome: 'answered' };

test('a turn goes on from model step to tools to model step until it has ended', async () => {
  const { activities, calls } = scripted([
    tools(1, 'vector_search'),
    tools(2, 'invoke_agent'),
    ended,
    closed,
  ]);
  await run(activities);
  expect(calls).toEqual(['askModel', 'searchAgents', 'askModel', 'hireAgent', 'askModel', 'askModel']);
});

test('tools that the model asked for together run together, and one that fails for good does not fail the others', async () => {
  const { activities, calls } = scripted([tools(1, 'vector_search', 'invoke_agent'), closed], {
    searchAgents: () => Promise.reject(ApplicationFailure.nonRetryable('no', 'unavailable')),
  });
  await run(activities);
  expect(calls.sort()).toEqual(['askModel', 'askModel', 'failToolCall unavailable', 'hireAgent']);
});

test('a wait ends at its time, and the turn goes on without the answer', async () => {
  const now = await time.env.currentTimeMs();
  const until = new Date(now + 2 * 60_000).toISOString();
  const { activities, calls } = scripted([tools(1, 'invoke_agent'), closed], {
    hireAgent: () => Promise.resolve({ waitsUntil: until }),
  });
  await run(activities);
  expect(calls).toEqual(['askModel', 'askModel, leaving waits']);
  expect(await time.env.currentTimeMs()).toBeGreaterThanOrEqual(now + 2 * 60_000);
});

test('an outcome that arrives ends the wait at once', async () => {
  const now = await time.env.currentTimeMs();
  const waiting: TurnProgress = {
    kind: 'waiting',
    seen: 1,
    turn: 1,
    until: new Date(now + HOUR).toISOString(),
  };
  const { activities, calls } = scripted([waiting, closed]);
  await run(activities, async (workflowId) => {
    await time.env.client.workflow.getHandle(workflowId).signal('outcomeArrived', { version: 2 });
  });
  expect(calls).toEqual(['askModel', 'askModel']);
});

test('a signal that was sent twice wakes nobody twice', async () => {
  const idle: TurnProgress = {
    kind: 'idle',
    seen: 1,
    closesAt: new Date(Date.now() + 24 * HOUR).toISOString(),
  };
  const { activities, calls } = scripted([idle, idle, closed]);
  await run(activities, async (workflowId) => {
    await time.env.client.workflow.getHandle(workflowId).signal('messageArrived', { version: 1 });
  });
  expect(calls).toEqual(['askModel', 'closeIdleSession', 'askModel', 'closeIdleSession', 'askModel']);
});

test('a session without a message closes after its idle time', async () => {
  const now = await time.env.currentTimeMs();
  const idle: TurnProgress = { kind: 'idle', seen: 1, closesAt: new Date(now + 24 * HOUR).toISOString() };
  const { activities, calls } = scripted([idle, closed]);
  await run(activities);
  expect(calls).toEqual(['askModel', 'closeIdleSession', 'askModel']);
  expect(await time.env.currentTimeMs()).toBeGreaterThanOrEqual(now + 24 * HOUR);
});

test('a question that nobody answers ends after its 30 minutes, and not before', async () => {
  const now = await time.env.currentTimeMs();
  const until = (ms: number): string => new Date(now + ms).toISOString();
  const asks: TurnProgress = {
    kind: 'tools',
    seen: 1,
    turn: 1,
    step: 1,
    calls: [{ id: 'trn/1/0', name: 'user_prompt' }],
  };
  const idle: TurnProgress = {
    kind: 'idle',
    seen: 1,
    closesAt: until(24 * HOUR),
    questionEndsAt: until(HOUR / 2),
  };
  const expired: string[] = [];
  const { activities, calls } = scripted([asks, ended, idle, closed], {
    askPerson: () => Promise.resolve({ waitsUntil: until(2 * 60_000) }),
    expirePrompts: ({ asOf }) => Promise.resolve(void expired.push(asOf)),
  });
  await run(activities);
  expect(calls).toEqual(['askModel', 'askModel, leaving waits', 'askModel', 'askModel']);
  expect(expired).toHaveLength(1);
  expect(Date.parse(expired[0] ?? '')).toBeGreaterThanOrEqual(now + HOUR / 2);
  expect(Date.parse(expired[0] ?? '')).toBeLessThan(now + HOUR);
});

test('a model that refuses for good ends the turn with its code, and the session goes on', async () => {
  const { activities, calls } = scripted([
    ApplicationFailure.nonRetryable('spent', 'model_spend_limit'),
    closed,
  ]);
  await run(activities);
  expect(calls).toEqual(['askModel', 'failTurn model_spend_limit', 'askModel']);
});

test('a model that is overloaded is asked again', async () => {
  const busy = ApplicationFailure.create({
    message: 'busy',
    type: 'model_overloaded',
    nextRetryDelay: '1 minute',
  });
  const { activities, calls } = scripted([busy, busy, closed]);
  const before = await time.env.currentTimeMs();
  await run(activities);
  expect(calls).toEqual(['askModel', 'askModel', 'askModel']);
  expect((await time.env.currentTimeMs()) - before).toBeGreaterThanOrEqual(120_000);
});

/** Waits until an attempt has failed and the next one is waited for. */
async function untilRetry(workflowId: string): Promise<void> {
  const handle = time.env.client.workflow.getHandle(workflowId);
  for (;;) {
    const { raw } = await handle.describe();
    if (raw.pendingActivities?.some(({ lastFailure }) => lastFailure != null) === true) return;
  }
}
const end = (workflowId: string, version = 2) =>
  time.env.client.workflow.getHandle(workflowId).signal('endArrived', { version });

test('a cancel takes effect at once, also while a busy model is waited for', async () => {
  const busy = ApplicationFailure.create({
    message: 'busy',
    type: 'model_overloaded',
    nextRetryDelay: '5 minutes',
  });
  const { activities, calls } = scripted([busy, closed]);
  await run(activities, async (workflowId) => {
    await untilRetry(workflowId);
    await end(workflowId);
    // The clock is not moved on before the end of the run is waited for: who waits for it would not come.
    while (calls.length < 2) await time.env.client.workflow.getHandle(workflowId).describe();
  });
  expect(calls).toEqual(['askModel', 'askModel']);
});

/** An attempt that is under way when the cancel comes: it beats until it is told, then does this. */
async function underWay(then: () => TurnProgress): Promise<string[]> {
  let told = (): void => undefined;
  const begun = new Promise<void>((resolve) => (told = resolve));
  let asked = 0;
  const { activities, calls } = scripted([closed], {
    askModel: async () => {
      asked += 1;
      if (asked > 1) return closed;
      const context = Context.current();
      const beat = setInterval(() => context.heartbeat(), 100);
      told();
      await context.cancelled.catch(() => undefined);
      clearInterval(beat);
      return then();
    },
  });
  await run(activities, async (workflowId) => {
    await begun;
    await end(workflowId);
  });
  return [...calls, `asked ${asked} times`];
}

test('an attempt that is under way at a cancel still records its answer', async () => {
  expect(await underWay(() => ended)).toEqual(['asked 2 times']);
});

test('an attempt that fails after a cancel fails no turn: its row is looked at', async () => {
  const calls = await underWay(() => {
    throw ApplicationFailure.nonRetryable('lost', 'fence_lost');
  });
  expect(calls).toEqual(['asked 2 times']);
});

test('a long chat continues as new between turns and remembers the newest version it has heard of', async () => {
  let turns = 0;
  const { activities } = scripted([closed], {
    askModel: () => {
      turns += 1;
      if (turns > 130) return Promise.resolve(closed);
      if (turns % 2 === 1)
        return Promise.resolve({ kind: 'ended', seen: 0, turn: turns, outcome: 'answered' });
      // seen 0 < the newest version 1, so an idle session that remembers goes on at once
      return Promise.resolve({
        kind: 'idle',
        seen: 0,
        closesAt: new Date(Date.now() + 24 * HOUR).toISOString(),
      });
    },
  });
  const before = await time.env.currentTimeMs();
  await run(activities);
  expect(turns).toBe(131);
  expect((await time.env.currentTimeMs()) - before).toBeLessThan(HOUR);
});
