import type { Database, Tx } from '../db/database';
import { appendFrames } from '../db/events';
import { holdPayment } from '../db/payment-money';
import { lockPayment, markPaymentSeen, setPaymentState } from '../db/payments';
import type { Payment } from '../db/payments';
import { setPhase } from '../db/sessions';
import { answerToolCall, getToolCall } from '../db/tool-calls';
import type { ToolCall } from '../db/tool-calls';
import { sayStatus } from '../db/tool-status';
import { MooringError } from '../domain/errors';
import type { LogFrame } from '../domain/frames';
import { formatUsdc } from '../domain/money';
import { SYSTEM } from '../domain/principal';
import type { PaymentActivities, PaymentProgress } from '../domain/workflows';
import { activity } from './activity';
import { chatError } from './chat-error';
import { paymentFrame, progressOf } from './payment-words';
import { settle } from './settle-payment';

export function createPaymentActivities({ db }: { db: Database }): PaymentActivities {
  return {
    authorizePayment: activity('authorizePayment', ({ paymentId, asOf }) =>
      db.withTx(SYSTEM, 'payment.authorize', (tx) => authorize(tx, paymentId, asOf)),
    ),
    settlePayment: activity('settlePayment', ({ paymentId, asOf }) =>
      db.withTx(SYSTEM, 'payment.settle', (tx) => settle(tx, paymentId, asOf)),
    ),
  };
}

async function authorize(tx: Tx, paymentId: string, asOf: string): Promise<PaymentProgress> {
  const payment = await lockPayment(tx, paymentId);
  await markPaymentSeen(tx, payment);
  switch (payment.state) {
    case 'AWAITING_APPROVAL':
      // The row decides between an answer and the deadline: whoever locks it first.
      return payment.expiresAt <= asOf ? end(tx, payment, 'EXPIRED') : progressOf(payment);
    case 'AUTHORIZING':
      return payment.withdrawn === null ? holdFunds(tx, payment) : dropApproved(tx, payment);
    case 'DECLINED':
      await tellEnd(
        tx,
        payment,
        payment.withdrawn === 'offer_changed' ? END_WORDS.OFFER_CHANGED : END_WORDS.DECLINED,
      );
      return progressOf(payment);
    case 'HELD':
    case 'CAPTURED':
    case 'VOIDED':
    case 'RECLAIMED':
    case 'REFUNDED':
    case 'DISPUTED':
    case 'UNKNOWN':
    case 'EXPIRED':
    case 'FAILED':
      return progressOf(payment);
  }
}

/** It was withdrawn between the person's yes and the hold. */
async function dropApproved(tx: Tx, payment: Payment): Promise<PaymentProgress> {
  const failed = await setPaymentState(tx, payment, { to: 'FAILED' });
  const reason = payment.withdrawn ?? 'turn_cancelled';
  if (reason === 'offer_changed') {
    await tellEnd(tx, failed, END_WORDS.OFFER_CHANGED);
    return progressOf(failed);
  }
  await appendFrames(tx, { id: payment.sessionId, userId: payment.userId }, [
    paymentFrame('PAYMENT_FAILED', payment, { state: 'FAILED', reason }),
  ]);
  return progressOf(failed);
}

async function holdFunds(tx: Tx, payment: Payment): Promise<PaymentProgress> {
  try {
    await holdPayment(tx, payment);
  } catch (error) {
    if (!(error instanceof MooringError) || error.code !== 'insufficient_funds') throw error;
    return end(tx, payment, 'FAILED');
  }
  const held = await setPaymentState(tx, payment, { to: 'HELD' });
  const call = await getToolCall(tx, payment.toolCallId);
  await goOn(tx, call);
  await sayStatus(tx, call, {
    state: 'done',
    text: `${approvalOf(payment)} ${formatUsdc(payment.amountMicros)} USDC; it is held for ${payment.agentName}`,
    agent_id: payment.agentId,
    agent_name: payment.agentName,
  });
  await answerToolCall(tx, payment.toolCallId, {
    result: { status: 'held', payment_id: payment.id, amount_usdc: formatUsdc(payment.amountMicros) },
  });
  return progressOf(held);
}

function approvalOf({ decidedBy, ruleId }: Payment): string {
  if (decidedBy !== 'standing') return 'You approved';
  return ruleId === null ? 'Approved when you opened the chat:' : 'Approved by a rule of yours:';
}

/** The turn that waited for the answer works again; one that went on without it has moved on by itself. */
async function goOn(tx: Tx, call: ToolCall): Promise<void> {
  if (call.state === 'waiting') await setPhase(tx, call.sessionId, 'WORKING');
}

/** Ends an offer before any money has moved. */
async function end(tx: Tx, payment: Payment, state: 'EXPIRED' | 'FAILED'): Promise<PaymentProgress> {
  const ended = await setPaymentState(tx, payment, { to: state });
  await tellEnd(tx, ended, END_WORDS[state]);
  return progressOf(ended);
}

const END_WORDS = {
  DECLINED: { text: 'You declined; nothing was paid', reason: 'declined', status: 'declined' },
  EXPIRED: {
    text: 'The offer ended without an answer; nothing was paid',
    reason: 'expired',
    status: 'expired',
  },
  FAILED: {
    text: 'The wallet holds less than the price; nothing was paid',
    reason: 'insufficient_funds',
    status: 'refused',
  },
  OFFER_CHANGED: {
    text: 'The agent changed its terms before it was paid; nothing was paid',
    reason: 'offer_changed',
    status: 'void',
  },
} as const;

async function tellEnd(
  tx: Tx,
  payment: Payment,
  words: (typeof END_WORDS)[keyof typeof END_WORDS],
): Promise<void> {
  const { state } = payment;
  const call = await getToolCall(tx, payment.toolCallId);
  if (call.state === 'done') return;
  await goOn(tx, call);
  const frames: LogFrame[] = [paymentFrame('PAYMENT_FAILED', payment, { state, reason: words.reason })];
  if (words === END_WORDS.DECLINED)
    frames.push(chatError({ code: 'payment_declined', message: words.text, turnId: payment.turnId }));
  await appendFrames(tx, { id: payment.sessionId, userId: payment.userId }, frames);
  await sayStatus(tx, call, {
    state: 'failed',
    text: words.text,
    agent_id: payment.agentId,
    agent_name: payment.agentName,
  });
  await answerToolCall(tx, payment.toolCallId, {
    result: { status: words.status, payment_id: payment.id, reason: words.reason },
  });
}
