import type { PaymentItem } from '../../sdk/money-types';
import { badgeOf } from '../state/payment-words';
import type { Badge } from '../state/payment-words';
import { Icon } from './icons';

export const PaymentBadge = ({ payment }: { payment: PaymentItem }) => <StateBadge {...badgeOf(payment)} />;

export function StateBadge({ words, tone, icon }: Badge) {
  return (
    <span className={`badge ${tone}`}>
      <Icon name={icon} />
      {words}
    </span>
  );
}
