import { lockPayment, setPaymentState } from '../../db/payments';
import { SYSTEM } from '../../domain/principal';
import { createTestApi } from './harness';
import type { TestApi } from './harness';
import { askToPay, giveWork, holdMoney, pay } from './payment';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.stop());

let people = 0;
const person = () => api.signIn(`w${(people += 1)}@example.test`);
async function payer() {
  const [ann, owner] = [await person(), await person()];
  const { id: sessionId } = await api.openSession(ann.token);
  const asked = { sessionId, userId: ann.userId, ownerId: owner.userId };
  const see = async (path: string, token = ann.token) => (await api.call(path, { token })).body;
  return { ann, owner, asked, see };
}
/** What a driver does that has no clear answer. */
const lose = (paymentId: string): Promise<unknown> =>
  api.t.db.withTx(SYSTEM, 'test', async (tx) =>
    setPaymentState(tx, await lockPayment(tx, paymentId), { to: 'UNKNOWN' }),
  );

test('a wallet tells what is held by what it waits for, and of which payments nothing is known', async () => {
  const { asked, see } = await payer();
  await askToPay(api.t.db, asked);
  await holdMoney(api.t.db, asked);
  const lost = await holdMoney(api.t.db, { ...asked, amountMicros: 400_000n });
  await lose(lost);
  expect(await see('/api/wallet')).toEqual({
    balance_usdc: '4.55',
    held_usdc: '0.45',
    held: { waiting_usdc: '0.00', working_usdc: '0.05', unknown_usdc: '0.40' },
    unknown: [
      {
        ...{ payment_id: lost, agent_name: 'Text analyst', action: 'readability', amount_usdc: '0.40' },
        ...{ step: null, move_usdc: null, refused: false, since: expect.any(String) as string },
      },
    ],
  });
});

test('what waits for the person to confirm a task is told apart', async () => {
  const { asked, see } = await payer();
  const paymentId = await holdMoney(api.t.db, asked);
  await giveWork(api.t.db, { ...asked, paymentId }, 'R2');
  expect(await see('/api/wallet')).toMatchObject({
    held_usdc: '0.05',
    held: { waiting_usdc: '0.05', working_usdc: '0.00', unknown_usdc: '0.00' },
  });
  expect(await see(`/api/payments/${paymentId}`)).toMatchObject({
    state: 'HELD',
    task_status: 'waiting_human_confirm',
  });
});

test('what was approved in a day and in a month is paid, held or not known, and the parts sum to it', async () => {
  const { asked, see } = await payer();
  await pay(api.t.db, asked);
  await holdMoney(api.t.db, { ...asked, amountMicros: 200_000n });
  await lose(await holdMoney(api.t.db, { ...asked, amountMicros: 400_000n }));
  const parts = { paid_usdc: '0.05', held_usdc: '0.20', unknown_usdc: '0.40' };
  expect(await see('/api/wallet/budgets')).toEqual({
    ...{ day_usdc: null, month_usdc: null, approved_day_usdc: '0.65', approved_month_usdc: '0.65' },
    ...{ day: parts, month: parts },
  });
});

test('a payment tells its payer, the owner of the agent and the platform apart, and what each may give back', async () => {
  const { ann, owner, asked, see } = await payer();
  const paymentId = await pay(api.t.db, asked);
  const path = `/api/payments/${paymentId}`;
  expect(await see(path)).toMatchObject({ side: 'payer', refundable_usdc: null, unknown: null });
  expect(await see(path, owner.token)).toMatchObject({ side: 'owner', refundable_usdc: '0.05' });
  const body = { id: 'r', amount_usdc: '0.02', reason: 'one word was wrong' };
  await api.call(`${path}/refund`, { method: 'POST', token: owner.token, body });
  expect(await see(path, owner.token)).toMatchObject({ refundable_usdc: '0.03' });
  expect(await api.call(path, { token: (await person()).token })).toMatchObject({ status: 404 });
  const lost = await holdMoney(api.t.db, asked);
  await lose(lost);
  expect(await see(`/api/payments/${lost}`, ann.token)).toMatchObject({
    state: 'UNKNOWN',
    refundable_usdc: null,
    unknown: { step: null, move_usdc: null, refused: false, since: expect.any(String) as string },
  });
});

test('a rule tells the name of its agent', async () => {
  const { ann, asked, see } = await payer();
  const paymentId = await askToPay(api.t.db, asked);
  const { agent_id: agentId } = (await see(`/api/payments/${paymentId}`)) as { agent_id?: string };
  const add = (body: object) => api.call('/api/wallet/rules', { method: 'POST', token: ann.token, body });
  const rule = { agent_name: 'Text analyst', payment_usdc: '0.01', day_usdc: '0.10' };
  expect(await add({ agent_id: agentId, payment_usdc: '0.01', day_usdc: '0.10' })).toMatchObject({
    status: 201,
    body: rule,
  });
  await add({ payment_usdc: '0.02' });
  expect(await see('/api/wallet/rules')).toMatchObject({
    rules: [rule, { agent_id: null, agent_name: null, payment_usdc: '0.02', day_usdc: null }],
  });
});
