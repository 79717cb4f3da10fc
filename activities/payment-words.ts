import type { Tx } from '../db/database';
import { appendFrames, lastPending } from '../db/events';
import { setPaymentState } from '../db/payments';
import type { Payment } from '../db/payments';
import { getToolCall } from '../db/tool-calls';
import { sayStatus } from '../db/tool-status';
import type { LogFrame, PendingData } from '../domain/frames';
import { formatUsdc } from '../domain/money';
import type { PaymentState } from '../domain/payment';
import type { PaymentProgress } from '../domain/workflows';
import type { Awaited } from './wallets/payment-moves';

/** What a transaction has made of a payment, or of a refund: where it is, and the move of money that holds it up. */
export interface Step<P = PaymentProgress> {
  progress: P;
  awaited: Awaited | null;
}

const progressOf = (payment: Payment): PaymentProgress => ({
  state: payment.state,
  seen: payment.wakeVersion,
  captureDeadline: payment.captureDeadline,
});

export const at = (payment: Payment, awaited: Awaited | null = null): Step => ({
  progress: progressOf(payment),
  awaited,
});

/**
 * A move holds the payment up. When nobody knows whether it was made, or it was refused after money was held, the payment
 * says so and stays so until that is found out; it says so again when the network refuses it, or another move is what it
 * waits for.
 */
export async function stall(tx: Tx, payment: Payment, awaited: Awaited): Promise<Step> {
  if (payment.state === 'UNKNOWN') {
    if (!(await isTold(tx, payment, awaited))) await tellPending(tx, payment, awaited);
    return at(payment, awaited);
  }
  if (awaited.kind === 'pending') return at(payment, awaited);
  const unknown = await setPaymentState(tx, payment, { to: 'UNKNOWN' });
  await tellPending(tx, payment, awaited);
  const call = await getToolCall(tx, payment.toolCallId);
  if (call.state !== 'done') {
    const amount = formatUsdc(payment.amountMicros);
    await sayStatus(tx, call, {
      state: 'now',
      text: `We do not know yet whether ${amount} USDC was held for ${payment.agentName}. It stays held; no second payment can start`,
      agent_id: payment.agentId,
      agent_name: payment.agentName,
    });
  }
  return at(unknown, awaited);
}

async function isTold(tx: Tx, { id, sessionId }: Payment, { step, kind }: Awaited): Promise<boolean> {
  const told = await lastPending(tx, { sessionId, paymentId: id });
  return told?.step === step && told.refused === (kind === 'refused');
}

async function tellPending(tx: Tx, payment: Payment, { step, kind, amountMicros }: Awaited): Promise<void> {
  const move = { step, refused: kind === 'refused', move_usdc: formatUsdc(amountMicros) };
  await appendFrames(tx, { id: payment.sessionId, userId: payment.userId }, [
    pendingFrame(payment, { state: 'UNKNOWN', ...move }),
  ]);
}

export const paymentFrame = (
  type: 'PAYMENT_FAILED' | 'PAYMENT_RELEASED',
  payment: Payment,
  { state, reason }: { state: PaymentState; reason: string },
): LogFrame => ({
  type,
  data: {
    payment_id: payment.id,
    turn_id: payment.turnId,
    state,
    amount_usdc: formatUsdc(payment.amountMicros),
    reason_code: reason,
  },
});

type PendingWords = Pick<PendingData, 'state' | 'step' | 'refused' | 'move_usdc'>;

export const pendingFrame = (payment: Payment, words: PendingWords): LogFrame => ({
  type: 'PAYMENT_PENDING',
  data: {
    payment_id: payment.id,
    turn_id: payment.turnId,
    ...words,
    amount_usdc: formatUsdc(payment.amountMicros),
    agent_id: payment.agentId,
    agent_name: payment.agentName,
  },
});
