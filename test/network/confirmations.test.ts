import { createHash } from 'node:crypto';
import { SYSTEM } from '../../domain/principal';
import { run } from '../activities/stage';
import { askPerson, decide, letPass } from './person';
import type { Asked } from './person';
import { setNetworkStage } from './stage';
import type { NetworkStage } from './stage';

let stage: NetworkStage;
beforeAll(async () => {
  stage = await setNetworkStage();
});
afterAll(() => stage.close());

const statusOf = async ({ id, sender }: Asked): Promise<unknown> =>
  (await sender.call(`/v1/tasks/${id}`)).body['status'];
const stateOf = async ({ id }: Asked): Promise<string | undefined> =>
  stage.api.t.db.withTx(SYSTEM, 'test.state', async (tx) => {
    const [row] = await tx.query<{ state: string }>('select state from confirmations where task_id = $1', [
      id,
    ]);
    return row?.state;
  });
const signalsOf = ({ id }: Asked): (string | null)[] =>
  stage.api.t.signals.filter(({ workflowId }) => workflowId === `task/${id}`).map(({ signal }) => signal);

test('a yes lets the task go on, of which its workflow need not know; the receiver then does the work', async () => {
  const asked = await askPerson(stage);
  const { refusal, confirmation } = await decide(stage, asked, { note: 'go on' });
  expect(refusal).toBeNull();
  expect(confirmation).toMatchObject({
    state: 'APPROVED',
    note: 'go on',
    decidedAt: expect.any(String) as string,
  });
  expect(await statusOf(asked)).toBe('in_progress');
  expect(signalsOf(asked)).toEqual([null, 'taskAsked']);
  const done = await asked.receiver.call(`/v1/tasks/${asked.id}/complete`, { body: {} });
  expect(done.body['status']).toBe('completed');
  expect(await stateOf(asked)).toBe('APPROVED');
});

test('a no cancels the task', async () => {
  const asked = await askPerson(stage);
  expect((await decide(stage, asked, { approved: false })).refusal).toBeNull();
  expect(await statusOf(asked)).toBe('cancelled');
  expect(await stateOf(asked)).toBe('REFUSED');
  expect(signalsOf(asked)).toEqual([null, 'taskAsked', 'taskEnded']);
});

test('of ten decisions at the same moment one counts, and all are told the same', async () => {
  const asked = await askPerson(stage);
  const told = await Promise.all(
    Array.from({ length: 10 }, (_, at) => decide(stage, asked, { approved: at % 2 === 0 })),
  );
  const states = new Set(told.map(({ confirmation }) => confirmation.state));
  expect(states.size).toBe(1);
  const [state] = states;
  for (const [at, { refusal }] of told.entries()) {
    expect(refusal?.code ?? null).toBe(
      (at % 2 === 0) === (state === 'APPROVED') ? null : 'confirmation_not_open',
    );
  }
  expect(signalsOf(asked)).toEqual([null, 'taskAsked', ...(state === 'APPROVED' ? [] : ['taskEnded'])]);
});

test('a decision after the deadline is refused, and the task expires there and then', async () => {
  const asked = await askPerson(stage);
  await letPass(stage, asked);
  for (const approved of [true, false, true]) {
    expect((await decide(stage, asked, { approved })).refusal).toMatchObject({
      code: 'confirmation_expired',
      status: 410,
    });
  }
  expect(await statusOf(asked)).toBe('expired');
  expect(await stateOf(asked)).toBe('EXPIRED');
  expect(signalsOf(asked)).toEqual([null, 'taskAsked', 'taskEnded']);
});

test('a cancel by the sender takes the question back, and a decision after it is refused', async () => {
  const asked = await askPerson(stage);
  expect((await asked.sender.call(`/v1/tasks/${asked.id}/cancel`, { body: {} })).status).toBe(200);
  expect(await stateOf(asked)).toBe('WITHDRAWN');
  expect((await decide(stage, asked)).refusal).toMatchObject({ code: 'confirmation_not_open' });
  expect(await statusOf(asked)).toBe('cancelled');
});

test('of a decision and a cancel at the same moment one wins, and task and question agree', async () => {
  for (let round = 0; round < 10; round += 1) {
    const asked = await askPerson(stage);
    const [decided, cancelled] = await Promise.all([
      decide(stage, asked),
      asked.sender.call(`/v1/tasks/${asked.id}/cancel`, { body: {} }),
    ]);
    // A task that was approved first may still be cancelled after it.
    expect(cancelled.status).toBe(200);
    expect(await stateOf(asked)).toBe(decided.refusal === null ? 'APPROVED' : 'WITHDRAWN');
    expect(await statusOf(asked)).toBe('cancelled');
  }
});

test('a payload that is no longer the one that was shown cannot be approved, only declined', async () => {
  const asked = await askPerson(stage, { wish: { payload_inline: { to: 'ann@example.org' } } });
  await stage.api.t.db.withTx(SYSTEM, 'test.change', (tx) =>
    tx.query(`update tasks set payload_inline = '{"to": "eve@example.org"}' where id = $1`, [asked.id]),
  );
  expect((await decide(stage, asked)).refusal).toMatchObject({ code: 'confirmation_void' });
  expect(await statusOf(asked)).toBe('waiting_human_confirm');
  expect((await decide(stage, asked, { approved: false })).refusal).toBeNull();
  expect(await statusOf(asked)).toBe('cancelled');
});

const code = (text: string): Buffer => createHash('sha256').update(text).digest();
const sendCode = ({ id }: Asked, until = '10 minutes'): Promise<unknown> =>
  stage.api.t.db.withTx(SYSTEM, 'test.code', (tx) =>
    tx.query(
      `update confirmations set code_hash = $2, code_until = now() + $3::interval, code_tries = 0 where task_id = $1`,
      [id, code('123456'), until],
    ),
  );

test('R3 is approved only with the fresh code: five tries, ten minutes', async () => {
  const asked = await askPerson(stage, { risk: 'R3' });
  const reasons = async (typed: string | null): Promise<unknown> =>
    (await decide(stage, asked, { codeHash: typed === null ? null : code(typed) })).refusal?.details?.[
      'reason'
    ];
  expect(await reasons('123456')).toBe('no_code');
  await sendCode(asked, '-1 second');
  expect(await reasons('123456')).toBe('no_code');
  await sendCode(asked);
  expect(await reasons(null)).toBe('code_missing');
  for (let tries = 0; tries < 5; tries += 1) expect(await reasons('654321')).toBe('code_wrong');
  expect(await reasons('123456')).toBe('too_many_tries');
  expect(await statusOf(asked)).toBe('waiting_human_confirm');
  await sendCode(asked);
  expect((await decide(stage, asked, { codeHash: code('123456') })).refusal).toBeNull();
  expect(await statusOf(asked)).toBe('in_progress');
});

test('a yes that was faster than the timer of its question stays: the task has its own time', async () => {
  const asked = await askPerson(stage);
  const { confirmation } = await decide(stage, asked);
  const asOf = confirmation.expiresAt;
  expect(await run(stage.tasks.expireTask, { taskId: asked.id, asOf })).toMatchObject({
    kind: 'open',
    status: 'in_progress',
  });
  expect(await statusOf(asked)).toBe('in_progress');
  const failed = await run(stage.tasks.expireTask, { taskId: asked.id, asOf, undeliverable: true });
  expect(failed).toEqual({ kind: 'ended', status: 'failed' });
});

test('R3 is declined without a code', async () => {
  const asked = await askPerson(stage, { risk: 'R3' });
  expect((await decide(stage, asked, { approved: false })).refusal).toBeNull();
});
