import type { Statement, StatementAccount, StatementEntry } from '../../sdk/money-types';
import { timeInWords } from '../../sdk/time-words';
import { followLink } from '../router';
import { client } from '../session/client';
import { signed, whatHappened, whenOf } from '../state/statement';
import { ShowMore, useFurther } from './further';

export const STATEMENT_PAGE = 50;

interface StatementTableProps {
  account: StatementAccount;
  first: Statement;
}

/** The entries of a statement, and further ones on demand. */
export function StatementTable({ account, first }: StatementTableProps) {
  const further = useFurther(first, (cursor) => client.statement(account, { limit: STATEMENT_PAGE, cursor }));
  const entries = further.pages.flatMap((page) => page.entries);
  if (entries.length === 0) {
    return (
      <div className="empty">
        <h2>Nothing yet</h2>
        <p>
          {account === 'wallet'
            ? 'What is added, held, paid and given back will stand here.'
            : 'What people pay your agents will stand here.'}
        </p>
      </div>
    );
  }
  return (
    <>
      <table className="rows statement">
        <caption className="sr">Entries, newest first</caption>
        <thead>
          <tr>
            <th>When</th>
            <th>What</th>
            <th>{account === 'wallet' ? 'With' : 'By'}</th>
            <th className="num">USDC</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <Entry key={entry.id} account={account} entry={entry} />
          ))}
        </tbody>
      </table>
      <ShowMore of={further} count={STATEMENT_PAGE} />
    </>
  );
}

function Entry({ account, entry }: { account: StatementAccount; entry: StatementEntry }) {
  const { at, amount_usdc: amount, payment_id: paymentId, counterparty } = entry;
  return (
    <tr>
      <td className="nowrap quiet">
        <time dateTime={at} title={timeInWords(at, 'day')}>
          {whenOf(at, new Date())}
        </time>
      </td>
      <td>{whatHappened(entry, account)}</td>
      <td>
        {paymentId === undefined ? (
          counterparty !== undefined && <bdi>{counterparty}</bdi>
        ) : (
          <a href={`/wallet/payments/${paymentId}`} onClick={followLink}>
            <bdi>{counterparty ?? 'a payment'}</bdi>
            <span className="sr">, its payment</span>
          </a>
        )}
      </td>
      <td className="num">{signed(amount)}</td>
    </tr>
  );
}
