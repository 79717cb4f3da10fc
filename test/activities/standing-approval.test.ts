import { run, setStage } from './stage';
import type { Stage } from './stage';
import { containing } from './test-chat';
import type { TestChat } from './test-chat';
import { OK } from './zoo';

let stage: Stage;
let agentId: string;
beforeAll(async () => {
  stage = await setStage();
  agentId = await stage.listAgent('Reader', stage.zoo.keep('reader', { invoke: OK }));
});
afterAll(() => stage.close());

const now = (): string => new Date().toISOString();
const pay = (action = 'read', amount = '0.05') => ({
  agent_id: agentId,
  action,
  amount_usdc: amount,
  reason: 'to read the text',
});

async function connected(money: Parameters<Stage['openChat']>[0]): Promise<TestChat> {
  const chat = await stage.openChat(money);
  await chat.say('read this');
  await chat.use('connect_agent', { agent_id: agentId });
  return chat;
}

const payment = async (chat: TestChat) =>
  (
    await chat.rows<{ state: string; decided_by: string | null; decided: boolean }>(
      'select state, decided_by, decided_at is not null as decided from payments where session_id = $1',
      [chat.sessionId],
    )
  )[0];

test('a price of at most the standing approval is decided at once, recorded as such, and not asked for', async () => {
  const chat = await connected({ autoApprove: '0.05' });
  expect(await chat.use('request_payment_confirmation', pay())).toMatchObject({ state: 'waiting' });
  expect(await payment(chat)).toEqual({ state: 'AUTHORIZING', decided_by: 'standing', decided: true });
  expect(await chat.frames('PAYMENT_REQUEST')).toEqual([]);
  const id = await chat.lastPayment();
  expect(stage.t.signals.filter(({ workflowId }) => workflowId === `payment/${id}`)).toMatchObject([
    { signal: 'paymentDecided', signalInput: { version: 1 } },
  ]);
});

test('what is approved beforehand is held, paid at capture and told as ever', async () => {
  const chat = await connected({ autoApprove: '1' });
  await chat.use('request_payment_confirmation', pay());
  const paymentId = await chat.lastPayment();
  await run(stage.activities.authorizePayment, { paymentId, asOf: now() });
  expect(await payment(chat)).toMatchObject({ state: 'HELD' });
  expect(await chat.frames('STATUS')).toContainEqual(
    expect.objectContaining({
      state: 'done',
      text: containing('Approved when you opened the chat: 0.05 USDC'),
    }),
  );
  await chat.use('invoke_agent', { agent_id: agentId, action: 'read', arguments: {} });
  await run(stage.activities.deliverTask, { taskId: await chat.lastTask() });
  await run(stage.activities.settlePayment, { paymentId, asOf: now() });
  expect(await chat.frames('PAYMENT_SUCCESSFUL')).toMatchObject([
    { payment_id: paymentId, amount_usdc: '0.05' },
  ]);
});

test.each([['0'], ['0.049999']])(
  'with %s approved beforehand a price of 0.05 is asked for',
  async (autoApprove) => {
    const chat = await connected({ autoApprove });
    await chat.use('request_payment_confirmation', pay());
    expect(await payment(chat)).toEqual({ state: 'AWAITING_APPROVAL', decided_by: null, decided: false });
    expect(await chat.frames('PAYMENT_REQUEST')).toHaveLength(1);
    await chat.decide(await chat.lastPayment(), true);
    expect(await payment(chat)).toEqual({ state: 'AUTHORIZING', decided_by: 'person', decided: true });
  },
);

test.each([
  { money: { budget: '0.04' }, code: 'budget_exceeded' },
  { money: { wallet: '0.04' }, code: 'insufficient_funds' },
])('a standing approval goes beyond neither budget nor wallet ($code)', async ({ money, code }) => {
  const chat = await connected({ ...money, autoApprove: '9' });
  expect(await chat.use('request_payment_confirmation', pay())).toMatchObject({
    is_error: true,
    result: { error: { code } },
  });
  expect(await payment(chat)).toBeUndefined();
});

test('many prices below the standing approval end at the budget, also side by side', async () => {
  const chat = await connected({ budget: '0.12', wallet: '5.00', autoApprove: '0.05' });
  const calls = await chat.propose(
    ...Array.from(
      { length: 4 },
      () =>
        ['request_payment_confirmation', pay()] as ['request_payment_confirmation', Record<string, unknown>],
    ),
  );
  await Promise.all(calls.map((id) => chat.runTool(id)));
  const rows = await chat.rows<{ state: string }>('select state from payments where session_id = $1', [
    chat.sessionId,
  ]);
  expect(rows).toEqual([{ state: 'AUTHORIZING' }, { state: 'AUTHORIZING' }]);
});

test('the model cannot pay less or more than the price by a standing approval', async () => {
  const chat = await connected({ autoApprove: '9' });
  expect(await chat.use('request_payment_confirmation', pay('read', '0.01'))).toMatchObject({
    is_error: true,
  });
  expect(await payment(chat)).toBeUndefined();
});

test('a no that comes after the standing yes is refused, a yes is answered as decided', async () => {
  const chat = await connected({ autoApprove: '0.05' });
  await chat.use('request_payment_confirmation', pay());
  const id = await chat.lastPayment();
  await expect(chat.decide(id, false)).rejects.toMatchObject({ code: 'payment_not_open' });
  expect((await chat.decide(id, true)).state).toBe('AUTHORIZING');
  expect(await payment(chat)).toMatchObject({ decided_by: 'standing' });
});
