import type { Database, Tx } from '../db/database';
import { appendFrames } from '../db/events';
import { escrowAccount, hold, openAccounts, ownerAccount, resolveHold, userAccount } from '../db/ledger';
import type { Outcome } from '../db/ledger';
import { lockPayment, markPaymentSeen, setPaymentState, taskOfPayment } from '../db/payments';
import type { Payment } from '../db/payments';
import { setPhase } from '../db/sessions';
import { answerToolCall, getToolCall } from '../db/tool-calls';
import type { ToolCall } from '../db/tool-calls';
import { sayStatus } from '../db/tool-status';
import { MooringError } from '../domain/errors';
import type { LogFrame } from '../domain/frames';
import { formatUsdc } from '../domain/money';
import type { PaymentState } from '../domain/payment';
import { SYSTEM } from '../domain/principal';
import { isTerminal } from '../domain/task';
import type { PaymentActivities, PaymentProgress } from '../domain/workflows';
import { activity } from './activity';
import { chatError } from './chat-error';

// Until a task that is still running has ended, its hold stays; looked at again after its own deadline.
const AFTER_TASK_MS = 60_000;

const holdKey = (payment: Payment): string => `payment/${payment.id}/hold`;

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
      await tellEnd(tx, payment, 'DECLINED');
      return progressOf(payment);
    case 'HELD':
    case 'CAPTURED':
    case 'VOIDED':
    case 'EXPIRED':
    case 'FAILED':
      return progressOf(payment);
  }
}

/** It was withdrawn between the person's yes and the hold. */
async function dropApproved(tx: Tx, payment: Payment): Promise<PaymentProgress> {
  await setPaymentState(tx, payment, 'FAILED');
  const reason = payment.withdrawn ?? 'turn_cancelled';
  await appendFrames(tx, { id: payment.sessionId, userId: payment.userId }, [
    paymentFrame('PAYMENT_FAILED', payment, { state: 'FAILED', reason }),
  ]);
  return progressOf({ ...payment, state: 'FAILED' });
}

const progressOf = (payment: Payment): PaymentProgress => ({
  state: payment.state,
  seen: payment.wakeVersion,
  captureDeadline: payment.captureDeadline,
});

async function holdFunds(tx: Tx, payment: Payment): Promise<PaymentProgress> {
  const { userId, agentOwnerId } = payment;
  openAccounts(tx, [
    { id: escrowAccount(userId), kind: 'escrow', ownerId: userId },
    { id: ownerAccount(agentOwnerId), kind: 'owner', ownerId: agentOwnerId },
  ]);
  try {
    await hold(tx, {
      key: holdKey(payment),
      kind: 'hold',
      debit: userAccount(userId),
      credit: escrowAccount(userId),
      amountMicros: payment.amountMicros,
      ownerId: userId,
      paymentId: payment.id,
    });
  } catch (error) {
    if (!(error instanceof MooringError) || error.code !== 'insufficient_funds') throw error;
    return end(tx, payment, 'FAILED');
  }
  await setPaymentState(tx, payment, 'HELD');
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
  return progressOf({ ...payment, state: 'HELD' });
}

const approvalOf = ({ decidedBy }: Payment): string =>
  decidedBy === 'standing' ? 'Approved when you opened the chat:' : 'You approved';

/** The turn that waited for the answer works again; one that went on without it has moved on by itself. */
async function goOn(tx: Tx, call: ToolCall): Promise<void> {
  if (call.state === 'waiting') await setPhase(tx, call.sessionId, 'WORKING');
}

/** Ends an offer before any money has moved. */
async function end(tx: Tx, payment: Payment, state: 'EXPIRED' | 'FAILED'): Promise<PaymentProgress> {
  await setPaymentState(tx, payment, state);
  await tellEnd(tx, payment, state);
  return progressOf({ ...payment, state });
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
} as const;

async function tellEnd(tx: Tx, payment: Payment, state: keyof typeof END_WORDS): Promise<void> {
  const call = await getToolCall(tx, payment.toolCallId);
  if (call.state === 'done') return;
  const words = END_WORDS[state];
  await goOn(tx, call);
  const frames: LogFrame[] = [paymentFrame('PAYMENT_FAILED', payment, { state, reason: words.reason })];
  if (state === 'DECLINED')
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

const paymentFrame = (
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

/** All of the hold, and on to the owner. */
const captureOf = ({ id, amountMicros, agentOwnerId }: Payment): Outcome => ({
  phase: 'posted',
  amountMicros,
  onward: [
    {
      key: `payment/${id}/paid`,
      kind: 'capture',
      credit: ownerAccount(agentOwnerId),
      amountMicros,
      ownerId: agentOwnerId,
    },
  ],
});

/** Money follows the fact of the task: completed captures, any other end gives back; no task by the deadline too. */
async function settle(tx: Tx, paymentId: string, asOf: string): Promise<PaymentProgress> {
  const payment = await lockPayment(tx, paymentId);
  await markPaymentSeen(tx, payment);
  if (payment.state !== 'HELD') return progressOf(payment);
  const task = await taskOfPayment(tx, payment.id);
  if (task !== null && !isTerminal(task.status)) {
    const end = Math.max(Date.parse(task.expiresAt), Date.parse(asOf));
    const later = new Date(end + AFTER_TASK_MS).toISOString();
    return { ...progressOf(payment), captureDeadline: later };
  }
  if (task === null && payment.withdrawn === null && payment.captureDeadline > asOf)
    return progressOf(payment);
  const captured = task?.status === 'completed';
  await resolveHold(tx, {
    holdKey: holdKey(payment),
    ...(captured
      ? { key: `payment/${payment.id}/capture`, outcome: captureOf(payment) }
      : { key: `payment/${payment.id}/void`, outcome: { phase: 'voided' } }),
  });
  await setPaymentState(tx, payment, captured ? 'CAPTURED' : 'VOIDED');
  const frame: LogFrame = captured
    ? {
        type: 'PAYMENT_SUCCESSFUL',
        data: {
          payment_id: payment.id,
          turn_id: payment.turnId,
          amount_usdc: formatUsdc(payment.amountMicros),
          agent_id: payment.agentId,
          agent_name: payment.agentName,
        },
      }
    : paymentFrame('PAYMENT_RELEASED', payment, {
        state: 'VOIDED',
        reason: task === null ? (payment.withdrawn ?? 'unused') : `task_${task.status}`,
      });
  await appendFrames(tx, { id: payment.sessionId, userId: payment.userId }, [frame]);
  return progressOf({ ...payment, state: captured ? 'CAPTURED' : 'VOIDED' });
}
