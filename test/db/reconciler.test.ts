import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { createSession } from '../../db/sessions';
import { findOrOpenAccount } from '../../db/users';
import { asUser, SYSTEM } from '../../domain/principal';
import type { WorkflowSignal } from '../../temporal/gateway';
import { startReconciler } from '../../worker/reconciler';
import { createTestDatabase } from '../harness/database';
import type { TestDatabase } from '../harness/database';

let t: TestDatabase;
let userId: string;
beforeAll(async () => {
  t = await createTestDatabase();
  const { user } = await t.db.withTx(SYSTEM, 'test', (tx) =>
    findOrOpenAccount(tx, `${randomUUID()}@example.test`),
  );
  userId = user.id;
});
afterAll(() => t.drop());
// The newest wake is that of a closed chat, so that none of the others counts among the last ones.
beforeEach(async () => {
  await openSession();
  await rows(`update sessions set phase = 'CLOSED', closed_at = now(), woken_at = now()`);
});

const rows = (sql: string, values: unknown[] = []) =>
  t.db.withTx(SYSTEM, 'test', (tx) => tx.query(sql, values));

const openSession = async (): Promise<string> =>
  (
    await t.db.withTx(asUser(userId), 'test', (tx) =>
      createSession(tx, { userId, title: null, budgetMicros: 1n, metadata: {} }),
    )
  ).id;

/** A chat whose one message was seen and answered two hours ago: it only rests. */
async function restingChat(): Promise<string> {
  const id = await openSession();
  await rows(
    `update sessions set wake_version = 1, seen_version = 1, woken_at = now() - interval '2 hours' where id = $1`,
    [id],
  );
  return id;
}

/** Runs passes until so many signals were tried; what was told, in order. */
async function reconcile(
  count: number,
  options: {
    refuses?: (signal: WorkflowSignal, tried: number) => boolean;
    whenTried?: () => Promise<unknown>;
  } = {},
): Promise<WorkflowSignal[]> {
  const told: WorkflowSignal[] = [];
  let tried = 0;
  await new Promise<void>((resolve) => {
    const stop = startReconciler({
      db: t.db,
      log: pino({ level: 'silent' }),
      intervalMs: 10,
      ageMs: 3_600_000,
      idleMs: 3_600_000,
      gateway: {
        async send(signal) {
          const number = (tried += 1);
          const refused = options.refuses?.(signal, number) === true;
          if (!refused) told.push(signal);
          if (number === 1) await options.whenTried?.();
          if (number === count) setImmediate(() => void stop().then(resolve));
          if (refused) throw new Error('no way to Temporal');
        },
      },
    });
  });
  return told;
}

const agedBy = (id: string, age: string) =>
  rows(`update sessions set last_message_at = now() - $2::interval where id = $1`, [id, age]);

test('at its start an idle chat that only rests is signalled, so that it closes; a younger one is not', async () => {
  const [idle, young] = [await restingChat(), await restingChat()];
  await agedBy(idle, '61 minutes');
  await agedBy(young, '59 minutes');
  const told = await reconcile(1);
  expect(told).toMatchObject([
    { workflow: 'chatSession', workflowId: `session/${idle}`, signalInput: { version: 1 } },
  ]);
});

test('a chat that was never written to is signalled in any pass once it is idle', async () => {
  const [seen, silent] = [await openSession(), await openSession()];
  await agedBy(seen, '61 minutes');
  const told = await reconcile(2, {
    // The first pass has begun: what becomes idle now is met by a later one.
    whenTried: async () => {
      await rows(`update sessions set phase = 'CLOSED', closed_at = now() where id = $1`, [seen]);
      await agedBy(silent, '61 minutes');
    },
  });
  expect(told.map(({ workflowId }) => workflowId)).toEqual([`session/${seen}`, `session/${silent}`]);
  expect(told[1]?.signalInput).toEqual({ version: 0 });
});

test('more open chats than a page holds are all signalled at the start', async () => {
  const ids: string[] = [];
  for (let n = 0; n < 203; n += 1) ids.push(await openSession());
  await rows(`update sessions set last_message_at = now() - interval '2 hours' where id = any($1)`, [ids]);
  const told = await reconcile(203);
  expect(new Set(told.map(({ workflowId }) => workflowId))).toEqual(
    new Set(ids.map((id) => `session/${id}`)),
  );
});

test('what the first pass could not tell is told by the next, and only that', async () => {
  const [one, two] = [await restingChat(), await restingChat()];
  await agedBy(one, '61 minutes');
  await agedBy(two, '61 minutes');
  const told = await reconcile(3, { refuses: (_signal, tried) => tried === 1 });
  expect(told.map(({ workflowId }) => workflowId).sort()).toEqual(
    [`session/${one}`, `session/${two}`].sort(),
  );
});
