import { setTimeout as pause } from 'node:timers/promises';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { SCENARIOS } from '../crash/scenarios';
import { openCrashStage } from '../crash/stage';
import type { CrashStage } from '../crash/stage';
import { INVARIANTS, violationsOf } from './check';
import type { World } from './world';

// One hire that went well; then, one at a time, what must never be is put into the facts, the agents' record or
// Temporal, and the checker must find it. Changes of facts are undone by the end of their transaction.
let stage: CrashStage;
let world: World;

beforeAll(async () => {
  stage = await openCrashStage();
  ({ world } = stage);
  const [hire] = SCENARIOS;
  if (hire === undefined) throw new Error('no scenario');
  const { violations } = await stage.run(hire, []);
  expect(violations).toEqual([]);
  await stage.machine.stopPlatform();
}, 120_000);
afterAll(() => stage.close());

const found = async (seen: World, number: number): Promise<string[]> => {
  const invariant = INVARIANTS.find((known) => known.number === number);
  return (await invariant?.find(seen)) ?? [];
};

const NEXT_FRAME = `
  with next as (update session_sequences set last_seq = last_seq + 1 returning session_id, last_seq)
  insert into session_events (session_id, seq, id, region, user_id, type, data)
  select e.session_id, n.last_seq, e.id || 'x', e.region, e.user_id, e.type, e.data
    from session_events e join next n on n.session_id = e.session_id where e.type =`;

test.each<[number, string, string]>([
  [1, 'an acknowledged message with other words', `update messages set content = 'something else'`],
  [1, 'a message shown twice', `${NEXT_FRAME} 'USER_MESSAGE'`],
  [
    1,
    'an erased chat whose words are there',
    `update sessions set erased_at = now(), phase = 'CLOSED', title = null, metadata = '{}'`,
  ],
  [2, 'a turn with two ends', `${NEXT_FRAME} 'TURN_END'`],
  [2, 'a turn that never ends', `update turns set outcome = null, ended_at = null`],
  [3, 'a hole in a sequence', `delete from session_events where type = 'AGENT_MESSAGE'`],
  [3, 'a counter ahead of its log', `update session_sequences set last_seq = last_seq + 1`],
  [4, 'a task that is not where its events say', `update tasks set status = 'failed'`],
  [4, 'a task that stays open', `update tasks set ended_at = null`],
  [4, 'a task that is parked and forgotten', `update tasks set ended_at = null, parked_at = now()`],
  [
    5,
    'more attempts than allowed',
    `insert into task_attempts (task_id, attempt, region, user_id)
     select task_id, n, region, user_id from task_attempts, generate_series(2, 5) n`,
  ],
  [
    6,
    'a task made with a payment that was declined',
    `alter table payments disable trigger user; update payments set state = 'DECLINED', captured_micros = null`,
  ],
  [6, 'a standing approval that was never given', `update payments set decided_by = 'standing'`],
  [6, 'other work done than was approved', `update tasks set action = 'delete_everything'`],
  [6, 'work of R3 that nobody confirmed', `update tasks set risk_level = 'R3'`],
  [
    7,
    'money from nowhere',
    `alter table ledger_accounts disable trigger user;
     update ledger_accounts set posted_micros = posted_micros + 1 where kind = 'user'`,
  ],
  [
    7,
    'a transfer that was changed afterwards',
    `alter table ledger_transfers disable trigger user;
     update ledger_transfers set amount_micros = amount_micros + 1 where phase = 'posted'`,
  ],
  [
    7,
    'money that stays in escrow',
    `insert into ledger_transfers (region, key, phase, kind, debit_account, credit_account, amount_micros, owner_id)
     select region, 'seeded', 'single', 'deposit', 'platform/outside', id, 1, owner_id
       from ledger_accounts where kind = 'escrow' limit 1`,
  ],
  [
    7,
    'a hold with two outcomes',
    `alter table ledger_transfers disable trigger user;
     alter table ledger_transfers drop constraint ledger_transfers_pending_id_key;
     insert into ledger_transfers (region, key, phase, pending_id, kind, debit_account, credit_account, amount_micros, payment_id, owner_id)
     select region, key || '2', 'voided', pending_id, 'void', debit_account, credit_account, amount_micros, payment_id, owner_id
       from ledger_transfers where phase = 'posted'`,
  ],
  [7, 'a payment that says it paid less', `update payments set captured_micros = captured_micros - 1`],
  [7, 'a refund that moved nothing', `update payments set refunded_micros = 1`],
  [7, 'money kept for work that failed', `update tasks set status = 'failed'`],
  [10, 'an open row without a workflow', `update tasks set ended_at = null`],
  [
    10,
    'an agent that is down and has no monitor',
    `insert into breakers (agent_id, region, state, opened_at, next_probe_at, wake_version)
     select to_agent_id, region, 'open', now(), now(), 1 from tasks`,
  ],
  [10, 'a signal that was never sent', `update outbox set sent_at = null`],
])('(%s) %s is found', async (number, _what, sql) => {
  expect(await found(world, number)).toEqual([]);
  await world.query('begin');
  try {
    // The database itself would refuse some of it.
    await world.query('set local session_replication_role = replica');
    await world.query(sql);
    expect(await found(world, number)).not.toEqual([]);
  } finally {
    await world.query('rollback');
  }
  expect(await found(world, number)).toEqual([]);
});

test('(1) an acknowledged message that is nowhere is found', async () => {
  const [sent] = world.acknowledged.messages;
  const messages = [...world.acknowledged.messages, { ...sent!, clientId: 'lost' }];
  expect(await found({ ...world, acknowledged: { ...world.acknowledged, messages } }, 1)).toHaveLength(1);
});

test('(6) a decision that was acknowledged and is not kept is found', async () => {
  const decisions = world.acknowledged.decisions.map((decision) => ({ ...decision, approved: false }));
  expect(await found({ ...world, acknowledged: { ...world.acknowledged, decisions } }, 6)).toHaveLength(1);
});

test('(5) work that an agent did twice, and a call under another key, are found in the agents’ own record', async () => {
  const calls = await world.agentCalls();
  const seen = (more: typeof calls): World => ({
    ...world,
    agentCalls: () => Promise.resolve([...calls, ...more]),
  });
  expect(await found(seen(calls), 5)).not.toEqual([]);
  expect(
    await found(seen([{ idempotency_key: 'another', attempt: 1, status: 'completed' }]), 5),
  ).toHaveLength(1);
});

test('(9) a history that other code has made does not replay', async () => {
  const connection = await NativeConnection.connect({ address: stage.machine.temporalAddress });
  const worker = await Worker.create({
    connection,
    taskQueue: 'other-code',
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: require.resolve('./other-code'),
      logger: new DefaultLogger('ERROR'),
    }),
  });
  const input = { paymentId: 'pay_x', userId: 'usr_x', expiresAt: new Date(0).toISOString() };
  await worker.runUntil(
    world.temporal.workflow.execute('payment', {
      workflowId: 'payment/of-other-code',
      taskQueue: 'other-code',
      args: [input],
    }),
  );
  await connection.close();
  expect(await found(world, 9)).toEqual([expect.stringContaining('payment/of-other-code does not replay')]);
}, 60_000);

test('(10) a workflow that was ended by hand while its row is open is found', async () => {
  const [chat] = world.acknowledged.messages;
  await world.temporal.workflow.getHandle(`session/${chat?.sessionId}`).terminate('by hand');
  expect(await found(world, 10)).toEqual([expect.stringContaining('is open and has no workflow')]);
});

test('(8) and (10) a workflow whose task fails, and that has no row, are found', async () => {
  await stage.machine.startPlatform();
  await world.temporal.workflow.start('noSuchWorkflow', { workflowId: 'task/nowhere', taskQueue: 'tasks' });
  let failing: string[] = [];
  let lost: string[] = [];
  // The chat that was ended by hand is begun again meanwhile.
  for (let tries = 0; (failing.length === 0 || lost.length !== 1) && tries < 200; tries += 1) {
    await pause(100);
    [failing, lost] = [await found(world, 8), await found(world, 10)];
  }
  expect(failing).toEqual([expect.stringContaining('task/nowhere')]);
  expect(lost).toEqual([expect.stringContaining('task/nowhere runs')]);
  // Seen as a whole, too: the list of all violations names their numbers.
  const numbers = new Set((await violationsOf(world)).map(({ invariant }) => invariant));
  expect([...numbers]).toEqual(expect.arrayContaining([8, 9, 10]));
}, 60_000);
