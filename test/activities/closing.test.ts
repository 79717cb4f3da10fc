import { lockSession } from '../../db/sessions';
import { closeSession } from '../../db/cancel';
import { asUser } from '../../domain/principal';
import { run, setStage } from './stage';
import type { Stage } from './stage';
import { answer, text, toolUse } from './test-chat';
import type { TestChat } from './test-chat';
import { OK } from './zoo';

let stage: Stage;
let seller: string;
beforeAll(async () => {
  stage = await setStage();
  seller = await stage.listAgent('Seller', stage.zoo.keep('seller', { invoke: OK }));
});
afterAll(() => stage.close());

const close = (chat: TestChat) =>
  stage.t.db.withTx(asUser(chat.userId), 'test', async (tx) =>
    closeSession(tx, await lockSession(tx, chat.sessionId), 'closed by its person'),
  );
const asOf = () => new Date(Date.now()).toISOString();

async function chatWithRequest(): Promise<{ chat: TestChat; paymentId: string }> {
  const chat = await stage.openChat();
  await chat.say('count these words');
  await chat.use('connect_agent', { agent_id: seller });
  await chat.use('request_payment_confirmation', {
    agent_id: seller,
    action: 'read',
    amount_usdc: '0.05',
    reason: 'to count',
  });
  return { chat, paymentId: await chat.lastPayment() };
}

const types = async (chat: TestChat): Promise<string[]> =>
  (
    await chat.rows<{ type: string }>('select type from session_events where session_id = $1 order by seq', [
      chat.sessionId,
    ])
  ).map(({ type }) => type);

test('closing takes back what is asked for, ends the turn and then the chat, once', async () => {
  const { chat, paymentId } = await chatWithRequest();
  await close(chat);
  await close(chat);
  expect((await types(chat)).slice(-3)).toEqual(['PAYMENT_FAILED', 'TURN_END', 'SESSION_CLOSED']);
  expect(await chat.frames('TURN_END')).toMatchObject([{ outcome: 'cancelled' }]);
  await expect(chat.decide(paymentId, true)).rejects.toMatchObject({ code: 'session_closed' });
  expect(await chat.step()).toEqual({ kind: 'closed' });
});

test('what is held for no task comes back when the chat is closed', async () => {
  const { chat, paymentId } = await chatWithRequest();
  await chat.decide(paymentId, true);
  expect(await run(stage.activities.authorizePayment, { paymentId, asOf: asOf() })).toMatchObject({
    state: 'HELD',
  });
  await close(chat);
  expect(await run(stage.activities.settlePayment, { paymentId, asOf: asOf() })).toMatchObject({
    state: 'VOIDED',
  });
  expect(await chat.frames('PAYMENT_RELEASED')).toMatchObject([{ reason_code: 'session_closed' }]);
});

test('a task that runs is paid when it is done, though its chat is closed', async () => {
  const { chat, paymentId } = await chatWithRequest();
  await chat.decide(paymentId, true);
  await run(stage.activities.authorizePayment, { paymentId, asOf: asOf() });
  await chat.use('invoke_agent', { agent_id: seller, action: 'read', arguments: {} });
  await close(chat);
  expect(await run(stage.activities.settlePayment, { paymentId, asOf: asOf() })).toMatchObject({
    state: 'HELD',
  });
  await run(stage.activities.deliverTask, { taskId: await chat.lastTask() });
  expect(await run(stage.activities.settlePayment, { paymentId, asOf: asOf() })).toMatchObject({
    state: 'CAPTURED',
  });
});

test('the model closes a chat by close_session: the turn is answered, then the chat is closed under the label', async () => {
  const chat = await stage.openChat();
  await chat.say('thank you, that is all');
  const said = answer([
    text('Goodbye.'),
    toolUse('close_session', { outcome: 'done' }),
    toolUse('connect_agent', { agent_id: seller }),
  ]);
  expect(await chat.step([said])).toMatchObject({ kind: 'ended', outcome: 'answered' });
  expect(await types(chat)).toEqual(['USER_MESSAGE', 'AGENT_MESSAGE', 'TURN_END', 'SESSION_CLOSED']);
  expect(await chat.frames('SESSION_CLOSED')).toEqual([{ reason: 'done', phase: 'CLOSED' }]);
  expect(await chat.step()).toEqual({ kind: 'closed' });
});
