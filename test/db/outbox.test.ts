import { EventEmitter, once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { acceptMessage } from '../../db/messages';
import { createSession, markSessionSeen } from '../../db/sessions';
import { findOrOpenAccount } from '../../db/users';
import { asUser, SYSTEM } from '../../domain/principal';
import type { Gateway, WorkflowSignal } from '../../temporal/gateway';
import { startReconciler } from '../../worker/reconciler';
import { startRelay } from '../../worker/relay';
import { createTestDatabase } from '../harness/database';
import type { TestDatabase } from '../harness/database';

let t: TestDatabase;
beforeAll(async () => {
  t = await createTestDatabase();
});
afterAll(() => t.drop());
beforeEach(async () => {
  await rows('delete from outbox');
  await rows(`update sessions set phase = 'CLOSED', closed_at = now()`);
});

const log = pino({ level: 'silent' });
const rows = (sql: string, values: unknown[] = []) =>
  t.db.withTx(SYSTEM, 'test', (tx) => tx.query<Record<string, unknown>>(sql, values));
const unsent = async () => (await rows('select 1 from outbox where sent_at is null')).length;

interface FakeGateway extends Gateway {
  sent: WorkflowSignal[];
  /** Resolves when so many signals have been tried, whatever came of them. */
  tried: (count: number) => Promise<void>;
}

/** A way to Temporal that keeps what it is told, and refuses what `refuses` says. */
function fakeGateway(refuses: (signal: WorkflowSignal) => boolean = () => false): FakeGateway {
  const news = new EventEmitter();
  const sent: WorkflowSignal[] = [];
  let count = 0;
  return {
    sent,
    async send(signal) {
      await new Promise(setImmediate);
      count += 1;
      if (!refuses(signal)) sent.push(signal);
      news.emit('tried');
      if (refuses(signal)) throw new Error('no way to Temporal');
    },
    async tried(wanted) {
      while (count < wanted) await once(news, 'tried');
    },
  };
}

/** A chat with this many messages, none of them told to Temporal. */
async function chatWith(messages: number): Promise<string> {
  const { user } = await t.db.withTx(SYSTEM, 'test', (tx) =>
    findOrOpenAccount(tx, `${randomUUID()}@example.test`),
  );
  const { id } = await t.db.withTx(asUser(user.id), 'test', (tx) =>
    createSession(tx, { userId: user.id, title: null, budgetMicros: 1n, metadata: {} }),
  );
  for (let n = 0; n < messages; n += 1) {
    await t.db.withTx(asUser(user.id), 'test', (tx) =>
      acceptMessage(tx, { sessionId: id, clientId: `m${n}`, content: 'x' }),
    );
  }
  return id;
}

const relay = (gateway: Gateway, ageMs = 0, held: string[] = []) =>
  startRelay({ db: t.db, gateway, log, ageMs, held: () => held });
const reconciler = (gateway: Gateway, lengths: { intervalMs?: number; ageMs?: number } = {}) =>
  startReconciler({
    db: t.db,
    gateway,
    log,
    intervalMs: lengths.intervalMs ?? 3_600_000,
    ageMs: lengths.ageMs ?? 0,
    idleMs: 3_600_000,
  });

const versions = (signals: WorkflowSignal[]) => signals.map(({ signalInput }) => signalInput?.['version']);

test('two relays at once send each signal once, more than one batch of them', async () => {
  const id = await chatWith(120);
  const gateway = fakeGateway();
  const stops = [relay(gateway), relay(gateway)];
  await gateway.tried(120);
  await Promise.all(stops.map((stop) => stop()));
  expect(gateway.sent).toHaveLength(120);
  expect(
    versions(gateway.sent)
      .map(Number)
      .sort((a, b) => a - b),
  ).toEqual(Array.from({ length: 120 }, (_, n) => n + 1));
  expect(gateway.sent[0]).toMatchObject({
    workflow: 'chatSession',
    workflowId: `session/${id}`,
    signal: 'messageArrived',
  });
  expect(await unsent()).toBe(0);
});

test('what is younger than its age is left to whoever recorded it', async () => {
  await chatWith(1);
  await rows(`update outbox set created_at = now() - interval '1 hour'`);
  await chatWith(1);
  const gateway = fakeGateway();
  const stop = relay(gateway, 600_000);
  await gateway.tried(1);
  await stop();
  expect(gateway.sent).toHaveLength(1);
  expect(await unsent()).toBe(1);
});

test('what this process is still about to send itself is left to it', async () => {
  await chatWith(2);
  const [own] = await rows('select id from outbox order by created_at, id limit 1');
  const gateway = fakeGateway();
  const stop = relay(gateway, 0, [String(own?.['id'])]);
  await gateway.tried(1);
  await stop();
  expect(gateway.sent).toHaveLength(1);
  expect((await rows('select id from outbox where sent_at is null'))[0]).toEqual(own);
});

test('what the gateway refuses stays unsent, and the rest is sent', async () => {
  const [refused, taken] = [await chatWith(2), await chatWith(2)];
  const gateway = fakeGateway(({ workflowId }) => workflowId === `session/${refused}`);
  const stop = relay(gateway);
  await gateway.tried(4);
  await stop();
  expect(gateway.sent.map(({ workflowId }) => workflowId)).toEqual([`session/${taken}`, `session/${taken}`]);
  expect(await unsent()).toBe(2);
  const later = fakeGateway();
  const stopLater = relay(later);
  await later.tried(2);
  await stopLater();
  expect(versions(later.sent)).toEqual([1, 2]);
  expect(await unsent()).toBe(0);
});

test('sent signals are kept for an hour, unsent ones until they are sent', async () => {
  await chatWith(3);
  await rows(
    `update outbox set created_at = now() - interval '2 hours',
            sent_at = case (signal_input->>'version')::int when 1 then now() - interval '61 minutes' when 2 then now() - interval '59 minutes' end`,
  );
  const gateway = fakeGateway(() => true);
  const stop = relay(gateway);
  await gateway.tried(1);
  await stop();
  expect(
    (await rows(`select signal_input->>'version' as v from outbox order by 1`)).map((row) => row['v']),
  ).toEqual(['2', '3']);
});

test('at its start the reconciler signals every open row that was ever woken, and no closed one', async () => {
  const [seen, lagging, closed] = [await chatWith(1), await chatWith(2), await chatWith(1)];
  await chatWith(0);
  await t.db.withTx(SYSTEM, 'test', (tx) => markSessionSeen(tx, seen, 1));
  await rows(`update sessions set phase = 'CLOSED', closed_at = now() where id = $1`, [closed]);
  const gateway = fakeGateway();
  const stop = reconciler(gateway);
  await gateway.tried(2);
  await stop();
  const told = new Map(gateway.sent.map(({ workflowId, signalInput }) => [workflowId, signalInput]));
  expect(told).toEqual(
    new Map([
      [`session/${seen}`, { version: 1 }],
      [`session/${lagging}`, { version: 2 }],
    ]),
  );
});

test('later the reconciler signals only what lags behind, and only after its age', async () => {
  const [seen, lagging, young] = [await chatWith(1), await chatWith(1), await chatWith(1)];
  await t.db.withTx(SYSTEM, 'test', (tx) => markSessionSeen(tx, seen, 1));
  await rows(`update sessions set woken_at = now() - interval '1 hour' where id = any($1)`, [
    [seen, lagging],
  ]);
  const gateway = fakeGateway();
  const stop = reconciler(gateway, { intervalMs: 20, ageMs: 600_000 });
  await gateway.tried(5);
  await stop();
  const later = gateway.sent.slice(3).map(({ workflowId }) => workflowId);
  expect(new Set(later)).toEqual(new Set([`session/${lagging}`]));
  expect(gateway.sent.slice(0, 3).map(({ workflowId }) => workflowId)).toContain(`session/${young}`);
});

test('one row that cannot be signalled keeps no other from it', async () => {
  const count = 22;
  for (let n = 0; n < count; n += 1) await chatWith(1);
  let refused = '';
  const gateway = fakeGateway(({ workflowId }) => {
    if (refused === '') refused = workflowId;
    return workflowId === refused;
  });
  const stop = reconciler(gateway, { intervalMs: 20, ageMs: 600_000 });
  await gateway.tried(count);
  await stop();
  expect(new Set(gateway.sent.map(({ workflowId }) => workflowId)).size).toBe(count - 1);
});

test('a start that reached nobody is a start again', async () => {
  const id = await chatWith(1);
  await t.db.withTx(SYSTEM, 'test', (tx) => markSessionSeen(tx, id, 1));
  let down = true;
  const gateway = fakeGateway(() => down);
  const stop = reconciler(gateway, { intervalMs: 20, ageMs: 600_000 });
  await gateway.tried(2);
  down = false;
  await gateway.tried(3);
  await stop();
  expect(gateway.sent).toMatchObject([{ workflowId: `session/${id}` }]);
});
