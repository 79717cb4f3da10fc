import type { Badge } from '../state/payment-words';
import { Icon } from './icons';

export function StateBadge({ words, tone, icon }: Badge) {
  return (
    <span className={`badge ${tone}`}>
      <Icon name={icon} />
      {words}
    </span>
  );
}
