import { MooringError } from '../domain/errors';
import type { LogFrame, PaymentRequestData } from '../domain/frames';
import { formatUsdc } from '../domain/money';
import type { MicroUsdc } from '../domain/money';
import { PAYMENT_EDGES } from '../domain/payment';
import type { PaymentState } from '../domain/payment';
import type { TaskStatus } from '../domain/task';
import { newId } from '../lib/ids';
import { requireBudget } from './budgets';
import type { Tx } from './database';
import { appendFrames } from './events';
import { recordSignal } from './outbox';
import { refuseWhileUnknown } from './second-payments';
import { getSession, lockSession, setPhase } from './sessions';
import { findStanding } from './standing-rules';

/** Why a request was taken back, or what was held is to come back. */
export type WithdrawReason = 'turn_cancelled' | 'session_closed' | 'offer_changed';

export interface Payment {
  id: string;
  userId: string;
  sessionId: string;
  turnId: string;
  toolCallId: string;
  agentId: string;
  agentName: string;
  agentOwnerId: string;
  action: string;
  amountMicros: MicroUsdc;
  /** the platform's part of the amount */
  feeMicros: MicroUsdc;
  /** null: nothing */
  capturedMicros: MicroUsdc | null;
  refundedMicros: MicroUsdc;
  offerHash: string;
  state: PaymentState;
  decidedBy: 'person' | 'standing' | null;
  /** the standing rule that decided; null: another way */
  ruleId: string | null;
  expiresAt: string;
  captureDeadline: string;
  wakeVersion: number;
  seenVersion: number;
  createdAt: string;
  /** a turn was cancelled, or its chat closed: nothing is to come of it */
  withdrawn: WithdrawReason | null;
}

export const PAYMENT_SELECT = `select p.id, p.user_id as "userId", p.session_id as "sessionId", p.turn_id as "turnId",
    p.tool_call_id as "toolCallId", p.agent_id as "agentId", p.agent_name as "agentName",
    p.agent_owner_id as "agentOwnerId", p.action, p.amount_micros as "amountMicros", p.fee_micros as "feeMicros",
    p.captured_micros as "capturedMicros", p.refunded_micros as "refundedMicros", p.offer_hash as "offerHash", p.state,
    p.decided_by as "decidedBy", p.rule_id as "ruleId", p.expires_at as "expiresAt",
    p.capture_deadline as "captureDeadline", p.wake_version as "wakeVersion", p.seen_version as "seenVersion",
    p.created_at as "createdAt", p.withdrawn
  from payments p`;

/**
 * Asks a person to pay: the row, its prompt in the log, and the workflow that waits for the answer. What the person has
 * approved beforehand, when they opened the chat, is decided here and not asked.
 */
export async function requestPayment(
  tx: Tx,
  wish: {
    userId: string;
    sessionId: string;
    turnId: string;
    toolCallId: string;
    agent: { id: string; name: string; ownerId: string };
    action: string;
    reason: string;
    amountMicros: MicroUsdc;
    feeMicros: MicroUsdc;
    /** of the locked session */
    autoApproveMicros: MicroUsdc;
    offerHash: string;
    deadlineMs: number;
    captureDeadlineMs: number;
    network: string;
  },
): Promise<Payment> {
  const id = newId('pay');
  await tx.query(
    `insert into payments (id, user_id, session_id, turn_id, tool_call_id, agent_id, agent_name, agent_owner_id,
                           action, amount_micros, fee_micros, offer_hash, state, expires_at, capture_deadline)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'AWAITING_APPROVAL',
             now() + $13 * interval '1 millisecond', now() + ($13 + $14::double precision) * interval '1 millisecond')
     on conflict (tool_call_id) do nothing`,
    [
      id,
      wish.userId,
      wish.sessionId,
      wish.turnId,
      wish.toolCallId,
      wish.agent.id,
      wish.agent.name,
      wish.agent.ownerId,
      wish.action,
      wish.amountMicros,
      wish.feeMicros,
      wish.offerHash,
      wish.deadlineMs,
      wish.captureDeadlineMs,
    ],
  );
  const [payment] = await tx.query<Payment>(`${PAYMENT_SELECT} where p.tool_call_id = $1`, [wish.toolCallId]);
  if (payment === undefined) throw new Error('no payment was stored');
  if (payment.id !== id) return payment;
  const standing = await findStanding(tx, { ...payment, autoApproveMicros: wish.autoApproveMicros });
  if (standing !== null) return decide(tx, payment, { approved: true, by: 'standing', ...standing });
  await setPhase(tx, wish.sessionId, 'AWAITING_PAYMENT');
  await appendFrames(tx, { id: wish.sessionId, userId: wish.userId }, [
    { type: 'PAYMENT_REQUEST', data: promptOf(payment, { description: wish.reason, network: wish.network }) },
  ]);
  recordSignal(tx, { ...workflowOf(payment), signal: null, signalInput: null });
  return payment;
}

const workflowOf = (payment: Payment) => ({
  workflow: 'payment' as const,
  workflowId: `payment/${payment.id}`,
  input: { paymentId: payment.id, userId: payment.userId, expiresAt: payment.expiresAt },
});

function promptOf(
  payment: Payment,
  { description, network }: { description: string; network: string },
): PaymentRequestData {
  return {
    payment_id: payment.id,
    turn_id: payment.turnId,
    amount_usdc: formatUsdc(payment.amountMicros),
    fee_usdc: formatUsdc(payment.feeMicros),
    agent_id: payment.agentId,
    agent_name: payment.agentName,
    action: payment.action,
    description,
    expires_at: payment.expiresAt,
    capture_deadline: payment.captureDeadline,
    network,
    refund_policy:
      'Held when you approve, paid when the work is done; all of it comes back if it fails. Afterwards the agent’s owner can refund it.',
  };
}

export async function getPayment(tx: Tx, id: string): Promise<Payment> {
  return found((await tx.query<Payment>(`${PAYMENT_SELECT} where p.id = $1`, [id]))[0]);
}

/** Locks the session, then the payment, in the order all transactions keep. With a session, only a payment of it is there. */
export async function lockPayment(tx: Tx, id: string, ofSession?: string): Promise<Payment> {
  const { sessionId } = await getPayment(tx, id);
  if (ofSession !== undefined && sessionId !== ofSession) return found(undefined);
  await lockSession(tx, sessionId);
  return found((await tx.query<Payment>(`${PAYMENT_SELECT} where p.id = $1 for no key update`, [id]))[0]);
}

function found(payment: Payment | undefined): Payment {
  if (payment === undefined) throw new MooringError('not_found', 'There is no such payment.');
  return payment;
}

/** The payment that may pay this action now: held, bound to the offer, not yet spent by a task. */
export async function findHeldPayment(
  tx: Tx,
  wish: { sessionId: string; agentId: string; action: string; offerHash: string },
): Promise<Payment | null> {
  const rows = await tx.query<Payment>(
    `${PAYMENT_SELECT} where p.session_id = $1 and p.agent_id = $2 and p.action = $3 and p.offer_hash = $4 and p.state = 'HELD'
        and p.withdrawn is null and not exists (select from tasks t where t.payment_id = p.id)
        and not exists (select from wallet_moves m where m.payment_id = p.id and m.step <> 'hold')
      order by p.created_at limit 1 for no key update`,
    [wish.sessionId, wish.agentId, wish.action, wish.offerHash],
  );
  return rows[0] ?? null;
}

/** Moves a locked payment along a legal edge; at CAPTURED with what was paid, at REFUNDED with what came back. */
export async function setPaymentState(
  tx: Tx,
  payment: Payment,
  {
    to,
    capturedMicros = payment.capturedMicros,
    refundedMicros = payment.refundedMicros,
  }: { to: PaymentState; capturedMicros?: MicroUsdc | null; refundedMicros?: MicroUsdc },
): Promise<Payment> {
  requireEdge(payment, to);
  await tx.query('update payments set state = $2, captured_micros = $3, refunded_micros = $4 where id = $1', [
    payment.id,
    to,
    capturedMicros,
    refundedMicros,
  ]);
  return { ...payment, state: to, capturedMicros, refundedMicros };
}

/** Nobody has answered it, and nobody is to. In one statement: the audit log tells of the new state, and why. */
export async function withdrawPayment(tx: Tx, payment: Payment, reason: WithdrawReason): Promise<void> {
  requireEdge(payment, 'DECLINED');
  await tx.query(`update payments set state = 'DECLINED', decided_at = now(), withdrawn = $2 where id = $1`, [
    payment.id,
    reason,
  ]);
}

function requireEdge({ state }: Payment, to: PaymentState): void {
  if (PAYMENT_EDGES[state].includes(to)) return;
  throw new MooringError('payment_not_open', `A payment that is ${state} cannot become ${to}.`, {
    details: { state },
  });
}

/** Wakes the payment's workflow: somebody decided, or its task has ended. */
export async function wakePayment(
  tx: Tx,
  paymentId: string,
  signal: 'paymentDecided' | 'taskEnded' | 'abandoned' | 'walletMoved',
): Promise<void> {
  const payment = await getPayment(tx, paymentId);
  const [row] = await tx.query<{ version: number }>(
    `update payments set wake_version = wake_version + 1, woken_at = now() where id = $1
     returning wake_version as version`,
    [paymentId],
  );
  if (row === undefined) throw new MooringError('not_found', 'There is no such payment.');
  recordSignal(tx, { ...workflowOf(payment), signal, signalInput: { version: row.version } });
}

export async function markPaymentSeen(tx: Tx, payment: Payment): Promise<void> {
  await tx.query('update payments set seen_version = $2 where id = $1 and seen_version < $2', [
    payment.id,
    payment.wakeVersion,
  ]);
}

/** The payments of a session that a person can still answer, oldest first, as they were asked for. */
export async function openPaymentRequests(
  tx: Tx,
  sessionId: string,
): Promise<Extract<LogFrame, { type: 'PAYMENT_REQUEST' }>[]> {
  return tx.query(
    `select e.type, e.data from payments p
       join session_events e on e.session_id = p.session_id and e.type = 'PAYMENT_REQUEST'
                            and e.data->>'payment_id' = p.id
      where p.session_id = $1 and p.state = 'AWAITING_APPROVAL' and p.expires_at > now()
      order by e.seq`,
    [sessionId],
  );
}

/** A person's answer is a fact; the row lock decides between it and the deadline. Asked twice, it says the same. */
export async function decidePayment(
  tx: Tx,
  { sessionId, paymentId, approved }: { sessionId: string; paymentId: string; approved: boolean },
): Promise<Payment> {
  const payment = await lockPayment(tx, paymentId, sessionId);
  const { phase } = await getSession(tx, sessionId);
  if (phase === 'CLOSED') throw new MooringError('session_closed', 'This chat is closed.');
  if (payment.state !== 'AWAITING_APPROVAL') {
    const before = payment.state !== 'DECLINED' && payment.state !== 'EXPIRED';
    if (payment.state !== 'EXPIRED' && before === approved) return payment;
    throw new MooringError(
      'payment_not_open',
      `This payment is ${payment.state} and takes no other answer.`,
      {
        details: { state: payment.state },
      },
    );
  }
  const [row] = await tx.query<{ open: boolean }>(
    'select expires_at > now() as open from payments where id = $1',
    [paymentId],
  );
  if (row?.open !== true)
    throw new MooringError('payment_not_open', 'This offer has ended; nothing was paid.');
  if (approved) await requireBudget(tx, payment);
  return decide(tx, payment, { approved, by: 'person', ruleId: null });
}

/** The one way into and past a decision, under the row's lock. */
async function decide(
  tx: Tx,
  payment: Payment,
  { approved, by, ruleId }: { approved: boolean; by: 'person' | 'standing'; ruleId: string | null },
): Promise<Payment> {
  if (approved) await refuseWhileUnknown(tx, payment);
  const state = approved ? 'AUTHORIZING' : 'DECLINED';
  requireEdge(payment, state);
  // In one statement: the audit log tells of the new state, and by whom.
  await tx.query(
    'update payments set state = $2, decided_at = now(), decided_by = $3, rule_id = $4 where id = $1',
    [payment.id, state, by, ruleId],
  );
  await wakePayment(tx, payment.id, 'paymentDecided');
  return { ...payment, state, decidedBy: by, ruleId };
}

/** What was agreed on for a task; nothing where nobody pays for it. */
export async function priceOfTask(tx: Tx, { paymentId }: { paymentId: string | null }): Promise<MicroUsdc> {
  return paymentId === null ? 0n : (await getPayment(tx, paymentId)).amountMicros;
}

export interface SpendingTask {
  status: TaskStatus;
  expiresAt: string;
  /** null: the whole price */
  chargeMicros: MicroUsdc | null;
}

/** The task that spends this payment, if there is one. */
export async function taskOfPayment(tx: Tx, paymentId: string): Promise<SpendingTask | null> {
  const rows = await tx.query<SpendingTask>(
    'select status, expires_at as "expiresAt", charge_micros as "chargeMicros" from tasks where payment_id = $1',
    [paymentId],
  );
  return rows[0] ?? null;
}

/** Whether money was held or paid in this turn. */
export async function hasPaidFor(tx: Tx, turnId: string): Promise<boolean> {
  const rows = await tx.query(
    `select 1 from payments where turn_id = $1 and state in ('AUTHORIZING', 'HELD', 'UNKNOWN', 'CAPTURED') limit 1`,
    [turnId],
  );
  return rows.length > 0;
}
