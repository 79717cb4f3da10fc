import type { PaymentPage } from '../../sdk/api-types';
import { dayAndTime } from '../state/clock';
import { moneyLine } from '../state/payment-words';

/** What happened to a payment, what it waits for, and until when. */
export function MoneyLine({ payment }: { payment: PaymentPage }) {
  return (
    <ol className="line">
      {moneyLine(payment).map(({ kind, words, at, note }, index) => (
        <li key={index} className={kind}>
          <div className="step">
            <span>
              {kind === 'now' || kind === 'wait' || kind === 'fog' ? (
                <b>
                  <bdi>{words}</bdi>
                </b>
              ) : (
                <bdi>{words}</bdi>
              )}
              {note !== null && (
                <>
                  : “<bdi>{note}</bdi>”
                </>
              )}
            </span>
            {at !== null && <time dateTime={at}>{dayAndTime(at)}</time>}
          </div>
        </li>
      ))}
    </ol>
  );
}
