import { asUser, SYSTEM } from '../../domain/principal';
import { createTestApi } from './harness';
import type { TestApi } from './harness';
import { askToPay, pay } from './payment';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi({ env: { MOORING_PLATFORM_FEE_BPS: '250' } });
});
afterAll(() => api.stop());

interface Earnings {
  earned_usdc: string;
  held_usdc: string;
  jobs: { delivered: number; came_back: number };
  agents: { id: string; name: string; earned_usdc: string; price_usdc: string | null }[];
}

let people = 0;
const person = () => api.signIn(`earner${(people += 1)}@example.test`);
const read = async (token: string): Promise<Earnings> =>
  (await api.call('/api/earnings', { token })).body as unknown as Earnings;
const received = async (token: string, query = '') =>
  (await api.call(`/api/earnings/payments${query}`, { token })).body as unknown as {
    payments: { id: string; state: string }[];
    next_cursor: string | null;
  };
const query = (text: string, values: unknown[]) =>
  api.t.db.withTx(SYSTEM, 'test', (tx) => tx.query(text, values));

async function payerAndOwner() {
  const [payer, owner] = [await person(), await person()];
  const { id: sessionId } = await api.openSession(payer.token);
  return { payer, owner, who: { sessionId, userId: payer.userId, ownerId: owner.userId } };
}
const setState = async (paymentId: string, ...states: string[]): Promise<void> => {
  for (const state of states) await query('update payments set state = $2 where id = $1', [paymentId, state]);
};

test('who has no agent has earned nothing', async () => {
  const { token } = await person();
  expect(await read(token)).toEqual({
    month_since: expect.stringMatching(/^\d{4}-\d\d-01T00:00:00\.000Z$/) as string,
    ...{ earned_usdc: '0.00', balance_usdc: '0.00', fee_percent: '2.5' },
    ...{ held_usdc: '0.00', held_payments: 0, unknown_usdc: '0.00', unknown_payments: 0 },
    jobs: { delivered: 0, came_back: 0 },
    agents: [],
  });
  expect(await received(token)).toEqual({ payments: [], next_cursor: null });
});

test('earnings are what was captured after the fee, less what was refunded; what is held and unknown stands apart', async () => {
  const { owner, who } = await payerAndOwner();
  const paid = await pay(api.t.db, who);
  await api.call(`/api/payments/${paid}/refund`, {
    ...{ token: owner.token, body: { id: 'r', amount_usdc: '0.02', reason: 'why' } },
  });
  const [held, lost, back, asked] = [
    await askToPay(api.t.db, who),
    await askToPay(api.t.db, who),
    await askToPay(api.t.db, who),
    await askToPay(api.t.db, who),
  ];
  await setState(held, 'AUTHORIZING', 'HELD');
  await setState(lost, 'AUTHORIZING', 'UNKNOWN');
  await setState(back, 'AUTHORIZING', 'HELD', 'VOIDED');
  expect(await read(owner.token)).toMatchObject({
    // 0.05 less 2.5 %, less 0.02 and the fee of that
    earned_usdc: '0.02925',
    balance_usdc: '0.02925',
    ...{ held_usdc: '0.04875', held_payments: 1, unknown_usdc: '0.04875', unknown_payments: 1 },
    jobs: { delivered: 1, came_back: 1 },
  });
  const { payments } = await received(owner.token);
  expect(payments.map(({ id, state }) => [id, state])).toEqual([
    [back, 'VOIDED'],
    [lost, 'UNKNOWN'],
    [held, 'HELD'],
    [paid, 'CAPTURED'],
  ]);
  expect(payments.map(({ id }) => id)).not.toContain(asked);
  expect(payments.at(-1)).toEqual({
    ...{ id: paid, state: 'CAPTURED', agent_name: 'Text analyst', action: 'readability' },
    ...{ amount_usdc: '0.05', fee_usdc: '0.00125', captured_usdc: '0.05', refunded_usdc: '0.02' },
    returning_usdc: '0.00',
    agent_id: expect.any(String) as string,
    created_at: expect.any(String) as string,
  });
});

test('each agent has its own jobs, earnings and price', async () => {
  const { owner, who } = await payerAndOwner();
  await pay(api.t.db, who);
  await pay(api.t.db, { ...who, amountMicros: 1_000_000n });
  const before = await read(owner.token);
  const [first, second] = before.agents;
  await query(
    `update agents set name = 'Zebra', pricing_summary = '{"type": "per_action", "from_usdc": "0.05"}' where id = $1`,
    [first?.id],
  );
  const { agents, earned_usdc: sum } = await read(owner.token);
  expect(sum).toBe('1.02375');
  expect(agents).toEqual([
    expect.objectContaining({ id: second?.id, price_usdc: null, jobs: { delivered: 1, came_back: 0 } }),
    expect.objectContaining({ id: first?.id, name: 'Zebra', price_usdc: '0.05' }),
  ]);
  expect(agents.map(({ earned_usdc: amount }) => amount).sort()).toEqual(['0.04875', '0.975']);
});

test('what was earned before this month, and jobs of more than a week ago, are not of now', async () => {
  const { owner, who } = await payerAndOwner();
  const paid = await pay(api.t.db, who);
  await query(
    `insert into ledger_transfers (key, phase, kind, debit_account, credit_account, amount_micros, payment_id, owner_id, created_at)
     values ($1, 'single', 'capture', 'platform/outside', $2, 7000000, $3, $4, date_trunc('month', now(), 'UTC') - interval '1 second')`,
    [`test/${paid}`, `owner/${owner.userId}`, paid, owner.userId],
  );
  expect(await read(owner.token)).toMatchObject({ earned_usdc: '0.04875', balance_usdc: '7.04875' });
  await query(`update payments set created_at = now() - interval '8 days' where id = $1`, [paid]);
  expect((await read(owner.token)).jobs).toEqual({ delivered: 0, came_back: 0 });
});

test('earnings show nothing of others: not to who pays, not to another owner', async () => {
  const { payer, who } = await payerAndOwner();
  await pay(api.t.db, who);
  for (const { token } of [payer, await person()]) {
    expect(await read(token)).toMatchObject({ earned_usdc: '0.00', balance_usdc: '0.00', agents: [] });
    expect((await received(token)).payments).toEqual([]);
  }
});

test('an owner reads the payments to their agents, and changes none of them', async () => {
  const { owner, who } = await payerAndOwner();
  const paid = await pay(api.t.db, who);
  await api.t.db.withTx(asUser(owner.userId), 'test', async (tx) => {
    expect(await tx.query('select 1 from payments where id = $1', [paid])).toHaveLength(1);
    expect(
      await tx.query('update payments set refunded_micros = 0 where id = $1 returning id', [paid]),
    ).toEqual([]);
  });
  expect((await api.call('/api/payments', { token: owner.token })).body).toMatchObject({ payments: [] });
});

test('an owner who reads a payment does not answer for who pays it: to their chats there is none', async () => {
  const { owner, who } = await payerAndOwner();
  const asked = await askToPay(api.t.db, who);
  const { id: sessionId } = await api.openSession(owner.token);
  const answer = await api.call(`/api/sessions/${sessionId}/responses`, {
    token: owner.token,
    body: { type: 'PAYMENT_RESPONSE', approved: true, payment_id: asked },
  });
  expect(answer).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
  await api.t.db.withTx(SYSTEM, 'test', async (tx) => {
    expect(await tx.query('select state from payments where id = $1', [asked])).toEqual([
      { state: 'AWAITING_APPROVAL' },
    ]);
  });
});

test('pages of what was received miss nothing and hold nothing twice', async () => {
  const { owner, who } = await payerAndOwner();
  for (let count = 0; count < 5; count += 1) await setState(await askToPay(api.t.db, who), 'AUTHORIZING');
  const whole = (await received(owner.token)).payments;
  expect(whole).toHaveLength(5);
  const seen: unknown[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page = await received(owner.token, `?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
    seen.push(...page.payments);
    cursor = page.next_cursor;
  }
  expect(seen).toEqual(whole);
});

test.each(['?cursor=x', '?limit=0', '?limit=101', '?state=HELD', '?limit=1e2x'])(
  'what was received, asked for by %s, is refused',
  async (bad) => {
    const { token } = await person();
    expect(await api.call(`/api/earnings/payments${bad}`, { token })).toMatchObject({ status: 400 });
  },
);

test('earnings are for who says who they are', async () => {
  expect((await api.call('/api/earnings')).status).toBe(401);
  expect((await api.call('/api/earnings/payments')).status).toBe(401);
});
