import { MooringError } from '../domain/errors';
import { formatUsdc } from '../domain/money';
import type { MicroUsdc } from '../domain/money';
import type { RefundState } from '../domain/payment';
import type { RefusalCode } from '../domain/wallet';
import { newId } from '../lib/ids';
import type { Tx } from './database';
import { appendFrames } from './events';
import { recordSignal } from './outbox';
import { lockPayment, setPaymentState, wakePayment } from './payments';
import type { Payment } from './payments';
import { feeOfRefund, holdRefund, postRefund, refundTransfers, voidRefund } from './refund-money';
import type { RefundMoney } from './refund-money';
import { networkOf, OWN_LEDGER } from './wallet-moves';

export interface Refund extends RefundMoney {
  paymentId: string;
  userId: string;
  refundedBy: string;
  reason: string;
  state: RefundState;
  wakeVersion: number;
}

const SELECT = `select id, payment_id as "paymentId", user_id as "userId", refunded_by as "refundedBy", reason, state,
    amount_micros as "amountMicros", fee_micros as "feeMicros", wake_version as "wakeVersion"
  from refunds`;

interface RefundWish {
  paymentId: string;
  /** the caller's own name for it */
  key: string;
  /** null: all that is left */
  amountMicros: MicroUsdc | null;
  reason: string;
  refundedBy: string;
  /** where the platform's wallets are now */
  network: string;
}

/**
 * Gives money of a captured payment back: as a whole, or parts that add up to no more than was captured. In our own ledger
 * at once; what was paid at a network is held, and moved there by a workflow. The same again under one key is the same
 * refund.
 */
export async function refundPayment(tx: Tx, wish: RefundWish): Promise<{ payment: Payment; refund: Refund }> {
  const payment = await lockPayment(tx, wish.paymentId);
  const before = await findRefund(tx, wish);
  if (before !== null) return { payment, refund: before };
  const captured = requireCaptured(payment);
  const network = await networkOf(tx, payment.id);
  if ((network ?? OWN_LEDGER) !== wish.network) {
    throw new MooringError(
      'payment_not_open',
      `This was paid at ${network ?? OWN_LEDGER}, where this platform has no wallets now.`,
    );
  }
  const refund = await insertRefund(tx, captured, wish);
  if (network === null) {
    await refundTransfers(tx, payment, refund);
    return { payment: await endDone(tx, payment, refund), refund: { ...refund, state: 'done' } };
  }
  await holdRefund(tx, payment, refund);
  recordSignal(tx, { ...workflowOf(refund), signal: null, signalInput: null });
  return { payment, refund };
}

function requireCaptured(payment: Payment): Payment & { capturedMicros: MicroUsdc } {
  const { state, capturedMicros } = payment;
  if (state === 'CAPTURED' && capturedMicros !== null) return { ...payment, capturedMicros };
  throw new MooringError('payment_not_open', `A payment that is ${state} is not refunded.`, {
    details: { state },
  });
}

/** The refund that has this key. Throws idempotency_conflict when that is another than this one. */
async function findRefund(tx: Tx, wish: RefundWish): Promise<Refund | null> {
  const [refund] = await tx.query<Refund>(`${SELECT} where payment_id = $1 and key = $2`, [
    wish.paymentId,
    wish.key,
  ]);
  if (refund === undefined) return null;
  const same =
    refund.reason === wish.reason &&
    refund.refundedBy === wish.refundedBy &&
    (wish.amountMicros ?? refund.amountMicros) === refund.amountMicros;
  if (!same) throw new MooringError('idempotency_conflict', 'This id was used for another refund.');
  return refund;
}

/** What is pending is given back as surely as what has come back: only the rest is left. */
async function insertRefund(
  tx: Tx,
  payment: Payment & { capturedMicros: MicroUsdc },
  wish: RefundWish,
): Promise<Refund> {
  const [given = { amountMicros: 0n, feeMicros: 0n }] = await tx.query<{
    amountMicros: MicroUsdc;
    feeMicros: MicroUsdc;
  }>(
    `select coalesce(sum(amount_micros), 0)::bigint as "amountMicros", coalesce(sum(fee_micros), 0)::bigint as "feeMicros"
       from refunds where payment_id = $1 and state <> 'failed'`,
    [payment.id],
  );
  const left = payment.capturedMicros - given.amountMicros;
  const amountMicros = wish.amountMicros ?? left;
  if (amountMicros > left || left === 0n) {
    throw new MooringError(
      'amount_over_capture',
      `Of what was paid ${formatUsdc(left)} USDC is left to refund.`,
      { details: { left_usdc: formatUsdc(left) } },
    );
  }
  const id = newId('rfd');
  const feeMicros = feeOfRefund(payment, given, amountMicros);
  await tx.query(
    `insert into refunds (id, payment_id, key, user_id, refunded_by, refunded_as, amount_micros, fee_micros, reason, state)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending')`,
    [
      ...[id, payment.id, wish.key, payment.userId, wish.refundedBy],
      wish.refundedBy === payment.agentOwnerId ? 'owner' : 'platform',
      ...[amountMicros, feeMicros, wish.reason],
    ],
  );
  return getRefund(tx, id);
}

const workflowOf = ({ id, userId }: Refund) => ({
  workflow: 'refund' as const,
  workflowId: `refund/${id}`,
  input: { refundId: id, userId },
});

async function getRefund(tx: Tx, id: string): Promise<Refund> {
  const [refund] = await tx.query<Refund>(`${SELECT} where id = $1`, [id]);
  if (refund === undefined) throw new MooringError('not_found', 'There is no such refund.');
  return refund;
}

/** A refund and its payment, under the lock of the payment: whoever changes one of them holds it. */
export async function lockRefund(tx: Tx, id: string): Promise<{ refund: Refund; payment: Payment }> {
  const { paymentId } = await getRefund(tx, id);
  const payment = await lockPayment(tx, paymentId);
  return { payment, refund: await getRefund(tx, id) };
}

/** All of it has moved at its network: what was held comes back to the person. */
export async function completeRefund(tx: Tx, payment: Payment, refund: Refund): Promise<Refund> {
  await postRefund(tx, payment, refund);
  await endDone(tx, payment, refund);
  return { ...refund, state: 'done' };
}

/** Nothing of it has moved, and nothing will: what was held is free again. */
export async function failRefund(
  tx: Tx,
  { payment, refund }: { payment: Payment; refund: Refund },
  failure: RefusalCode,
): Promise<Refund> {
  await voidRefund(tx, payment, refund);
  await tx.query(`update refunds set state = 'failed', failure = $2, ended_at = now() where id = $1`, [
    refund.id,
    failure,
  ]);
  return { ...refund, state: 'failed' };
}

async function endDone(tx: Tx, payment: Payment, refund: Refund): Promise<Payment> {
  const { id, userId, sessionId, turnId, agentOwnerId } = payment;
  const refundedMicros = payment.refundedMicros + refund.amountMicros;
  await tx.query(`update refunds set state = 'done', ended_at = now() where id = $1`, [refund.id]);
  const after = await moneyBack(tx, payment, refundedMicros);
  await appendFrames(tx, { id: sessionId, userId }, [
    {
      type: 'PAYMENT_REFUNDED',
      data: {
        payment_id: id,
        turn_id: turnId,
        state: after.state,
        amount_usdc: formatUsdc(refund.amountMicros),
        refunded_usdc: formatUsdc(refundedMicros),
        reason_code: refund.refundedBy === agentOwnerId ? 'refunded_by_owner' : 'refunded_by_platform',
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

/** Wakes whoever makes a move: the workflow of its refund, or of its payment. */
export async function wakeMover(
  tx: Tx,
  { paymentId, refundId }: { paymentId: string; refundId: string | null },
): Promise<void> {
  if (refundId === null) return wakePayment(tx, paymentId, 'walletMoved');
  const refund = await getRefund(tx, refundId);
  const [row] = await tx.query<{ version: number }>(
    `update refunds set wake_version = wake_version + 1, woken_at = now() where id = $1
     returning wake_version as version`,
    [refundId],
  );
  const version = row?.version ?? 0;
  recordSignal(tx, { ...workflowOf(refund), signal: 'walletMoved', signalInput: { version } });
}

export async function markRefundSeen(tx: Tx, refund: Refund): Promise<void> {
  await tx.query('update refunds set seen_version = $2 where id = $1 and seen_version < $2', [
    refund.id,
    refund.wakeVersion,
  ]);
}
