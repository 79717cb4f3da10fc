import type { Refund } from '../../db/refunds';
import { STAGE_SECRET } from '../activities/stage';
import { createTestApi } from '../api/harness';
import type { TestApi } from '../api/harness';
import { ENTITY_SECRET, PLACE } from './circle-desk';
import type { Asked } from './circle-payments';
import { setCircleRefunds } from './circle-refunds';
import type { CircleRefunds } from './circle-refunds';

let c: CircleRefunds;
let api: TestApi;
beforeAll(async () => {
  c = await setCircleRefunds();
  api = await createTestApi({
    deps: { db: c.stage.t.db, secret: STAGE_SECRET },
    env: {
      MOORING_WALLET: 'circle',
      MOORING_WALLET_RESEND_MS: '1',
      MOORING_CIRCLE_API_KEY: c.desk.access.apiKey,
      MOORING_CIRCLE_ENTITY_SECRET: ENTITY_SECRET,
      MOORING_CIRCLE_WALLET_SET: PLACE.walletSetId,
      MOORING_CIRCLE_TOKEN_ID: PLACE.tokenId,
      MOORING_CIRCLE_URL: c.desk.access.baseUrl,
      MOORING_ADMIN_EMAILS: 'eve@example.test,fay@example.test',
    },
  });
});
afterEach(() => c.mend());
afterAll(async () => {
  await api.stop();
  await c.close();
});

const newest = async ({ paymentId }: Asked): Promise<Refund> => {
  const [refund] = await c.inTx((tx) =>
    tx.query<Refund & Record<string, unknown>>(
      'select id from refunds where payment_id = $1 order by created_at desc limit 1',
      [paymentId],
    ),
  );
  if (refund === undefined) throw new Error('no refund');
  return refund;
};

test('the owner asks over REST, sees it pending, and done when it has moved; the person sees it too', async () => {
  const asked = await c.paid();
  const { token } = await api.signIn('owner@example.test');
  const path = `/api/payments/${asked.paymentId}`;
  const wish = { id: 'r1', amount_usdc: '0.02', reason: 'half of it was wrong' };
  const refund = () => api.call(`${path}/refund`, { token, body: wish });
  const read = async () => (await api.call(path, { token })).body as unknown;
  expect(await refund()).toMatchObject({
    status: 202,
    body: { state: 'CAPTURED', refund_state: 'pending', amount_usdc: '0.02', refunded_usdc: '0.00' },
  });
  expect(await refund()).toMatchObject({ status: 202, body: { refund_state: 'pending' } });
  const listed = async (from: string, by: string) =>
    (await api.call(from, { token: by })).body as unknown as { payments: unknown[] };
  const returning = { payments: [{ id: asked.paymentId, state: 'CAPTURED', returning_usdc: '0.02' }] };
  expect(await listed('/api/earnings/payments', token)).toMatchObject(returning);
  const [payer] = await c.inTx((tx) =>
    tx.query<{ email: string }>('select email from users where id = $1', [asked.chat.userId]),
  );
  const { token: payerToken } = await api.signIn(payer?.email ?? '');
  expect(await listed('/api/payments', payerToken)).toMatchObject(returning);
  expect(await read()).toMatchObject({
    refunded_usdc: '0.00',
    returning_usdc: '0.02',
    refunds: [{ amount_usdc: '0.02', state: 'pending', failure: null }],
  });
  expect(await c.untilOver(await newest(asked))).toBe('done');
  expect(await refund()).toMatchObject({
    status: 200,
    body: { refund_state: 'done', refunded_usdc: '0.02' },
  });
  expect(await read()).toMatchObject({
    ...{ refunded_usdc: '0.02', returning_usdc: '0.00' },
    refunds: [{ state: 'done' }],
  });
  expect(await listed('/api/earnings/payments', token)).toMatchObject({
    payments: [{ returning_usdc: '0.00' }],
  });
  await c.desk.ways({ end_in: 'FAILED' });
  expect(await api.call(`${path}/refund`, { token, body: { ...wish, id: 'r2' } })).toMatchObject({
    status: 202,
  });
  await c.untilOver(await newest(asked));
  expect(await read()).toMatchObject({
    refunded_usdc: '0.02',
    refunds: [{ state: 'done' }, { state: 'failed', failure: 'wallet_failed' }],
  });
});

test('what Circle tells of a refund wakes its workflow, and its payment is left alone', async () => {
  const asked = await c.paid();
  await c.desk.ways({ url: `${api.url}/api/wallet/notifications`, hold: true });
  const refund = await c.giveBack(asked);
  await c.desk.fault({ call: 'list-transactions', how: 503, when: 'before', times: 9 });
  await c.desk.fault({ call: 'transfer', how: 'cut', when: 'after' });
  await c.untilOver(refund, 2);
  while ((await c.desk.record()).transactions.at(-1)?.state !== 'COMPLETE') await Promise.resolve();
  const told = await c.desk.flush();
  expect(told.length).toBeGreaterThan(1);
  await c.desk.ways({ url: null, hold: false });
  const woken = c.stage.t.signals.filter(({ signal }) => signal === 'walletMoved');
  expect(woken.at(-1)).toMatchObject({ workflow: 'refund', workflowId: `refund/${refund.id}` });
  expect(woken.filter(({ workflowId }) => workflowId === `payment/${asked.paymentId}`)).toEqual([]);
  await c.desk.mend();
  expect(await c.untilOver(refund)).toBe('done');
  expect(await c.money(asked)).toMatchObject({ outside: '1.00', ledger: '1.00' });
});

test('two admins decide over REST what became of a refund', async () => {
  const asked = await c.paid();
  const refund = await c.giveBack(asked);
  await c.desk.fault({ call: 'transfer', how: 'cut', when: 'before' });
  await c.desk.fault({ call: 'list-transactions', how: 503, when: 'before', times: 99 });
  await c.untilOver(refund, 2);
  const [eve, fay] = [await api.signIn('eve@example.test'), await api.signIn('fay@example.test')];
  const path = '/api/admin/unknown-payments';
  const { text } = await api.call(path, { token: eve.token });
  expect((JSON.parse(text) as { payments: unknown[] }).payments).toMatchObject([
    {
      id: refund.id,
      payment_id: asked.paymentId,
      refund_id: refund.id,
      move: { step: 'refund', ref_id: `${asked.paymentId}/refund/${refund.id}` },
    },
  ]);
  const say = (token: string) =>
    api.call(`${path}/${refund.id}/decide`, {
      token,
      body: { ref_id: `${asked.paymentId}/refund/${refund.id}`, outcome: 'not_made', reason: 'not there' },
    });
  expect(await say(eve.token)).toMatchObject({ status: 200, body: { id: refund.id, counts: false } });
  expect(await say(fay.token)).toMatchObject({ status: 200, body: { counts: true } });
  expect(await c.untilOver(refund, 1)).toBe('failed');
});
