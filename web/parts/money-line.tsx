import type { PaymentPage } from '../../sdk/money-types';
import { dayAndTime } from '../state/clock';
import { moneyLine } from '../state/money-line';

/** What happened to a payment, what it waits for, and until when. */
export function MoneyLine({ payment }: { payment: PaymentPage }) {
  return (
    <ol className="line">
      {moneyLine(payment).map(({ kind, words, at, note, sub }, index) => (
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
          {sub !== undefined && (
            <p className="small quiet">
              <bdi>{sub}</bdi>
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}
