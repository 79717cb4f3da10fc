import type { Tx } from '../db/database';
import { appendFrames } from '../db/events';
import { capturePayment, releasePayment } from '../db/payment-money';
import { lockPayment, markPaymentSeen, setPaymentState, taskOfPayment } from '../db/payments';
import type { Payment, SpendingTask } from '../db/payments';
import { isEnding, requireNetwork } from '../db/wallet-moves';
import type { LogFrame } from '../domain/frames';
import { formatUsdc } from '../domain/money';
import type { MicroUsdc } from '../domain/money';
import { partOfFee } from '../domain/payment';
import { isTerminal } from '../domain/task';
import { holdFunds } from './hold-payment';
import { at, paymentFrame, stall } from './payment-words';
import type { Step } from './payment-words';
import type { WalletDriver } from './wallets/driver';
import { captureMoves, makeMoves, releaseMoves } from './wallets/payment-moves';

// Until a task that is still running has ended, its hold stays; looked at again after its own deadline.
const AFTER_TASK_MS = 60_000;

/** What becomes of a hold. */
type Fate =
  | { kind: 'waits'; until: string }
  | { kind: 'captured'; micros: MicroUsdc }
  | { kind: 'released'; to: 'VOIDED' | 'RECLAIMED'; reason: string };

/** Money follows the fact of the task: completed captures, any other end gives back; no task by the deadline too. */
export async function settle(
  tx: Tx,
  wallets: WalletDriver,
  { paymentId, asOf }: { paymentId: string; asOf: string },
): Promise<Step> {
  const payment = await lockPayment(tx, paymentId);
  await markPaymentSeen(tx, payment);
  if (payment.state !== 'HELD') {
    const isOpen = payment.state === 'AUTHORIZING' || payment.state === 'UNKNOWN';
    if (!isOpen) return at(payment);
    if (!(await isEnding(tx, paymentId))) return holdFunds(tx, wallets, payment);
  }
  const fate = fateOf(payment, await taskOfPayment(tx, payment.id), asOf);
  if (fate.kind !== 'waits') await requireNetwork(tx, payment, wallets.network);
  switch (fate.kind) {
    case 'waits':
      return at({ ...payment, captureDeadline: fate.until });
    case 'captured': {
      const { micros } = fate;
      const parts = { paidMicros: micros, feeMicros: partOfFee(payment, micros) };
      const awaited = await makeMoves(tx, wallets, captureMoves(payment, parts));
      if (awaited !== null) return stall(tx, payment, awaited);
      await capturePayment(tx, payment, micros);
      return tell(
        tx,
        await setPaymentState(tx, payment, { to: 'CAPTURED', capturedMicros: micros }),
        successful,
      );
    }
    case 'released': {
      const awaited = await makeMoves(tx, wallets, releaseMoves(payment));
      if (awaited !== null) return stall(tx, payment, awaited);
      await releasePayment(tx, payment, fate.to === 'RECLAIMED' ? 'expired' : 'voided');
      const { reason } = fate;
      return tell(tx, await setPaymentState(tx, payment, { to: fate.to }), (ended) =>
        paymentFrame('PAYMENT_RELEASED', ended, { state: ended.state, reason }),
      );
    }
  }
}

function fateOf(payment: Payment, task: SpendingTask | null, asOf: string): Fate {
  if (task === null) {
    if (payment.withdrawn !== null) return { kind: 'released', to: 'VOIDED', reason: payment.withdrawn };
    if (payment.captureDeadline > asOf) return { kind: 'waits', until: payment.captureDeadline };
    return { kind: 'released', to: 'RECLAIMED', reason: 'unused' };
  }
  if (!isTerminal(task.status)) {
    const end = Math.max(Date.parse(task.expiresAt), Date.parse(asOf));
    return { kind: 'waits', until: new Date(end + AFTER_TASK_MS).toISOString() };
  }
  if (task.status !== 'completed') return { kind: 'released', to: 'VOIDED', reason: `task_${task.status}` };
  const micros = task.chargeMicros ?? payment.amountMicros;
  return micros === 0n
    ? { kind: 'released', to: 'VOIDED', reason: 'nothing_charged' }
    : { kind: 'captured', micros };
}

async function tell(tx: Tx, payment: Payment, frameOf: (payment: Payment) => LogFrame): Promise<Step> {
  await appendFrames(tx, { id: payment.sessionId, userId: payment.userId }, [frameOf(payment)]);
  return at(payment);
}

function successful(payment: Payment): LogFrame {
  const { amountMicros, capturedMicros } = payment;
  const paid = capturedMicros ?? amountMicros;
  return {
    type: 'PAYMENT_SUCCESSFUL',
    data: {
      payment_id: payment.id,
      turn_id: payment.turnId,
      amount_usdc: formatUsdc(paid),
      ...(paid === amountMicros ? {} : { returned_usdc: formatUsdc(amountMicros - paid) }),
      agent_id: payment.agentId,
      agent_name: payment.agentName,
    },
  };
}
