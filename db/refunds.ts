import { MooringError } from '../domain/errors';
import { formatUsdc } from '../domain/money';
import type { MicroUsdc } from '../domain/money';
import type { Tx } from './database';
import { appendFrames } from './events';
import { refundTransfers } from './payment-money';
import { lockPayment, setPaymentState } from './payments';
import type { Payment } from './payments';

export interface Refund {
  payment: Payment;
  amountMicros: MicroUsdc;
}

interface RefundWish {
  paymentId: string;
  /** the caller's own name for it */
  key: string;
  /** null: all that is left */
  amountMicros: MicroUsdc | null;
  reason: string;
  by: { userId: string; as: 'owner' | 'platform' };
}

/**
 * Gives money of a captured payment back: as a whole, or parts that add up to no more than was captured. The same again
 * under one key is the same refund.
 */
export async function refundPayment(tx: Tx, wish: RefundWish): Promise<Refund> {
  const payment = await lockPayment(tx, wish.paymentId);
  const before = await findRefund(tx, wish);
  if (before !== null) return { payment, amountMicros: sameRefund(before, wish) };
  await requireOwnLedger(tx, payment);
  const { capturedMicros } = payment;
  if (payment.state !== 'CAPTURED' || capturedMicros === null) {
    throw new MooringError('payment_not_open', `A payment that is ${payment.state} is not refunded.`, {
      details: { state: payment.state },
    });
  }
  const left = capturedMicros - payment.refundedMicros;
  const amountMicros = wish.amountMicros ?? left;
  if (amountMicros > left) {
    throw new MooringError(
      'amount_over_capture',
      `Of what was paid ${formatUsdc(left)} USDC is left to refund.`,
      { details: { left_usdc: formatUsdc(left) } },
    );
  }
  await refundTransfers(tx, { ...payment, capturedMicros }, { key: wish.key, amountMicros });
  return { payment: await recordRefund(tx, payment, { ...wish, amountMicros }), amountMicros };
}

/** What was paid at a network is there, and not in our ledger alone: nothing is given back that has not moved there. */
async function requireOwnLedger(tx: Tx, { id }: Payment): Promise<void> {
  const moves = await tx.query('select from wallet_moves where payment_id = $1 limit 1', [id]);
  if (moves.length === 0) return;
  throw new MooringError(
    'payment_not_open',
    'This was paid at a network, where Mooring makes no refunds yet: send it back there by hand.',
  );
}

interface Known {
  amountMicros: MicroUsdc;
  reason: string;
  refundedBy: string;
}

async function findRefund(tx: Tx, { paymentId, key }: RefundWish): Promise<Known | null> {
  const [row] = await tx.query<Known>(
    `select amount_micros as "amountMicros", reason, refunded_by as "refundedBy" from refunds
      where payment_id = $1 and key = $2`,
    [paymentId, key],
  );
  return row ?? null;
}

function sameRefund(before: Known, wish: RefundWish): MicroUsdc {
  const same =
    before.reason === wish.reason &&
    before.refundedBy === wish.by.userId &&
    (wish.amountMicros ?? before.amountMicros) === before.amountMicros;
  if (!same) throw new MooringError('idempotency_conflict', 'This id was used for another refund.');
  return before.amountMicros;
}

async function recordRefund(
  tx: Tx,
  payment: Payment,
  { key, amountMicros, reason, by }: RefundWish & { amountMicros: MicroUsdc },
): Promise<Payment> {
  const { id, userId, sessionId, turnId } = payment;
  const refundedMicros = payment.refundedMicros + amountMicros;
  await tx.query(
    `insert into refunds (payment_id, key, user_id, refunded_by, amount_micros, reason) values ($1, $2, $3, $4, $5, $6)`,
    [id, key, userId, by.userId, amountMicros, reason],
  );
  const after = await moneyBack(tx, payment, refundedMicros);
  await appendFrames(tx, { id: sessionId, userId }, [
    {
      type: 'PAYMENT_REFUNDED',
      data: {
        payment_id: id,
        turn_id: turnId,
        state: after.state,
        amount_usdc: formatUsdc(amountMicros),
        refunded_usdc: formatUsdc(refundedMicros),
        reason_code: by.as === 'owner' ? 'refunded_by_owner' : 'refunded_by_platform',
      },
    },
  ]);
  return after;
}

/** The state changes when all of it has come back. */
async function moneyBack(tx: Tx, payment: Payment, refundedMicros: MicroUsdc): Promise<Payment> {
  if (refundedMicros === payment.capturedMicros)
    return setPaymentState(tx, payment, { to: 'REFUNDED', refundedMicros });
  await tx.query('update payments set refunded_micros = $2 where id = $1', [payment.id, refundedMicros]);
  return { ...payment, refundedMicros };
}
