import type { PaymentItem } from '../../sdk/money-types';
import { timeInWords } from '../../sdk/time-words';
import { followLink } from '../router';
import { dayOrTime } from '../state/clock';
import type { Badge } from '../state/payment-words';
import { StateBadge } from './payment-state';

interface PaymentRow {
  payment: Pick<PaymentItem, 'id' | 'agent_name' | 'action' | 'created_at'>;
  badge: Badge;
  /** the number of the row, and what stands under it */
  shown: { amount: string; sub: string | null };
}

interface PaymentRowsProps {
  caption: string;
  /** what the numbers are */
  amounts: string;
  rows: PaymentRow[];
}

/** Payments as a table; on a narrow screen each is a row of its own, name and amount first. */
export function PaymentRows({ caption, amounts, rows }: PaymentRowsProps) {
  return (
    <table className="rows payments">
      <caption className="sr">{caption}</caption>
      <thead>
        <tr>
          <th>When</th>
          <th>Agent, action</th>
          <th>State</th>
          <th className="num">{amounts}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={row.payment.id} {...row} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ payment, badge, shown: { amount, sub } }: PaymentRow) {
  const { id, agent_name: agent, action, created_at: at } = payment;
  return (
    <tr>
      <td className="nowrap quiet">
        <time dateTime={at} title={timeInWords(at, 'day')}>
          {dayOrTime(at, new Date())}
        </time>
      </td>
      <td>
        <a href={`/wallet/payments/${id}`} onClick={followLink}>
          <bdi>{agent}</bdi>
        </a>{' '}
        <span className="quiet">
          <bdi>{action.replaceAll('_', ' ')}</bdi>
        </span>
      </td>
      <td>
        <StateBadge {...badge} />
      </td>
      <td className="num">
        {amount}
        {sub !== null && <span className="sub">{sub}</span>}
      </td>
    </tr>
  );
}
