import type { OutboxSignal } from '../../db/database';
import { createLogger } from '../../lib/log';
import type { WorkflowSignal } from '../../temporal/gateway';
import { createDispatch } from '../../worker/dispatch';
import { createTestDatabase } from '../harness/database';
import type { TestDatabase } from '../harness/database';

let t: TestDatabase;
beforeAll(async () => {
  t = await createTestDatabase();
});
afterAll(() => t.drop());

const recorded = (
  workflow: OutboxSignal['workflow'],
  name: string,
  signal: string | null = null,
): OutboxSignal => ({
  id: `out_${name}_${signal ?? 'start'}`,
  workflow,
  workflowId: `${workflow}/${name}`,
  input: { taskId: name },
  signal,
  signalInput: null,
  origin: null,
  ...(workflow === 'task' && signal === null ? { untold: false } : {}),
});

/** A way to Temporal that takes what it is given when the test says so, and a pool that callers wait for or not. */
function desk(callersWait: boolean) {
  const pool = { callersWait };
  const dispatch = createDispatch({ log: createLogger('silent'), callersWait: () => pool.callersWait });
  const given: string[] = [];
  const takers: (() => void)[] = [];
  const send = ({ workflowId, signal }: WorkflowSignal): Promise<void> => {
    given.push(signal === null ? workflowId : `${workflowId} ${signal}`);
    return new Promise((resolve) => takers.push(resolve));
  };
  const deliverFirst = () => Promise.reject(new Error('nobody is to be told'));
  dispatch.open({ db: t.db, gateway: { send }, deliverFirst, leaseMs: 60_000 });
  const end = async (): Promise<void> => {
    pool.callersWait = false;
    let over = false;
    const ended = dispatch.end().finally(() => (over = true));
    while (!over) {
      takers.splice(0).forEach((take) => take());
      await new Promise((resolve) => setImmediate(resolve));
    }
    await ended;
  };
  return { dispatch, given, end };
}

const TASKS = Array.from({ length: 10 }, (_, at) => recorded('task', `t${at}`));

test('eight starts of tasks are on their way at once, and one while callers wait; a chat is told at once', async () => {
  const calm = desk(false);
  calm.dispatch.send(TASKS);
  expect(calm.given).toEqual(TASKS.slice(0, 8).map(({ workflowId }) => workflowId));
  const busy = desk(true);
  busy.dispatch.send(TASKS);
  busy.dispatch.send([recorded('chatSession', 's1', 'messageArrived'), recorded('payment', 'p1')]);
  expect(busy.given).toEqual(['task/t0', 'chatSession/s1 messageArrived', 'payment/p1']);
  await Promise.all([calm.end(), busy.end()]);
  expect(calm.given).toHaveLength(10);
  expect(busy.given).toHaveLength(12);
  expect([...calm.dispatch.held(), ...busy.dispatch.held()]).toEqual([]);
});

test('a signal goes in the place of the start of its own run that still waits', async () => {
  const { dispatch, given, end } = desk(true);
  dispatch.send(TASKS.slice(0, 4));
  dispatch.send([recorded('task', 't2', 'taskEnded')]);
  expect(dispatch.held()).toHaveLength(5);
  await end();
  expect(given).toEqual(['task/t0', 'task/t1', 'task/t2 taskEnded', 'task/t3']);
  expect(dispatch.held()).toEqual([]);
});

test('what a chat asks for waits for no task between agents: its start, a yes, the word of its agent', async () => {
  const { dispatch, given, end } = desk(true);
  dispatch.send(TASKS.slice(0, 3));
  const { untold: _, ...chats } = recorded('task', 'chats');
  dispatch.send([chats, recorded('task', 'asked', 'taskDecided')]);
  expect(given).toEqual(['task/t0', 'task/chats', 'task/asked taskDecided']);
  await end();
});

test('a question to a person goes before what nobody waits for, and does not hold it up for ever', async () => {
  const { dispatch, given, end } = desk(true);
  dispatch.send(TASKS.slice(0, 3));
  dispatch.send(['a', 'b', 'c', 'd', 'e'].map((name) => recorded('task', name, 'taskAsked')));
  await end();
  expect(given).toEqual([
    'task/t0',
    ...['a', 'b'].map((name) => `task/${name} taskAsked`),
    'task/t1',
    ...['c', 'd', 'e'].map((name) => `task/${name} taskAsked`),
    'task/t2',
  ]);
});

test('a run that is to tell an agent of its task begins before others', async () => {
  const { dispatch, given, end } = desk(true);
  dispatch.send(TASKS.slice(0, 3));
  dispatch.send([{ ...recorded('task', 'untold'), untold: true }]);
  // Its agent could not be told.
  await new Promise((resolve) => setImmediate(resolve));
  await end();
  expect(given).toEqual(['task/t0', 'task/untold', 'task/t1', 'task/t2']);
});

test('what Temporal does not take is left to the relay, with all that waits behind it', async () => {
  const dispatch = createDispatch({ log: createLogger('silent'), callersWait: () => true });
  const send = () => Promise.reject(new Error('Temporal is away'));
  dispatch.open({
    db: t.db,
    gateway: { send },
    deliverFirst: () => Promise.reject(new Error()),
    leaseMs: 60_000,
  });
  dispatch.send(TASKS);
  expect(dispatch.held()).toHaveLength(10);
  await dispatch.end();
  expect(dispatch.held()).toEqual([]);
});
