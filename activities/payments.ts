import type { Tx } from '../db/database';
import { lockPayment, markPaymentSeen } from '../db/payments';
import { SYSTEM } from '../domain/principal';
import type { PaymentActivities } from '../domain/workflows';
import { activity } from './activity';
import { end, END_WORDS, holdFunds, tellEnd } from './hold-payment';
import { at } from './payment-words';
import type { Step } from './payment-words';
import { settle } from './settle-payment';
import { withMoves } from './wallets/carry-on';
import type { CarryDeps } from './wallets/carry-on';
import type { WalletDriver } from './wallets/driver';

export function createPaymentActivities(deps: CarryDeps): PaymentActivities {
  const { db, wallets } = deps;
  return {
    authorizePayment: activity('authorizePayment', (asked) =>
      withMoves(deps, () => db.withTx(SYSTEM, 'payment.authorize', (tx) => authorize(tx, wallets, asked))),
    ),
    settlePayment: activity('settlePayment', (asked) =>
      withMoves(deps, () => db.withTx(SYSTEM, 'payment.settle', (tx) => settle(tx, wallets, asked))),
    ),
  };
}

async function authorize(
  tx: Tx,
  wallets: WalletDriver,
  { paymentId, asOf }: { paymentId: string; asOf: string },
): Promise<Step> {
  const payment = await lockPayment(tx, paymentId);
  await markPaymentSeen(tx, payment);
  switch (payment.state) {
    case 'AWAITING_APPROVAL':
      // The row decides between an answer and the deadline: whoever locks it first.
      return payment.expiresAt <= asOf ? end(tx, payment, { to: 'EXPIRED' }) : at(payment);
    case 'AUTHORIZING':
      return holdFunds(tx, wallets, payment);
    case 'DECLINED':
      await tellEnd(
        tx,
        payment,
        payment.withdrawn === 'offer_changed' ? END_WORDS.OFFER_CHANGED : END_WORDS.DECLINED,
      );
      return at(payment);
    case 'HELD':
    case 'UNKNOWN':
      // An attempt before this one, or the run before this one, came so far; what it was woken for is still to be done.
      return settle(tx, wallets, { paymentId, asOf });
    case 'CAPTURED':
    case 'VOIDED':
    case 'RECLAIMED':
    case 'REFUNDED':
    case 'DISPUTED':
    case 'EXPIRED':
    case 'FAILED':
      return at(payment);
  }
}
