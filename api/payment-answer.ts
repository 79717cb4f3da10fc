import type { Tx } from '../db/database';
import { decidePayment, openPaymentRequests } from '../db/payments';
import type { Payment } from '../db/payments';
import { getSession } from '../db/sessions';
import { MooringError } from '../domain/errors';

/** A person's yes or no. The payment may be left unnamed only while exactly one is open. */
export async function answerPayment(
  tx: Tx,
  answer: { sessionId: string; paymentId: string | undefined; approved: boolean },
): Promise<Payment> {
  await getSession(tx, answer.sessionId);
  const paymentId = answer.paymentId ?? (await onlyOpenPayment(tx, answer.sessionId));
  return decidePayment(tx, { sessionId: answer.sessionId, paymentId, approved: answer.approved });
}

async function onlyOpenPayment(tx: Tx, sessionId: string): Promise<string> {
  const [first, second] = await openPaymentRequests(tx, sessionId);
  if (first === undefined) throw new MooringError('payment_not_open', 'No payment is open in this chat.');
  if (second === undefined) return first.data.payment_id;
  throw new MooringError('invalid_request', 'Several payments are open: say which one by payment_id.', {
    details: { field: 'payment_id', rule: 'is required while several payments are open' },
  });
}
