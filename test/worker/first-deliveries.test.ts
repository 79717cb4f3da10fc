import type { OutboxSignal } from '../../db/database';
import { SYSTEM } from '../../domain/principal';
import type { TaskProgress } from '../../domain/workflows';
import { holdBack, recordSignal, takeUnsent } from '../../db/outbox';
import { createLogger } from '../../lib/log';
import { createFirstDeliveries } from '../../worker/first-deliveries';
import type { FirstDelivery, TaskStart } from '../../worker/first-deliveries';
import { createTestDatabase } from '../harness/database';
import type { TestDatabase } from '../harness/database';

let t: TestDatabase;
beforeAll(async () => {
  t = await createTestDatabase();
});
afterAll(() => t.drop());

const startOf = (taskId: string, untold = true): OutboxSignal => ({
  id: `out_${taskId}`,
  workflow: 'task',
  workflowId: `task/${taskId}`,
  input: { taskId },
  signal: null,
  signalInput: null,
  origin: null,
  untold,
});

/** Deliveries whose outcome a test says, and the starts that went on. */
function desk(deliver: (taskId: string) => Promise<TaskProgress>, callersWait = () => false) {
  const first = createFirstDeliveries({ log: createLogger('silent'), callersWait });
  const started: TaskStart[] = [];
  const told: string[] = [];
  const deliverFirst = ({ taskId }: FirstDelivery): Promise<TaskProgress> => {
    told.push(taskId);
    return deliver(taskId);
  };
  const take = (start: OutboxSignal): boolean =>
    first.take({ db: t.db, deliverFirst, leaseMs: 60_000 }, start, (one) => started.push(one));
  return { first, started, told, take };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const OPEN: TaskProgress = { kind: 'open', status: 'delivered', seen: 0 };

test('an agent is told before the run of its task starts, which begins with what came of it', async () => {
  const retry: TaskProgress = { kind: 'retry', inMs: 1_000, seen: 0 };
  const { first, started, told, take } = desk((id) => Promise.resolve(id === 'a' ? retry : OPEN));
  expect([take(startOf('a')), take(startOf('b')), take(startOf('c', false))]).toEqual([true, true, false]);
  await first.over();
  expect(told).toEqual(['a', 'b']);
  expect(started.sort((one, other) => (one.id < other.id ? -1 : 1))).toEqual([
    { ...startOf('a'), first: retry },
    { ...startOf('b'), first: OPEN },
  ]);
});

test('a signal that comes first starts the run, and the start is not sent', async () => {
  let answer: (progress: TaskProgress) => void = () => undefined;
  const { first, started, told, take } = desk(() => new Promise((resolve) => (answer = resolve)));
  take(startOf('a'));
  while (told.length === 0) await Promise.resolve();
  expect(first.overtake('task/a')).toBe('out_a');
  expect(first.overtake('task/a')).toBeNull();
  expect(first.overtake('task/other')).toBeNull();
  answer(OPEN);
  await first.over();
  expect(started).toEqual([]);
});

test('while callers wait for the database, sixteen agents are told at once, and the next when one of them has answered', async () => {
  const answers: (() => void)[] = [];
  const { first, told, take } = desk(
    () => new Promise((resolve) => answers.push(() => resolve(OPEN))),
    () => true,
  );
  const tasks = Array.from({ length: 18 }, (_, at) => `t${at}`);
  for (const id of tasks) expect(take(startOf(id))).toBe(true);
  while (told.length < 16) await nextTurn();
  answers.shift()?.();
  while (told.length < 17) await nextTurn();
  expect(told).toEqual(tasks.slice(0, 17));
  // A process that ends leaves the last to its run.
  const over = first.over();
  for (const answer of answers) answer();
  await over;
  expect(told).toHaveLength(17);
});

test('where the agent could not be told at all, the run does it', async () => {
  const { first, started, take } = desk(() => Promise.reject(new Error('the database is away')));
  take(startOf('a'));
  await first.over();
  expect(started).toEqual([startOf('a')]);
});

test('a call that takes long gives its place to the next', async () => {
  jest.useFakeTimers();
  try {
    const { first, told, take } = desk(
      () => new Promise(() => undefined),
      () => true,
    );
    for (let at = 0; at < 20; at += 1) take(startOf(`slow${at}`));
    await jest.advanceTimersByTimeAsync(500);
    expect(told).toHaveLength(16);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(told).toHaveLength(20);
    void first.over();
  } finally {
    jest.useRealTimers();
  }
});

test('a relay takes no start for lost whose process is at work for it', async () => {
  const unsent = () =>
    t.db.withTx(SYSTEM, 'test', (tx) => takeUnsent(tx, { ageMs: -1_000, held: [], limit: 10 }));
  await t.db.withTx(SYSTEM, 'test', (tx) => {
    recordSignal(tx, startOf('a'));
    return Promise.resolve();
  });
  expect(await unsent()).toEqual([]);
  const [recorded] = await t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query<{ id: string }>('select id from outbox'),
  );
  await t.db.withTx(SYSTEM, 'test', (tx) => holdBack(tx, recorded?.id ?? '', -1));
  expect(await unsent()).toMatchObject([{ workflowId: 'task/a' }]);
});
