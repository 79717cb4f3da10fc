import { once } from 'node:events';
import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { cancelTurn } from '../../db/cancel';
import { wallet } from '../../db/ledger';
import { asUser } from '../../domain/principal';
import { run, setStage } from './stage';
import type { Stage } from './stage';
import { answer, sends, text, toolUse } from './test-chat';
import type { TestChat } from './test-chat';
import { OK } from './zoo';

const QUIET = { logger: new DefaultLogger('ERROR') };

let stage: Stage;
let counter: string;
let seller: string;
beforeAll(async () => {
  stage = await setStage();
  counter = await stage.listAgent('Counter', stage.zoo.keep('counter', { invoke: OK }));
  seller = await stage.listAgent('Seller', stage.zoo.keep('seller', { invoke: OK }));
});
afterAll(() => stage.close());

const cancel = (chat: TestChat, turnId?: string) =>
  stage.t.db.withTx(asUser(chat.userId), 'test', (tx) =>
    cancelTurn(tx, { sessionId: chat.sessionId, turnId }),
  );

const asOf = () => new Date(Date.now()).toISOString();

async function chatThatAsks(): Promise<TestChat> {
  const chat = await stage.openChat();
  await chat.say('count these words');
  return chat;
}

async function chatWithRequest(): Promise<{ chat: TestChat; paymentId: string }> {
  const chat = await chatThatAsks();
  return { chat, paymentId: (await chat.askToPay(seller)).paymentId };
}

const balance = (chat: TestChat) =>
  stage.t.db.withTx(asUser(chat.userId), 'test', (tx) => wallet(tx, chat.userId));

test('a turn that is cancelled while the model speaks keeps what was said, marked as cancelled, and ends cancelled', async () => {
  const chat = await chatThatAsks();
  stage.model.next.push(async (_messages, options) => {
    options.onGrowth(() => 'It begins with');
    await cancel(chat);
    expect(options.stop.aborted).toBe(true);
    return {
      content: [text('It begins with')],
      stopReason: 'cancelled',
      inputTokens: 100,
      outputTokens: 4,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
    };
  });
  expect(await chat.step()).toMatchObject({ kind: 'ended', outcome: 'cancelled' });
  expect(await chat.frames('AGENT_MESSAGE')).toMatchObject([{ content: 'It begins with', cancelled: true }]);
  expect(await chat.frames('TURN_END')).toMatchObject([
    { outcome: 'cancelled', usage: { input_tokens: 100, output_tokens: 4 } },
  ]);
  expect(await chat.step()).toMatchObject({ kind: 'idle' });
});

test('tools that the model wishes for in a turn that was cancelled are not run', async () => {
  const chat = await chatThatAsks();
  stage.model.next.push(async () => {
    await cancel(chat);
    return answer([text('I look.'), toolUse('connect_agent', { agent_id: counter })]);
  });
  expect(await chat.step()).toMatchObject({ kind: 'ended', outcome: 'cancelled' });
  expect(await chat.rows('select id from tool_calls where session_id = $1', [chat.sessionId])).toEqual([]);
});

test('a tool that was proposed before the cancel does not start after it', async () => {
  const chat = await chatThatAsks();
  const [callId = ''] = await chat.propose(['connect_agent', { agent_id: counter }]);
  await cancel(chat);
  expect(await chat.runTool(callId)).toEqual({ waitsUntil: null });
  expect(await chat.call(callId)).toMatchObject({ state: 'done', result: { status: 'not_run' } });
  expect(await chat.frames('STATUS')).toEqual([]);
  expect(await chat.step()).toMatchObject({ kind: 'ended', outcome: 'cancelled' });
  expect(await chat.rows('select agent_id from connections where session_id = $1', [chat.sessionId])).toEqual(
    [],
  );
});

test('a payment that a cancelled turn asks for is taken back, and no turn comes of it', async () => {
  const { chat, paymentId } = await chatWithRequest();
  await cancel(chat);
  expect(await chat.frames('PAYMENT_FAILED')).toMatchObject([
    { payment_id: paymentId, state: 'DECLINED', reason_code: 'turn_cancelled' },
  ]);
  await expect(chat.decide(paymentId, true)).rejects.toMatchObject({ code: 'payment_not_open' });
  expect(await run(stage.activities.authorizePayment, { paymentId, asOf: asOf() })).toMatchObject({
    state: 'DECLINED',
  });
  expect(await chat.step()).toMatchObject({ kind: 'ended', outcome: 'cancelled' });
  expect(await chat.step()).toMatchObject({ kind: 'idle' });
  expect(await chat.frames('ERROR')).toEqual([]);
});

test('a yes that was given before the cancel moves no money after it', async () => {
  const { chat, paymentId } = await chatWithRequest();
  await chat.decide(paymentId, true);
  await cancel(chat);
  expect(await run(stage.activities.authorizePayment, { paymentId, asOf: asOf() })).toMatchObject({
    state: 'FAILED',
  });
  expect(await chat.frames('PAYMENT_FAILED')).toMatchObject([
    { state: 'FAILED', reason_code: 'turn_cancelled' },
  ]);
  expect(await chat.step()).toMatchObject({ kind: 'ended', outcome: 'cancelled' });
});

test('what was held for no task yet comes back at once when the turn is cancelled', async () => {
  const { chat, paymentId } = await chatWithRequest();
  const before = await balance(chat);
  await chat.decide(paymentId, true);
  await run(stage.activities.authorizePayment, { paymentId, asOf: asOf() });
  expect(await balance(chat)).not.toEqual(before);
  await cancel(chat);
  expect(await run(stage.activities.settlePayment, { paymentId, asOf: asOf() })).toMatchObject({
    state: 'VOIDED',
  });
  expect(await chat.frames('PAYMENT_RELEASED')).toMatchObject([
    { payment_id: paymentId, reason_code: 'turn_cancelled' },
  ]);
  expect(await balance(chat)).toEqual(before);
});

/** The person said yes only after the turn had gone on without the answer. */
async function chatWithLateYes(): Promise<{ chat: TestChat; paymentId: string }> {
  const { chat, paymentId } = await chatWithRequest();
  await chat.step([sends('I come back when you have answered.')], true);
  await chat.decide(paymentId, true);
  await run(stage.activities.authorizePayment, { paymentId, asOf: asOf() });
  return { chat, paymentId };
}
const settled = ({ paymentId }: { paymentId: string }) =>
  run(stage.activities.settlePayment, { paymentId, asOf: asOf() });

test('a hold that an earlier turn had asked for comes back when the turn is cancelled that was to spend it', async () => {
  const late = await chatWithLateYes();
  const [callId = ''] = await late.chat.propose([
    'invoke_agent',
    { agent_id: seller, action: 'read', arguments: {} },
  ]);
  await cancel(late.chat);
  await late.chat.runTool(callId);
  expect(await settled(late)).toMatchObject({ state: 'VOIDED' });
  expect(await late.chat.frames('PAYMENT_RELEASED')).toMatchObject([{ reason_code: 'turn_cancelled' }]);
});

test('a hold whose outcome is still to begin a turn stays when another turn is cancelled', async () => {
  const { chat, paymentId } = await chatWithRequest();
  await chat.say('and what is the time?');
  await chat.step([sends('I come back when you have answered.')]);
  await chat.propose(['connect_agent', { agent_id: counter }]);
  await chat.decide(paymentId, true);
  await run(stage.activities.authorizePayment, { paymentId, asOf: asOf() });
  await cancel(chat);
  expect(await settled({ paymentId })).toMatchObject({ state: 'HELD' });
  expect(await chat.step()).toMatchObject({ kind: 'ended', turn: 2, outcome: 'cancelled' });
  await chat.use('invoke_agent', { agent_id: seller, action: 'read', arguments: {} });
  await run(stage.activities.deliverTask, { taskId: await chat.lastTask() });
  expect(await settled({ paymentId })).toMatchObject({ state: 'CAPTURED' });
});

test('a hold that is to come back pays for nothing any more', async () => {
  const late = await chatWithLateYes();
  await late.chat.propose(['connect_agent', { agent_id: counter }]);
  await cancel(late.chat);
  await late.chat.step();
  await late.chat.say('do it after all');
  const call = await late.chat.use('invoke_agent', { agent_id: seller, action: 'read', arguments: {} });
  expect(call).toMatchObject({ is_error: true, result: { error: { code: 'payment_not_open' } } });
  expect(await settled(late)).toMatchObject({ state: 'VOIDED' });
});

test('a task that runs goes on over a cancel, and its outcome is a turn of its own', async () => {
  const chat = await chatThatAsks();
  await chat.use('connect_agent', { agent_id: counter });
  await chat.use('invoke_agent', { agent_id: counter, action: 'count', arguments: {} });
  await cancel(chat);
  expect(await chat.step()).toMatchObject({ kind: 'ended', turn: 1, outcome: 'cancelled' });
  await run(stage.activities.deliverTask, { taskId: await chat.lastTask() });
  expect(await chat.step([sends('3 words')])).toMatchObject({ kind: 'ended', turn: 2, outcome: 'answered' });
});

test('a message that no turn has taken up yet is cancelled before it begins, and the next one is answered', async () => {
  const chat = await chatThatAsks();
  await chat.say('and this?');
  await cancel(chat);
  expect(await chat.step()).toMatchObject({ kind: 'ended', turn: 1, outcome: 'cancelled' });
  expect(await chat.step([sends('yes')])).toMatchObject({ kind: 'ended', turn: 2, outcome: 'answered' });
});

test('a turn that has ended is not cancelled, nor is the next one in its place; a turn of nobody is not found', async () => {
  const chat = await chatThatAsks();
  await chat.step([sends('3 words')]);
  const [turn] = await chat.rows<{ id: string }>('select id from turns where session_id = $1', [
    chat.sessionId,
  ]);
  await chat.say('and this?');
  expect(await cancel(chat, turn?.id)).toBeNull();
  expect(await chat.step([sends('4 words')])).toMatchObject({ kind: 'ended', outcome: 'answered' });
  expect(await cancel(chat)).toBeNull();
  await expect(cancel(chat, `trn_${'x'.repeat(21)}`)).rejects.toMatchObject({ code: 'not_found' });
});

test('a cancel whose wake-up was lost is found in its row while the model speaks', async () => {
  const chat = await chatThatAsks();
  stage.model.next.push(async (_messages, options) => {
    const aborted = once(options.stop, 'abort');
    await chat.rows('update turns set cancelled_at = now() where session_id = $1', [chat.sessionId]);
    await aborted;
    return answer([text('It begins with')], 'cancelled');
  });
  expect(await chat.step()).toMatchObject({ kind: 'ended', outcome: 'cancelled' });
  expect(await chat.frames('AGENT_MESSAGE')).toMatchObject([{ content: 'It begins with', cancelled: true }]);
});

test('a cancel of the workflow is only a reason to look: a turn that works goes on, one that is cancelled ends', async () => {
  const chat = await chatThatAsks();
  const environment = new MockActivityEnvironment({ attempt: 1 }, QUIET);
  const asked = new ActivityCancellationDetails({ cancelRequested: true });
  stage.model.next.push(async (_messages, options) => {
    environment.cancel('CANCELLED', asked);
    await chat.rows('select 1');
    expect([options.signal.aborted, options.stop.aborted]).toEqual([false, false]);
    return sends('3 words');
  });
  const input = { sessionId: chat.sessionId, leaveWaits: false };
  expect(await environment.run(stage.activities.askModel, input)).toMatchObject({ outcome: 'answered' });

  await chat.say('and these?');
  const other = new MockActivityEnvironment({ attempt: 1 }, QUIET);
  stage.model.next.push(async (_messages, options) => {
    const stopped = once(options.stop, 'abort');
    await chat.rows('update turns set cancelled_at = now() where session_id = $1 and outcome is null', [
      chat.sessionId,
    ]);
    const from = performance.now();
    other.cancel('CANCELLED', asked);
    await stopped;
    expect(performance.now() - from).toBeLessThan(1_000);
    return answer([text('It begins with')], 'cancelled');
  });
  expect(await other.run(stage.activities.askModel, input)).toMatchObject({ outcome: 'cancelled' });
});
