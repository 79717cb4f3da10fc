import { createOneByOne } from '../../api/one-by-one';
import { recordFact } from '../../api/record-fact';
import { cancelTurn, closeSession } from '../../db/cancel';
import { decideInChat } from '../../db/chat-confirmations';
import { decideConfirmation, setCode } from '../../db/confirmations';
import { eraseSession } from '../../db/erase';
import { openAsks } from '../../db/open-asks';
import { lockSession } from '../../db/sessions';
import type { ClientFact } from '../../domain/frames';
import { asUser, SYSTEM } from '../../domain/principal';
import { createRateLimit } from '../../lib/rate-limit';
import { riskyChat } from './risky-chat';
import type { Risky } from './risky-chat';
import { run, setStage } from './stage';
import type { Stage } from './stage';
import { OK } from './zoo';

let stage: Stage;
let mailer: string;
beforeAll(async () => {
  stage = await setStage();
  mailer = await stage.listAgent('Mailer', stage.zoo.keep('mailer', { invoke: OK }));
});
afterAll(() => stage.close());

const openRisky = (action: 'mail' | 'erase' = 'mail'): Promise<Risky> => riskyChat(stage, mailer, action);

const decide = ({ chat, confirmationId: id }: Risky, approved: boolean, note: string | null = null) =>
  stage.t.db.withTx(asUser(chat.userId), 'test', (tx) =>
    decideInChat(tx, { sessionId: chat.sessionId, id, approved, note }),
  );
const statusOf = async ({ chat, taskId }: Risky) =>
  (await chat.rows<{ status: string }>('select status from tasks where id = $1', [taskId]))[0]?.status;
const letPass = ({ taskId }: Risky) =>
  stage.t.db.withTx(SYSTEM, 'test', async (tx) => {
    await tx.query(`update tasks set human_confirm_deadline = now() - interval '1 second' where id = $1`, [
      taskId,
    ]);
    await tx.query(`update confirmations set expires_at = now() - interval '1 second' where task_id = $1`, [
      taskId,
    ]);
  });
const outcomes = async ({ chat }: Risky) =>
  (await chat.frames('CONFIRMATION_RESOLVED')).map(({ outcome }) => outcome);
const calls = () => stage.zoo.calls('mailer').length;

test('a risky action waits for its person, is shown exactly, and runs once they have confirmed it', async () => {
  const before = calls();
  const risky = await openRisky();
  const { chat, taskId, confirmationId } = risky;
  expect(await chat.frames('CONFIRMATION_REQUEST')).toMatchObject([
    {
      task_id: taskId,
      risk_level: 'R2',
      risk_reasons: ['The agent itself says R2.'],
      agent_name: 'Mailer',
      action: 'mail',
      arguments: { to: 'all' },
      url: `/approvals/${confirmationId}`,
    },
  ]);
  const pending = await stage.t.db.withTx(asUser(chat.userId), 'test', (tx) => openAsks(tx, chat.sessionId));
  expect(pending).toMatchObject([
    { type: 'CONFIRMATION_REQUEST', data: { confirmation_id: confirmationId } },
  ]);
  expect(await run(stage.activities.deliverTask, { taskId })).toMatchObject({ kind: 'asking' });
  expect(calls()).toBe(before);

  expect((await decide(risky, true)).refusal).toBeNull();
  expect((await decide(risky, true)).refusal).toBeNull();
  expect((await decide(risky, false)).refusal).toMatchObject({ code: 'confirmation_not_open' });
  expect(await run(stage.activities.deliverTask, { taskId })).toEqual({ kind: 'ended', status: 'completed' });
  expect(calls()).toBe(before + 1);
  expect(await outcomes(risky)).toEqual(['approved']);
  expect(await chat.call(risky.callId)).toMatchObject({ state: 'done', result: { status: 'completed' } });
});

test('what was changed after its person approved it is not run, and what was held comes back', async () => {
  const before = calls();
  const risky = await openRisky();
  expect((await decide(risky, true)).refusal).toBeNull();
  await risky.chat.rows(`update tasks set arguments = '{"to": "somebody else"}' where id = $1`, [
    risky.taskId,
  ]);
  expect(await run(stage.activities.deliverTask, { taskId: risky.taskId })).toEqual({
    kind: 'ended',
    status: 'failed',
  });
  expect(calls()).toBe(before);
  expect(
    await risky.chat.rows('select error_code, payment_id is not null as paid from tasks where id = $1', [
      risky.taskId,
    ]),
  ).toEqual([{ error_code: 'confirmation_void', paid: expect.any(Boolean) as boolean }]);
});

test('a risky action that is declined is not run, and the model hears of it', async () => {
  const before = calls();
  const risky = await openRisky();
  await decide(risky, false);
  expect(await run(stage.activities.deliverTask, { taskId: risky.taskId })).toEqual({
    kind: 'ended',
    status: 'cancelled',
  });
  expect(calls()).toBe(before);
  expect(await outcomes(risky)).toEqual(['declined']);
  expect(await risky.chat.call(risky.callId)).toMatchObject({
    state: 'done',
    result: { status: 'cancelled' },
  });
});

test('R3 is asked for in the chat and approved on its page only, with the code of a mail', async () => {
  const risky = await openRisky('erase');
  expect(await risky.chat.frames('CONFIRMATION_REQUEST')).toMatchObject([
    { risk_level: 'R3', action: 'erase', url: `/approvals/${risky.confirmationId}` },
  ]);
  await expect(decide(risky, true)).rejects.toMatchObject({ code: 'step_up_required' });
  expect(await statusOf(risky)).toBe('waiting_human_confirm');
  const which = { id: risky.confirmationId, userId: risky.chat.userId };
  const onPage = (codeHash: Buffer | null) =>
    stage.t.db.withTx(SYSTEM, 'test', (tx) =>
      decideConfirmation(tx, { which, approved: true, note: null, codeHash }),
    );
  const code = Buffer.from('the hash of a code');
  await stage.t.db.withTx(SYSTEM, 'test', (tx) => setCode(tx, risky.confirmationId, code));
  expect((await onPage(null)).refusal).toMatchObject({ code: 'step_up_required' });
  expect((await onPage(code)).refusal).toBeNull();
  expect(await run(stage.activities.deliverTask, { taskId: risky.taskId })).toEqual({
    kind: 'ended',
    status: 'completed',
  });
  expect(await outcomes(risky)).toEqual(['approved']);
});

test('a decision after the deadline is refused, and the task is expired', async () => {
  const risky = await openRisky();
  await letPass(risky);
  expect((await decide(risky, true)).refusal).toMatchObject({ code: 'confirmation_expired' });
  expect(await statusOf(risky)).toBe('expired');
  expect(await outcomes(risky)).toEqual(['expired']);
});

test.each([
  ['cancelled', (risky: Risky) => cancelNow(risky)],
  ['closed', (risky: Risky) => closeNow(risky)],
])('when its turn is %s, what was to be confirmed is taken back', async (_how, end) => {
  const risky = await openRisky();
  await end(risky);
  expect(await statusOf(risky)).toBe('cancelled');
  expect(await outcomes(risky)).toEqual(['withdrawn']);
  expect((await decide(risky, true)).refusal).toMatchObject({ code: 'confirmation_not_open' });
});

const cancelNow = ({ chat }: Risky) =>
  stage.t.db.withTx(asUser(chat.userId), 'test', (tx) =>
    cancelTurn(tx, { sessionId: chat.sessionId, turnId: undefined }),
  );
const closeNow = ({ chat }: Risky) =>
  stage.t.db.withTx(asUser(chat.userId), 'test', async (tx) =>
    closeSession(tx, await lockSession(tx, chat.sessionId), 'closed by you'),
  );

test('a decision that was refused was no fact: what it found stays, and its id is free for another', async () => {
  const risky = await openRisky();
  const { sessionId, userId } = risky.chat;
  const api = {
    db: stage.t.db,
    messageLimit: createRateLimit({ limit: 1, windowMs: 1 }),
    oneByOne: createOneByOne(),
  };
  const say = (fact: ClientFact) =>
    recordFact(api, { userId, sessionId, way: 'rest' }, { ...fact, id: 'the same' });
  const yes: ClientFact = {
    type: 'CONFIRMATION_RESPONSE',
    data: { confirmation_id: risky.confirmationId, approved: true },
  };
  await letPass(risky);
  for (const _ of ['first', 'again']) {
    await expect(say(yes)).rejects.toMatchObject({ code: 'confirmation_expired' });
    expect(await statusOf(risky)).toBe('expired');
  }
  expect(await say({ type: 'CANCEL_TURN', data: {} })).toHaveProperty('turn_id');
  await expect(say(yes)).rejects.toMatchObject({ code: 'idempotency_conflict' });
});

test('a stranger, and another chat, find no such confirmation', async () => {
  const [risky, other] = [await openRisky(), await openRisky()];
  await expect(decide({ ...risky, chat: other.chat }, true)).rejects.toMatchObject({ code: 'not_found' });
  expect(await statusOf(risky)).toBe('waiting_human_confirm');
});

test('an erased chat keeps nothing of what its person noted beside a decision', async () => {
  const risky = await openRisky();
  await decide(risky, false, 'not to my aunt');
  await stage.t.db.withTx(SYSTEM, 'test', (tx) =>
    eraseSession(tx, { sessionId: risky.chat.sessionId, userId: risky.chat.userId }),
  );
  expect(await risky.chat.rows('select note from confirmations where task_id = $1', [risky.taskId])).toEqual([
    { note: null },
  ]);
});
