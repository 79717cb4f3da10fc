import { lockSession } from '../../db/sessions';
import { closeSession } from '../../db/cancel';
import { eraseSession } from '../../db/erase';
import { hasOpenRow } from '../../db/open-row';
import { lagging } from '../../db/reconcile';
import { asUser, SYSTEM } from '../../domain/principal';
import { tablesWith } from '../harness/all-text';
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
  return { chat, paymentId: (await chat.askToPay(seller)).paymentId };
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
  expect(await chat.step()).toEqual({ kind: 'closed' });
  expect((await types(chat)).slice(-3)).toEqual(['PAYMENT_FAILED', 'TURN_END', 'SESSION_CLOSED']);
  expect(await chat.frames('TURN_END')).toMatchObject([{ outcome: 'cancelled' }]);
  await expect(chat.decide(paymentId, true)).rejects.toMatchObject({ code: 'session_closed' });
  expect(await chat.step()).toEqual({ kind: 'closed' });
});

test('a chat that is closed while the model speaks keeps what was said and used until then, and ends after it', async () => {
  const chat = await stage.openChat();
  await chat.say('tell me a story');
  await chat.say('and another one');
  stage.model.next.push(async (_messages, options) => {
    options.onGrowth(() => 'Once upon a time');
    await close(chat);
    expect(options.stop.aborted).toBe(true);
    return answer([text('Once upon a time'), toolUse('connect_agent', { agent_id: seller })], 'cancelled');
  });
  expect(await chat.step()).toMatchObject({ kind: 'ended', turn: 1, outcome: 'cancelled' });
  expect((await types(chat)).slice(-3)).toEqual(['AGENT_MESSAGE', 'TURN_END', 'SESSION_CLOSED']);
  expect(await chat.frames('AGENT_MESSAGE')).toMatchObject([
    { content: 'Once upon a time', cancelled: true },
  ]);
  expect(await chat.frames('TURN_END')).toMatchObject([
    { outcome: 'cancelled', usage: { input_tokens: 100 }, cost_usdc: '0.00045' },
  ]);
  expect(await chat.step()).toEqual({ kind: 'closed' });
  expect(await chat.rows('select 1 from turns where session_id = $1', [chat.sessionId])).toHaveLength(1);
  expect(await chat.rows('select 1 from tool_calls where session_id = $1', [chat.sessionId])).toEqual([]);
});

test('in a chat that is closed nothing begins, also before its last turn has noticed', async () => {
  const chat = await stage.openChat();
  await chat.say('count these words');
  const [callId = ''] = await chat.propose(['connect_agent', { agent_id: seller }]);
  await close(chat);
  await expect(chat.say('hello?')).rejects.toMatchObject({ code: 'session_closed' });
  expect(await chat.runTool(callId)).toEqual({ waitsUntil: null });
  expect(await chat.call(callId)).toMatchObject({ state: 'done', result: { status: 'not_run' } });
  expect((await types(chat)).filter((type) => type === 'SESSION_CLOSED')).toEqual([]);
  expect(await chat.step()).toEqual({ kind: 'closed' });
  expect((await types(chat)).slice(-2)).toEqual(['TURN_END', 'SESSION_CLOSED']);
});

test('whoever speaks for a chat that is erased leaves no word in it', async () => {
  const chat = await stage.openChat();
  await chat.say('tell me a story');
  stage.model.next.push(async (_messages, options) => {
    await stage.t.db.withTx(SYSTEM, 'test', (tx) =>
      eraseSession(tx, { sessionId: chat.sessionId, userId: chat.userId }),
    );
    expect(options.stop.aborted).toBe(true);
    return answer([text('Bougainvillea')], 'cancelled');
  });
  await expect(chat.step()).rejects.toMatchObject({ type: 'fence_lost' });
  expect(await tablesWith(stage.t.url, 'Bougainvillea')).toEqual([]);
  expect(await chat.step()).toEqual({ kind: 'closed' });
});

test('a chat that was closed while a turn worked is signalled again until the turn has ended', async () => {
  const chat = await stage.openChat();
  await chat.say('count these words');
  await chat.propose(['connect_agent', { agent_id: seller }]);
  await close(chat);
  const page = { rows: 'chatSession' as const, after: '', limit: 100 };
  const isSignalled = () =>
    stage.t.db.withTx(SYSTEM, 'test', async (tx) => {
      const rows = await lagging(tx, { ageMs: -1_000, idleMs: 3_600_000 }, page);
      return rows.some(({ rowId }) => rowId === chat.sessionId);
    });
  const isOpen = () => stage.t.db.withTx(SYSTEM, 'test', (tx) => hasOpenRow(tx, `session/${chat.sessionId}`));
  expect([await isSignalled(), await isOpen()]).toEqual([true, true]);
  await chat.step();
  expect([await isSignalled(), await isOpen()]).toEqual([false, false]);
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
  expect(await types(chat)).toEqual([
    'USER_MESSAGE',
    'TURN_START',
    'AGENT_MESSAGE',
    'TURN_END',
    'SESSION_CLOSED',
  ]);
  expect(await chat.frames('SESSION_CLOSED')).toEqual([{ reason: 'done', phase: 'CLOSED' }]);
  expect(await chat.step()).toEqual({ kind: 'closed' });
});
