import type { ReceivedPage } from '../../sdk/money-types';
import { client } from '../session/client';
import { receivedAmount, receivedBadge } from '../state/earnings';
import { ShowMore, useFurther } from './further';
import { PaymentRows } from './payment-rows';

const PAGE = 20;

/** Payments to a person's agents; each leads to its page, where it can be refunded. */
export function ReceivedTable({ first, onAgain }: { first: ReceivedPage; onAgain: () => void }) {
  const further = useFurther(first, (cursor) => client.receivedPayments({ cursor }));
  const shown = further.pages.flatMap(({ payments }) => payments);
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
        <PaymentRows
          caption="Payments to your agents, newest first"
          amounts="USDC, before the fee"
          rows={shown.map((payment) => ({
            payment,
            badge: receivedBadge(payment),
            shown: receivedAmount(payment),
          }))}
        />
      )}
      <ShowMore of={further} count={PAGE} />
    </section>
  );
}
