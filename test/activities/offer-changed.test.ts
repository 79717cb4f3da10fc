import { wallet } from '../../db/ledger';
import { SYSTEM } from '../../domain/principal';
import { run, setStage } from './stage';
import type { Stage } from './stage';
import type { TestChat } from './test-chat';
import { sends } from './test-chat';
import { ACTIONS, json } from './zoo';

let stage: Stage;
let agents = 0;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage.close());

const now = (): string => new Date().toISOString();
const authorize = (paymentId: string) => run(stage.activities.authorizePayment, { paymentId, asOf: now() });

/** An agent that asks 0.05 USDC the first time it is connected to, and `later` from then on. */
async function asked(later: object) {
  agents += 1;
  const name = `changer-${agents}`;
  const offers = [{ message: 'I read texts.', actions: ACTIONS }, later];
  const url = stage.zoo.keep(name, { capabilities: (res, n) => json(offers[n === 1 ? 0 : 1])(res, n) });
  const agentId = await stage.listAgent(name, url);
  const chat = await stage.openChat({ wallet: '1.00' });
  await chat.say('read this');
  return { chat, agentId, ...(await chat.askToPay(agentId)) };
}

const DEARER = {
  message: 'I read texts.',
  actions: ACTIONS.map((action) => (action.name === 'read' ? { ...action, price: '0.06' } : action)),
};

/** The turn goes on without the answer, and a later one connects to the agent again. */
async function connectAgain({ chat, agentId }: { chat: TestChat; agentId: string }): Promise<void> {
  await chat.step([sends('Approve it when you like.')], true);
  await chat.say('and now?');
  await chat.use('connect_agent', { agent_id: agentId });
}

const row = async (chat: TestChat, paymentId: string) =>
  (await chat.rows('select state, withdrawn from payments where id = $1', [paymentId]))[0];
const purse = ({ userId }: TestChat) => stage.t.db.withTx(SYSTEM, 'test', (tx) => wallet(tx, userId));

test('what was asked for at a price that has changed can not be approved any more', async () => {
  const { chat, agentId, paymentId } = await asked(DEARER);
  await connectAgain({ chat, agentId });
  expect(await row(chat, paymentId)).toEqual({ state: 'DECLINED', withdrawn: 'offer_changed' });
  await expect(chat.decide(paymentId, true)).rejects.toMatchObject({ code: 'payment_not_open' });
  await authorize(paymentId);
  expect(await chat.frames('PAYMENT_FAILED')).toMatchObject([
    { payment_id: paymentId, reason_code: 'offer_changed' },
  ]);
  expect(await chat.frames('ERROR')).toEqual([]);
  expect(await purse(chat)).toEqual({ balanceMicros: 1_000_000n, heldMicros: 0n });
});

test('an approval that is not held yet when the terms change holds nothing', async () => {
  const { chat, agentId, paymentId } = await asked(DEARER);
  await chat.decide(paymentId, true);
  await connectAgain({ chat, agentId });
  expect((await authorize(paymentId)).state).toBe('FAILED');
  expect(await chat.frames('PAYMENT_FAILED')).toMatchObject([{ reason_code: 'offer_changed' }]);
  expect(await purse(chat)).toEqual({ balanceMicros: 1_000_000n, heldMicros: 0n });
});

test('what is held on old terms for no task comes back, and pays for nothing on the new ones', async () => {
  const { chat, agentId, paymentId } = await asked(DEARER);
  await chat.decide(paymentId, true);
  await authorize(paymentId);
  await connectAgain({ chat, agentId });
  expect(await chat.use('invoke_agent', { agent_id: agentId, action: 'read', arguments: {} })).toMatchObject({
    is_error: true,
  });
  const settled = await run(stage.activities.settlePayment, { paymentId, asOf: now() });
  expect(settled.state).toBe('VOIDED');
  expect(await chat.frames('PAYMENT_RELEASED')).toMatchObject([{ reason_code: 'offer_changed' }]);
  expect(await purse(chat)).toEqual({ balanceMicros: 1_000_000n, heldMicros: 0n });
});

test('an agent that is connected to again on the same terms changes nothing', async () => {
  const { chat, agentId, paymentId } = await asked({ message: 'I read texts.', actions: ACTIONS });
  await connectAgain({ chat, agentId });
  expect((await chat.decide(paymentId, true)).state).toBe('AUTHORIZING');
});
