import { wallet } from '../../db/ledger';
import { proveLedger } from '../../db/ledger-proof';
import { SYSTEM } from '../../domain/principal';
import { createTestApi } from './harness';
import type { TestApi } from './harness';
import { pay } from './payment';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi({ env: { MOORING_ADMIN_EMAILS: 'admin@example.test' } });
});
afterEach(async () => {
  expect(await api.t.db.withTx(SYSTEM, 'test', proveLedger)).toMatchObject({ problems: [] });
});
afterAll(() => api.stop());

let people = 0;
async function person() {
  people += 1;
  return api.signIn(`p${people}@example.test`);
}

/** Somebody has paid 1 USDC, of which the owner got 0.975 and the platform 0.025. */
async function paid() {
  const [payer, owner] = [await person(), await person()];
  const { id: sessionId } = await api.openSession(payer.token);
  const wish = { sessionId, userId: payer.userId, ownerId: owner.userId, amountMicros: 1_000_000n };
  const paymentId = await pay(api.t.db, wish);
  const refund = (body: object, token = owner.token) =>
    api.call(`/api/payments/${paymentId}/refund`, { method: 'POST', token, body });
  return { payer, owner, sessionId, paymentId, refund };
}

const purse = async (userId: string) =>
  (await api.t.db.withTx(SYSTEM, 'test', (tx) => wallet(tx, userId))).balanceMicros;
const earned = async (userId: string): Promise<bigint | undefined> =>
  (
    await api.t.db.withTx(SYSTEM, 'test', (tx) =>
      tx.query<{ posted: bigint }>('select posted_micros as posted from ledger_accounts where id = $1', [
        `owner/${userId}`,
      ]),
    )
  )[0]?.posted;

test('the owner of an agent gives all of it back, the platform its fee, and the same again is the same refund', async () => {
  const { payer, owner, sessionId, paymentId, refund } = await paid();
  const before = await purse(payer.userId);
  const wish = { id: 'r1', reason: 'the result was wrong' };
  const answer = { payment_id: paymentId, state: 'REFUNDED', amount_usdc: '1.00', refunded_usdc: '1.00' };
  expect(await refund(wish)).toMatchObject({ status: 200, body: answer });
  expect(await refund(wish)).toMatchObject({ status: 200, body: answer });
  expect(await purse(payer.userId)).toBe(before + 1_000_000n);
  expect(await earned(owner.userId)).toBe(0n);
  const { body } = await api.call(`/api/payments/${paymentId}`, { token: payer.token });
  expect(body).toMatchObject({
    state: 'REFUNDED',
    refunded_usdc: '1.00',
    events: [
      { state: 'AWAITING_APPROVAL' },
      { state: 'AUTHORIZING' },
      { state: 'HELD' },
      { state: 'CAPTURED' },
      { state: 'REFUNDED' },
    ],
    refunds: [{ amount_usdc: '1.00', reason: 'the result was wrong' }],
  });
  const { body: log } = await api.call(`/api/sessions/${sessionId}/events?after_seq=0`, {
    token: payer.token,
  });
  expect(log.events.filter(({ type }) => type === 'PAYMENT_REFUNDED')).toMatchObject([
    { data: { payment_id: paymentId, reason_code: 'refunded_by_owner', refunded_usdc: '1.00' } },
  ]);
  expect(await refund({ id: 'r2', reason: 'once more' })).toMatchObject({
    status: 409,
    body: { error: { code: 'payment_not_open', details: { state: 'REFUNDED' } } },
  });
});

test('parts of it come back up to what was paid, at whatever cuts of the fee', async () => {
  const { payer, owner, refund } = await paid();
  const before = await purse(payer.userId);
  for (const [id, amount] of [
    ['a', '0.333333'],
    ['b', '0.000001'],
    ['c', '0.4'],
  ]) {
    expect(await refund({ id, amount_usdc: amount, reason: 'a part' })).toMatchObject({
      status: 200,
      body: { state: 'CAPTURED', amount_usdc: id === 'c' ? '0.40' : amount },
    });
  }
  expect(await refund({ id: 'd', amount_usdc: '0.266667', reason: 'too much' })).toMatchObject({
    status: 409,
    body: { error: { code: 'amount_over_capture', details: { left_usdc: '0.266666' } } },
  });
  expect(await refund({ id: 'e', amount_usdc: '0.266666', reason: 'the rest' })).toMatchObject({
    body: { state: 'REFUNDED', refunded_usdc: '1.00' },
  });
  expect(await purse(payer.userId)).toBe(before + 1_000_000n);
  expect(await earned(owner.userId)).toBe(0n);
});

test('of twenty refunds at once no more comes back than was paid', async () => {
  const { payer, refund } = await paid();
  const before = await purse(payer.userId);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, at) => refund({ id: `r${at}`, amount_usdc: '0.3', reason: 'a part' })),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
  expect(new Set(answers.flatMap(({ body }) => body.error?.code ?? []))).toEqual(
    new Set(['amount_over_capture']),
  );
  expect(await purse(payer.userId)).toBe(before + 900_000n);
});

test('an owner who has less than that refunds nothing', async () => {
  const { payer, owner, refund } = await paid();
  const before = await purse(payer.userId);
  await api.t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query(
      `insert into ledger_transfers (key, phase, kind, debit_account, credit_account, amount_micros, owner_id)
       values ($1, 'single', 'withdrawal', $2, 'platform/outside', 900000, $3)`,
      [`withdrawal/${owner.userId}`, `owner/${owner.userId}`, owner.userId],
    ),
  );
  expect(await refund({ id: 'r1', reason: 'sorry' })).toMatchObject({
    status: 402,
    body: { error: { code: 'insufficient_funds' } },
  });
  expect(await purse(payer.userId)).toBe(before);
  expect(await refund({ id: 'r1', reason: 'sorry', amount_usdc: '0.05' })).toMatchObject({ status: 200 });
});

test('an admin refunds for the platform; the one who paid does not, and to anybody else there is no such payment', async () => {
  const { payer, paymentId, refund } = await paid();
  const [admin, stranger] = [await api.signIn('admin@example.test'), await person()];
  const wish = { id: 'r1', reason: 'a complaint' };
  expect(await refund(wish, payer.token)).toMatchObject({
    status: 403,
    body: { error: { code: 'forbidden' } },
  });
  expect(await refund(wish, stranger.token)).toMatchObject({
    status: 404,
    body: { error: { code: 'not_found' } },
  });
  expect(await api.call(`/api/payments/${paymentId}`, { token: stranger.token })).toMatchObject({
    status: 404,
  });
  expect(await api.call('/api/payments', { token: stranger.token })).toMatchObject({
    body: { payments: [] },
  });
  expect(await refund(wish, admin.token)).toMatchObject({ status: 200, body: { state: 'REFUNDED' } });
});

test.each<[string, object, string]>([
  ['seven decimals', { amount_usdc: '0.0000001' }, '400 invalid_request'],
  ['a negative amount', { amount_usdc: '-0.1' }, '400 invalid_request'],
  ['nothing', { amount_usdc: '0' }, '400 invalid_request'],
  ['2^63 millionths', { amount_usdc: '9223372036854.775808' }, '400 invalid_request'],
  ['an exponent', { amount_usdc: '1e3' }, '400 invalid_request'],
  ['another currency', { amount_usdc: '0.1 EUR' }, '400 invalid_request'],
  ['a number', { amount_usdc: 0.1 }, '400 invalid_request'],
  ['a field of its own', { currency: 'EUR' }, '400 invalid_request'],
  ['no reason', { reason: ' ' }, '400 invalid_request'],
  ['no id', { id: '' }, '400 invalid_request'],
  ['more than was paid', { amount_usdc: '1.000001' }, '409 amount_over_capture'],
])('a refund of %s is refused and moves nothing', async (_what, wrong, refusal) => {
  const { payer, refund } = await paid();
  const before = await purse(payer.userId);
  const answer = await refund({ id: 'r1', reason: 'why', ...wrong });
  expect(`${answer.status} ${answer.body.error.code}`).toBe(refusal);
  expect(await purse(payer.userId)).toBe(before);
});

test('what was paid at a network is not refunded in our books alone', async () => {
  const { payer, owner, paymentId, refund } = await paid();
  const before = await purse(payer.userId);
  await api.t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query(
      `insert into wallet_moves (key, payment_id, user_id, step, network, from_account, to_account, amount_micros, state, ended_at)
       values ('00000000-0000-4000-8000-000000000000', $1, $2, 'hold', 'ETH-SEPOLIA', 'a', 'b', 1, 'COMPLETE', now())`,
      [paymentId, payer.userId],
    ),
  );
  expect(await refund({ id: 'r1', reason: 'sorry' })).toMatchObject({
    status: 409,
    body: { error: { code: 'payment_not_open' } },
  });
  expect(await purse(payer.userId)).toBe(before);
  expect(await earned(owner.userId)).toBe(975_000n);
});

test('an id that was used for another refund is refused', async () => {
  const { refund } = await paid();
  await refund({ id: 'r1', amount_usdc: '0.1', reason: 'a part' });
  for (const other of [{ amount_usdc: '0.2' }, { reason: 'another' }]) {
    expect(await refund({ id: 'r1', amount_usdc: '0.1', reason: 'a part', ...other })).toMatchObject({
      status: 409,
      body: { error: { code: 'idempotency_conflict' } },
    });
  }
});

test('a person reads what they pay, newest first, page by page', async () => {
  const { payer, sessionId, owner } = await paid();
  for (let count = 0; count < 4; count += 1) {
    await pay(api.t.db, { sessionId, userId: payer.userId, ownerId: owner.userId });
  }
  interface Page {
    payments: { id: string; created_at: string }[];
    next_cursor: string | null;
  }
  const seen: Page['payments'] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page = cursor === '' ? '' : `&cursor=${cursor}`;
    const { body } = await api.call(`/api/payments?limit=2${page}`, { token: payer.token });
    const { payments, next_cursor: next } = body as unknown as Page;
    seen.push(...payments);
    cursor = next;
  }
  expect(seen).toHaveLength(5);
  expect(new Set(seen.map(({ id }) => id)).size).toBe(5);
  const times = seen.map(({ created_at: at }) => at);
  expect(times).toEqual([...times].sort().reverse());
  expect(await api.call('/api/payments?cursor=xyz', { token: payer.token })).toMatchObject({ status: 400 });
  expect(await api.call('/api/payments?state=PAID', { token: payer.token })).toMatchObject({ status: 400 });
});
