import { captureMoves, holdMoves } from '../../activities/wallets/payment-moves';
import { capturePayment } from '../../db/payment-money';
import { lockPayment, setPaymentState } from '../../db/payments';
import { completeRefund, failRefund, lockRefund, refundPayment } from '../../db/refunds';
import { lockMove, recordMove, recordOutcome } from '../../db/wallet-moves';
import { SYSTEM } from '../../domain/principal';
import type { MoveOutcome, WalletMove } from '../../domain/wallet';
import type { Tx } from '../../db/database';
import { holdMoney } from '../api/payment';
import { examine } from '../web/examine';
import type { ViewName } from '../web/examine';
import { visitStage } from '../web/stage-visit';

// What was paid at a network, as people see it while money moves there, and when the network says no.
jest.setTimeout(180_000);
const visit = visitStage();
const NETWORK = 'circle/BASE-SEPOLIA';
const EVERY: ViewName[] = ['light', 'dark', 'narrow'];

const inTx = <T>(fn: (tx: Tx) => Promise<T>): Promise<T> => visit.stage.api.t.db.withTx(SYSTEM, 'test', fn);

async function move(tx: Tx, one: WalletMove | undefined, outcome: MoveOutcome): Promise<void> {
  if (one === undefined) throw new Error('no move');
  await recordMove(tx, NETWORK, one);
  await recordOutcome(tx, await lockMove(tx, one.key), outcome);
}
const done = (one: WalletMove | undefined): MoveOutcome => ({
  kind: 'done',
  reference: `at ${one?.key ?? ''}`,
});

let people = 0;
/** Money held at a network: 0.40 USDC for an agent. */
async function held() {
  const { api } = visit.stage;
  const [email, owner] = [`fresh-${(people += 1)}@example.org`, `keeper-${people}@example.org`];
  const { token, userId } = await api.signIn(email);
  const { userId: ownerId } = await api.signIn(owner);
  const { id: sessionId } = await api.openSession(token);
  const paymentId = await holdMoney(api.t.db, { sessionId, userId, ownerId, amountMicros: 400_000n });
  await inTx(async (tx) => {
    const [hold] = holdMoves(await lockPayment(tx, paymentId));
    await move(tx, hold, done(hold));
  });
  return { email, owner, ownerId, paymentId, path: `/wallet/payments/${paymentId}` };
}

async function returning() {
  const one = await held();
  const { paymentId, ownerId } = one;
  const refund = await inTx(async (tx) => {
    const payment = await lockPayment(tx, paymentId);
    await capturePayment(tx, payment, payment.amountMicros);
    await setPaymentState(tx, payment, { to: 'CAPTURED', capturedMicros: payment.amountMicros });
    const wish = { paymentId, key: 'first', amountMicros: 100_000n, reason: 'one page was missing' };
    return (await refundPayment(tx, { ...wish, refundedBy: ownerId, network: NETWORK })).refund;
  });
  return { ...one, refundId: refund.id };
}

test('a refund that moves at a network is followed on the page of its payment until it has come back', async () => {
  const { email, path, refundId } = await returning();
  const { page, complaints } = await visit.open(path, { as: email });
  await page.getByText('0.10 USDC is on its way back').waitFor();
  await examine(page, { state: 'refund-pending', views: EVERY });
  await inTx(async (tx) => {
    const { payment, refund } = await lockRefund(tx, refundId);
    await completeRefund(tx, payment, refund);
  });
  await page.getByText('0.10 USDC was refunded').waitFor();
  await page.getByText('Nothing more moves by itself.', { exact: false }).waitFor();
  expect(complaints).toEqual([]);
});

test('one that failed says why, where the money is and who can try again, and the owner is offered it again', async () => {
  const { email, owner, path, refundId } = await returning();
  const seen = await visit.open(path, { as: owner });
  await seen.page.getByText('0.30 USDC of it is left.', { exact: false }).waitFor();
  const statement = await visit.open('/earnings/statement', { as: owner });
  await statement.page.getByText('Held, to be refunded').waitFor();
  await examine(statement.page, { state: 'statement-refund-held', views: EVERY });
  await inTx(async (tx) => failRefund(tx, await lockRefund(tx, refundId), 'wallet_denied'));
  await seen.page.getByText('0.40 USDC of it is left.', { exact: false }).waitFor();
  await seen.page.getByText('the amount is yours again', { exact: false }).first().waitFor();
  await examine(seen.page, { state: 'refund-failed-owner', views: EVERY });
  const payer = await visit.open(path, { as: email });
  await payer.page.getByText('who can refund it again.', { exact: false }).first().waitFor();
  await examine(payer.page, { state: 'refund-failed', views: EVERY });
  await statement.page.reload();
  await statement.page.getByText('Yours again, not refunded').waitFor();
});

test('a transfer that the network refused is told as refused, to who pays and to admins', async () => {
  const { email, path, paymentId } = await held();
  await inTx(async (tx) => {
    const payment = await lockPayment(tx, paymentId);
    const whole = { paidMicros: payment.amountMicros, feeMicros: payment.feeMicros };
    const [capture] = captureMoves(payment, whole);
    const refused = {
      kind: 'refused',
      state: 'DENIED',
      reference: `no ${paymentId}`,
      code: 'wallet_denied',
    } as const;
    await move(tx, capture, refused);
    await setPaymentState(tx, payment, { to: 'UNKNOWN' });
  });
  const { page } = await visit.open(path, { as: email });
  await page.getByText('People make the refused transfer by hand').waitFor();
  await examine(page, { state: 'payment-refused', views: EVERY });
  const wallet = await visit.open('/wallet', { as: email });
  await wallet.page.getByText('The network said no to the transfer', { exact: false }).waitFor();
  const admin = await visit.open('/ops/unknown-payments', { as: 'operator@example.org' });
  await admin.page.getByText('Make it there by hand', { exact: false }).waitFor();
  await examine(admin.page, { state: 'unknown-refused', views: EVERY });
});
