import { getPayment, setPaymentState } from '../../db/payments';
import { withdrawPayments } from '../../db/withdraw-payments';
import type { PaymentState } from '../../domain/payment';
import { SYSTEM } from '../../domain/principal';
import { STAGE_SECRET } from '../activities/stage';
import { createTestApi } from '../api/harness';
import type { TestApi } from '../api/harness';
import { askToPay, pay } from '../api/payment';
import { setCirclePayments } from '../wallets/circle-payments';
import { auditOf } from './read';
import type { Told } from './read';

let api: TestApi;
let ann: { userId: string; token: string };
beforeAll(async () => {
  api = await createTestApi({ env: { MOORING_ADMIN_EMAILS: 'operator@example.org' } });
  ann = await api.signIn('ann@example.test');
});
afterAll(() => api.stop());

const told = (act: () => Promise<unknown>): Promise<Told[]> => auditOf(api.t, act);
const openSession = async () => (await api.openSession(ann.token)).id;

const asked = async () => {
  const sessionId = await openSession();
  return { sessionId, paymentId: await askToPay(api.t.db, { sessionId, userId: ann.userId }) };
};

test('from the approval to the refund each change of a payment is told once, and who refunds as what', async () => {
  const owner = await api.signIn('owner@example.test');
  const admin = await api.signIn('operator@example.org');
  const sessionId = await openSession();
  let paymentId = '';
  const paid = await told(async () => {
    paymentId = await pay(api.t.db, { sessionId, userId: ann.userId, ownerId: owner.userId });
  });
  const system = { subjectId: paymentId, actor: 'system system' };
  expect(paid.filter(({ action }) => action !== 'agent.registered')).toMatchObject([
    {
      action: 'payment.approved',
      subjectId: paymentId,
      actor: `user ${ann.userId}`,
      details: { amount_micros: '50000', fee_micros: '1250', offer_hash: 'hash', decided_by: 'person' },
    },
    { ...system, action: 'payment.held' },
    { ...system, action: 'payment.captured', details: { captured_micros: '50000' } },
  ]);
  const refund = (token: string, body: object) => () =>
    api.call(`/api/payments/${paymentId}/refund`, { token, body });
  expect(await told(refund(owner.token, { id: 'a', amount_usdc: '0.02', reason: 'a word' }))).toMatchObject([
    {
      action: 'refund.decided',
      actor: `user ${owner.userId}`,
      details: { amount_micros: '20000', as: 'owner' },
    },
    { action: 'refund.done', actor: `user ${owner.userId}` },
  ]);
  const rest = await told(refund(admin.token, { id: 'b', reason: 'the rest' }));
  expect(rest).toMatchObject([
    { action: 'refund.decided', actor: `admin ${admin.userId}`, details: { as: 'platform' } },
    { action: 'refund.done', actor: `user ${admin.userId}` },
    { action: 'payment.refunded', actor: `user ${admin.userId}` },
  ]);
  expect(await told(refund(admin.token, { id: 'b', reason: 'the rest' }))).toEqual([]);
});

test.each<[PaymentState, string]>([
  ['DECLINED', 'payment.declined'],
  ['EXPIRED', 'payment.expired'],
  ['AUTHORIZING', 'payment.approved'],
  ['FAILED', 'payment.failed'],
  ['UNKNOWN', 'payment.unknown'],
  ['HELD', 'payment.held'],
  ['VOIDED', 'payment.voided'],
  ['RECLAIMED', 'payment.reclaimed'],
  ['CAPTURED', 'payment.captured'],
  ['DISPUTED', 'payment.disputed'],
])('a payment that becomes %s is told once', async (to, action) => {
  const { paymentId } = await asked();
  const way: Partial<Record<PaymentState, PaymentState[]>> = {
    FAILED: ['AUTHORIZING'],
    UNKNOWN: ['AUTHORIZING'],
    HELD: ['AUTHORIZING'],
    VOIDED: ['AUTHORIZING', 'HELD'],
    RECLAIMED: ['AUTHORIZING', 'HELD'],
    CAPTURED: ['AUTHORIZING', 'HELD'],
    DISPUTED: ['AUTHORIZING', 'HELD', 'CAPTURED'],
  };
  const move = (state: PaymentState) =>
    api.t.db.withTx(SYSTEM, 'test', async (tx) => {
      const payment = await getPayment(tx, paymentId);
      const capturedMicros = state === 'CAPTURED' ? payment.amountMicros : payment.capturedMicros;
      return setPaymentState(tx, payment, { to: state, capturedMicros });
    });
  for (const state of way[to] ?? []) await move(state);
  expect(await told(() => move(to))).toMatchObject([
    { action, subjectId: paymentId, actor: 'system system' },
  ]);
});

test('a no of the person is theirs, with the request that it came by', async () => {
  const { sessionId, paymentId } = await asked();
  const no = () =>
    api.call(`/api/sessions/${sessionId}/responses`, {
      token: ann.token,
      body: { type: 'PAYMENT_RESPONSE', payment_id: paymentId, approved: false },
      headers: { 'x-request-id': 'a-request' },
    });
  expect(await told(no)).toMatchObject([
    {
      action: 'payment.declined',
      subjectId: paymentId,
      actor: `user ${ann.userId}`,
      details: { from: 'AWAITING_APPROVAL' },
    },
  ]);
  const [row] = await api.t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query<{ by: string }>('select request_id as by from audit_log order by id desc limit 1'),
  );
  expect(row?.by).toBe('a-request');
});

test('a payment that was taken back is told with why, and as nobody’s no', async () => {
  const { sessionId, paymentId } = await asked();
  const withdrawn = await told(() =>
    api.t.db.withTx(SYSTEM, 'test', (tx) =>
      withdrawPayments(tx, { sessionId, turnId: null, reason: 'session_closed' }),
    ),
  );
  expect(withdrawn).toMatchObject([
    { action: 'payment.declined', subjectId: paymentId, details: { withdrawn: 'session_closed' } },
  ]);
  expect(withdrawn[0]?.details).not.toHaveProperty('decided_by');
});

test('at a network of wallets what has ended is told, and who decides by hand as an admin', async () => {
  const circle = await setCirclePayments();
  const { t } = circle.stage;
  try {
    const asked = await circle.approved();
    await circle.desk.fault({ call: 'transfer', how: 'cut', when: 'before' });
    await circle.desk.fault({ call: 'list-transactions', how: 503, when: 'before', times: 99 });
    await circle.until(asked, 'UNKNOWN');
    const [move] = await t.db.withTx(SYSTEM, 'test', (tx) =>
      tx.query<{ key: string }>('select key from wallet_moves where payment_id = $1', [asked.paymentId]),
    );
    const desk = await createTestApi({
      deps: { db: t.db, secret: STAGE_SECRET },
      env: { MOORING_ADMIN_EMAILS: 'eve@example.test,fay@example.test', MOORING_WALLET_RESEND_MS: '1' },
    });
    const says = (token: string) => () =>
      desk.call(`/api/admin/unknown-payments/${asked.paymentId}/decide`, {
        token,
        body: { ref_id: `${asked.paymentId}/hold`, outcome: 'not_made', reason: 'not in the console' },
      });
    const [eve, fay] = [await desk.signIn('eve@example.test'), await desk.signIn('fay@example.test')];
    const judged = { action: 'move.judged', subjectId: move?.key, details: { outcome: 'not_made' } };
    expect(await auditOf(t, says(eve.token))).toMatchObject([{ ...judged, actor: `admin ${eve.userId}` }]);
    expect(await auditOf(t, says(fay.token))).toMatchObject([
      { ...judged, actor: `admin ${fay.userId}` },
      { action: 'move.decided', subjectId: move?.key, actor: `admin ${fay.userId}` },
    ]);
    await circle.mend();
    const other = await circle.approved();
    const moved = await auditOf(t, () => circle.until(other, 'HELD'));
    expect(moved.map(({ action }) => action).filter((action) => action !== 'wallet.opened')).toEqual([
      'move.ended',
      'payment.held',
    ]);
    expect(moved.find(({ action }) => action === 'move.ended')).toMatchObject({
      details: {
        payment_id: other.paymentId,
        step: 'hold',
        state: 'COMPLETE',
        reference: expect.any(String) as string,
      },
    });
    const opened = await t.db.withTx(SYSTEM, 'test', (tx) =>
      tx.query(`select 1 from audit_log where action = 'wallet.opened'`),
    );
    const wallets = await t.db.withTx(SYSTEM, 'test', (tx) => tx.query('select 1 from wallets'));
    expect(opened).toHaveLength(wallets.length);
    await desk.stop();
  } finally {
    await circle.close();
  }
});
