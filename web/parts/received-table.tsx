import { useState } from 'react';
import type { ReceivedPage, ReceivedPayment } from '../../sdk/money-types';
import { timeInWords } from '../../sdk/time-words';
import { followLink } from '../router';
import { client } from '../session/client';
import { receivedAmount, receivedBadge } from '../state/earnings';
import { whenOf } from '../state/statement';
import { toldOf } from '../state/told';
import { StateBadge } from './payment-state';

/** Payments to a person's agents; each leads to its page, where it can be refunded. */
export function ReceivedTable({ first, onAgain }: { first: ReceivedPage; onAgain: () => void }) {
  const [pages, setPages] = useState([first]);
  const [failed, setFailed] = useState<string | null>(null);
  const next = pages.at(-1)?.next_cursor ?? null;
  const more = (): void => {
    if (next === null) return;
    client.receivedPayments({ cursor: next }).then(
      (page) => {
        setFailed(null);
        // Pressed twice, the page comes twice.
        setPages((known) => (known.at(-1)?.next_cursor === next ? [...known, page] : known));
      },
      (thrown: unknown) => setFailed(toldOf(thrown).message),
    );
  };
  const shown = pages.flatMap(({ payments }) => payments);
  return (
    <section className="card gap" id="received" aria-labelledby="received-title" tabIndex={-1}>
      <div className="card-head">
        <h2 id="received-title">Payments to your agents</h2>
        <button className="btn sm" type="button" onClick={onAgain}>
          Look again
        </button>
      </div>
      {shown.length === 0 ? (
        <p className="quiet small pad">None yet. A payment stands here from its approval on.</p>
      ) : (
        <table className="rows statement">
          <caption className="sr">Payments to your agents, newest first</caption>
          <thead>
            <tr>
              <th>When</th>
              <th>Agent, action</th>
              <th>State</th>
              <th className="num">USDC, before the fee</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((payment) => (
              <Received key={payment.id} payment={payment} />
            ))}
          </tbody>
        </table>
      )}
      {failed !== null && (
        <p className="err pad" role="alert">
          {failed}
        </p>
      )}
      {next !== null && (
        <p className="pad">
          <button className="btn" type="button" onClick={more}>
            Show 20 more
          </button>
        </p>
      )}
    </section>
  );
}

function Received({ payment }: { payment: ReceivedPayment }) {
  const { id, agent_name: agent, action, created_at: at } = payment;
  const { amount, sub } = receivedAmount(payment);
  return (
    <tr>
      <td className="nowrap quiet">
        <time dateTime={at} title={timeInWords(at, 'day')}>
          {whenOf(at, new Date())}
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
        <StateBadge {...receivedBadge(payment)} />
      </td>
      <td className="num">
        {amount}
        {sub !== null && <span className="sub">{sub}</span>}
      </td>
    </tr>
  );
}
