import { randomUUID } from 'node:crypto';
import { SYSTEM } from '../../domain/principal';
import { createTestApi } from './harness';
import type { TestApi } from './harness';
import { askToPay, pay } from './payment';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi({ env: { MOORING_RATE_LIMIT_SESSIONS: '1000' } });
});
afterAll(() => api.stop());

async function person() {
  const { token, userId } = await api.signIn(`p-${randomUUID()}@example.test`);
  const put = (path: string, body: unknown, method = 'PUT') =>
    api.call(`/api/wallet/${path}`, { method, token, body });
  return {
    userId,
    token,
    budgets: (body: unknown) => put('budgets', body),
    rule: (body: unknown) => put('rules', body, 'POST'),
    approve: (sessionId: string, paymentId: string) =>
      api.call(`/api/sessions/${sessionId}/responses`, {
        ...{ method: 'POST', token },
        body: { type: 'PAYMENT_RESPONSE', payment_id: paymentId, approved: true },
      }),
    /** a chat in which 0.05 USDC is asked for, or what it says */
    asked: async (wish: { ownerId?: string; agentId?: string; amountMicros?: bigint } = {}) => {
      const { id: sessionId } = await api.openSession(token);
      return { sessionId, paymentId: await askToPay(api.t.db, { sessionId, userId, ...wish }) };
    },
  };
}

const stateOf = async (paymentId: string) =>
  (
    await api.t.db.withTx(SYSTEM, 'test', (tx) =>
      tx.query<{ state: string; by: string | null; rule: string | null }>(
        'select state, decided_by as by, rule_id as rule from payments where id = $1',
        [paymentId],
      ),
    )
  )[0];

test('of fifty approvals at once over a budget that fits ten, ten are made, whichever chats they are of', async () => {
  const ann = await person();
  await ann.budgets({ day_usdc: '0.50', month_usdc: null });
  const asked = await Promise.all(Array.from({ length: 50 }, () => ann.asked()));
  const answers = await Promise.all(
    asked.map(({ sessionId, paymentId }) => ann.approve(sessionId, paymentId)),
  );
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(10);
  for (const { status, body } of answers) {
    if (status !== 202) {
      expect(body.error).toMatchObject({
        code: 'budget_exceeded',
        details: { budget: 'day', left_usdc: '0.00' },
      });
    }
  }
  expect(await api.call('/api/wallet/budgets', { token: ann.token })).toMatchObject({
    body: { day_usdc: '0.50', approved_day_usdc: '0.50', approved_month_usdc: '0.50' },
  });
});

test('a payment over the budget stays open, and is approved once the budget is raised', async () => {
  const ann = await person();
  await ann.budgets({ day_usdc: null, month_usdc: '0.049999' });
  const { sessionId, paymentId } = await ann.asked();
  expect(await ann.approve(sessionId, paymentId)).toMatchObject({
    status: 402,
    body: { error: { code: 'budget_exceeded', details: { budget: 'month', left_usdc: '0.049999' } } },
  });
  expect(await stateOf(paymentId)).toMatchObject({ state: 'AWAITING_APPROVAL' });
  await ann.budgets({ day_usdc: null, month_usdc: '0.05' });
  expect(await ann.approve(sessionId, paymentId)).toMatchObject({ status: 202 });
});

test('what was refunded, declined or has come back takes nothing of a budget', async () => {
  const [ann, owner] = [await person(), await person()];
  await ann.budgets({ day_usdc: '0.10', month_usdc: '0.10' });
  const { id: sessionId } = await api.openSession(ann.token);
  const paymentId = await pay(api.t.db, {
    sessionId,
    userId: ann.userId,
    ownerId: owner.userId,
    amountMicros: 100_000n,
  });
  const next = await ann.asked();
  expect(await ann.approve(next.sessionId, next.paymentId)).toMatchObject({ status: 402 });
  await api.call(`/api/payments/${paymentId}/refund`, {
    ...{ method: 'POST', token: owner.token },
    body: { id: 'r', amount_usdc: '0.05', reason: 'half of it' },
  });
  expect(await ann.approve(next.sessionId, next.paymentId)).toMatchObject({ status: 202 });
});

test('a rule approves what it covers in every chat, up to its day; the rest is asked for', async () => {
  const ann = await person();
  const { body: rule } = await ann.rule({ payment_usdc: '0.05', day_usdc: '0.12' });
  const paid = [];
  for (let count = 0; count < 3; count += 1) paid.push(await stateOf((await ann.asked()).paymentId));
  const { id } = rule as unknown as { id: string };
  expect(paid).toEqual([
    { state: 'AUTHORIZING', by: 'standing', rule: id },
    { state: 'AUTHORIZING', by: 'standing', rule: id },
    { state: 'AWAITING_APPROVAL', by: null, rule: null },
  ]);
  const dearer = await ann.asked({ amountMicros: 50_001n });
  expect(await stateOf(dearer.paymentId)).toMatchObject({ state: 'AWAITING_APPROVAL' });
});

test('of fifty payments at once that a rule covers, no more are approved than its day fits', async () => {
  const ann = await person();
  await ann.rule({ payment_usdc: '0.05', day_usdc: '0.50' });
  const asked = await Promise.all(Array.from({ length: 50 }, () => ann.asked()));
  const states = await Promise.all(asked.map(({ paymentId }) => stateOf(paymentId)));
  expect(states.filter((row) => row?.state === 'AUTHORIZING')).toHaveLength(10);
});

test('a rule for one agent covers no other, a revoked one nothing, and a budget is above all rules', async () => {
  const ann = await person();
  const [one, other] = [await ann.asked(), await ann.asked()];
  const agentOf = async (paymentId: string) =>
    (
      await api.t.db.withTx(SYSTEM, 'test', (tx) =>
        tx.query<{ agent: string }>('select agent_id as agent from payments where id = $1', [paymentId]),
      )
    )[0]?.agent ?? '';
  const [oneAgent, otherAgent] = [await agentOf(one.paymentId), await agentOf(other.paymentId)];
  const { body: rule } = await ann.rule({ agent_id: oneAgent, payment_usdc: '1' });
  const states = async (agentId: string) => stateOf((await ann.asked({ agentId })).paymentId);
  expect(await states(oneAgent)).toMatchObject({ state: 'AUTHORIZING' });
  expect(await states(otherAgent)).toMatchObject({ state: 'AWAITING_APPROVAL' });
  await ann.budgets({ day_usdc: '0.05', month_usdc: null });
  expect(await states(oneAgent)).toMatchObject({ state: 'AWAITING_APPROVAL' });
  await ann.budgets({ day_usdc: null, month_usdc: null });
  const { id } = rule as unknown as { id: string };
  const revoke = (token: string) => api.call(`/api/wallet/rules/${id}`, { method: 'DELETE', token });
  expect(await revoke((await person()).token)).toMatchObject({ status: 404 });
  expect(await revoke(ann.token)).toMatchObject({ status: 200 });
  expect(await revoke(ann.token)).toMatchObject({ status: 200 });
  expect(await states(oneAgent)).toMatchObject({ state: 'AWAITING_APPROVAL' });
  expect(await api.call('/api/wallet/rules', { token: ann.token })).toMatchObject({ body: { rules: [] } });
});

const AMOUNTS: [string, unknown][] = [
  ['seven decimals', '0.0000001'],
  ['a negative amount', '-1'],
  ['2^63 millionths', '9223372036854.775808'],
  ['an exponent', '1e3'],
  ['another currency', '1 EUR'],
  ['a number', 1],
  ['nothing at all', undefined],
];

test.each(AMOUNTS)('a budget of %s is refused and changes nothing', async (_what, amount) => {
  const ann = await person();
  await ann.budgets({ day_usdc: '1', month_usdc: '2' });
  expect(await ann.budgets({ day_usdc: amount, month_usdc: '9' })).toMatchObject({
    status: 400,
    body: { error: { code: 'invalid_request' } },
  });
  expect(await api.call('/api/wallet/budgets', { token: ann.token })).toMatchObject({
    body: { day_usdc: '1.00', month_usdc: '2.00' },
  });
});

test.each([...AMOUNTS, ['nothing', '0'] as [string, unknown]])(
  'a rule for payments of %s is refused',
  async (_what, amount) => {
    const ann = await person();
    expect(await ann.rule({ payment_usdc: amount })).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_request' } },
    });
    expect(await api.call('/api/wallet/rules', { token: ann.token })).toMatchObject({ body: { rules: [] } });
  },
);

test('a rule for an agent that is not there, for less a day than a payment, and a fifty-first rule are refused', async () => {
  const ann = await person();
  expect(await ann.rule({ payment_usdc: '1', agent_id: `agt_${'x'.repeat(21)}` })).toMatchObject({
    status: 404,
  });
  expect(await ann.rule({ payment_usdc: '1', agent_id: 'somebody' })).toMatchObject({ status: 400 });
  expect(await ann.rule({ payment_usdc: '1', day_usdc: '0.99' })).toMatchObject({ status: 400 });
  const made = await Promise.all(Array.from({ length: 53 }, () => ann.rule({ payment_usdc: '1' })));
  expect(made.filter(({ status }) => status === 201)).toHaveLength(50);
  expect(made.find(({ status }) => status === 409)).toMatchObject({
    body: { error: { code: 'too_many_rules' } },
  });
});

test('no person reads or uses the budgets and rules of another', async () => {
  const [ann, ben] = [await person(), await person()];
  await ann.budgets({ day_usdc: '1', month_usdc: '1' });
  await ann.rule({ payment_usdc: '1' });
  expect(await api.call('/api/wallet/budgets', { token: ben.token })).toMatchObject({
    body: { day_usdc: null, month_usdc: null },
  });
  expect(await stateOf((await ben.asked()).paymentId)).toMatchObject({ state: 'AWAITING_APPROVAL' });
});
