import type { PaymentItem } from '../../sdk/money-types';
import { amountOf, badgeOf } from '../state/payment-words';
import { PaymentRows } from './payment-rows';

/** Payments as the one sees them who pays. */
export const PaidRows = ({ payments }: { payments: PaymentItem[] }) => (
  <PaymentRows
    caption="Payments, the newest first"
    amounts="USDC"
    rows={payments.map((payment) => ({ payment, badge: badgeOf(payment), shown: amountOf(payment) }))}
  />
);
