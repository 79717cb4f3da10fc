import type { PaymentItem } from '../../sdk/money-types';
import { timeInWords } from '../../sdk/time-words';
import { followLink } from '../router';
import { dayOrTime } from '../state/clock';
import { amountOf } from '../state/payment-words';
import { PaymentBadge } from './payment-state';

/** Payments as a table; on a narrow screen each is a row of its own, name and amount first. */
export function PaymentRows({ payments }: { payments: PaymentItem[] }) {
  return (
    <table className="rows payments">
      <caption className="sr">Payments, the newest first</caption>
      <thead>
        <tr>
          <th>When</th>
          <th>Agent, action</th>
          <th>State</th>
          <th className="num">USDC</th>
        </tr>
      </thead>
      <tbody>
        {payments.map((payment) => (
          <Row key={payment.id} payment={payment} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ payment }: { payment: PaymentItem }) {
  const { id, agent_name: agent, action, created_at: at } = payment;
  const { amount, sub } = amountOf(payment);
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
        <PaymentBadge payment={payment} />
      </td>
      <td className="num">
        {amount}
        {sub !== null && <span className="sub">{sub}</span>}
      </td>
    </tr>
  );
}
