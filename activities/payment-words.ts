import type { Payment } from '../db/payments';
import type { LogFrame } from '../domain/frames';
import { formatUsdc } from '../domain/money';
import type { PaymentState } from '../domain/payment';
import type { PaymentProgress } from '../domain/workflows';

export const progressOf = (payment: Payment): PaymentProgress => ({
  state: payment.state,
  seen: payment.wakeVersion,
  captureDeadline: payment.captureDeadline,
});

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
