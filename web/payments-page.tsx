import { useCallback, useEffect, useState } from 'react';
import type { About } from '../sdk/api-types';
import type { PaymentList } from '../sdk/money-types';
import { isSettled, PAYMENT_STATES } from '../sdk/money-types';
import { ShowMore, useFurther } from './parts/further';
import { Icon } from './parts/icons';
import { Loading } from './parts/loading';
import { PaidRows } from './parts/paid-rows';
import { ReadError } from './parts/read-error';
import { Shell } from './parts/shell';
import { useRead } from './parts/use-read';
import { followLink } from './router';
import type { PageProps } from './page-props';
import { client } from './session/client';
import { STATE_NAMES } from './state/payment-words';

interface PaymentsPageProps extends PageProps {
  about: About | null;
  onSignedOut: () => void;
}

const PAGE = 30;
const LIVE_MS = 3_000;

/** All that a person pays, has paid or was asked for. */
export function PaymentsPage({ about: _, onSignedOut, ...sideProps }: PaymentsPageProps) {
  const [state, setState] = useState('');
  const read = useCallback(
    async () => ({ state, list: await client.payments({ state, limit: PAGE }) }),
    [state],
  );
  const { value, error, again } = useRead(read, {
    everyMs: (seen) => (seen?.list.payments.some((one) => !isSettled(one.state)) === true ? LIVE_MS : null),
    onSignedOut,
  });
  // What is still here of another state is not shown under this one's name.
  const list = value?.state === state ? value.list : null;
  const { refreshSide } = sideProps;
  useEffect(refreshSide, [refreshSide]);
  useEffect(() => {
    document.title = 'Payments · Mooring';
  }, []);
  return (
    <Shell
      {...sideProps}
      open={null}
      title="Payments"
      sheet={null}
      skip={{ to: '#payments', words: 'Skip to the payments' }}
    >
      {() => (
        <main className="main" id="main">
          <div className="page">
            <p className="crumb">
              <a href="/wallet" onClick={followLink}>
                Wallet
              </a>
              <Icon name="chev" />
            </p>
            <h1>Payments</h1>
            <Filter state={state} onState={setState} onAgain={again} />
            <ReadError error={error} what="list of payments" stale={list !== null} onAgain={again} />
            {list === null && error === null && (
              <Loading what="the payments" late="The payments have not come yet." />
            )}
            {list !== null && <All key={state} state={state} first={list} />}
          </div>
        </main>
      )}
    </Shell>
  );
}

interface FilterProps {
  state: string;
  onState: (state: string) => void;
  onAgain: () => void;
}

function Filter({ state, onState, onAgain }: FilterProps) {
  return (
    <div className="filters" role="group" aria-label="Which payments">
      <label>
        <span className="sr">State</span>
        <select value={state} onChange={({ target }) => onState(target.value)}>
          <option value="">Every state</option>
          {PAYMENT_STATES.map((one) => (
            <option key={one} value={one}>
              {STATE_NAMES[one]}
            </option>
          ))}
        </select>
      </label>
      <button className="btn sm" type="button" onClick={onAgain}>
        Look again
      </button>
    </div>
  );
}

function All({ state, first }: { state: string; first: PaymentList }) {
  const further = useFurther(first, (cursor) => client.payments({ state, limit: PAGE, cursor }));
  const payments = inOrder(further.pages);
  if (payments.length === 0) {
    return (
      <div className="card empty" id="payments">
        <h2>No payment here</h2>
        <p>What agents ask you to pay, what is held and what is paid will stand here.</p>
      </div>
    );
  }
  return (
    <section className="card" id="payments" aria-label="Payments" tabIndex={-1}>
      <PaidRows payments={payments} />
      <ShowMore of={further} count={PAGE} />
    </section>
  );
}

/** Each payment once: a new one has moved the end of the first page onto the second. */
const inOrder = (pages: PaymentList[]): PaymentList['payments'] =>
  [
    ...new Map(
      pages
        .flatMap(({ payments }) => payments)
        .toReversed()
        .map((payment) => [payment.id, payment] as const),
    ).values(),
  ].reverse();
