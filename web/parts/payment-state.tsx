import type { PaymentItem } from '../../sdk/api-types';
import { badgeOf } from '../state/payment-words';
import { Icon } from './icons';

export function PaymentBadge({ payment }: { payment: PaymentItem }) {
  const { words, tone, icon } = badgeOf(payment);
  return (
    <span className={`badge ${tone}`}>
      <Icon name={icon} />
      {words}
    </span>
  );
}
