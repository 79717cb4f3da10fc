import { useCallback, useEffect, useRef, useState } from 'react';
import type { About } from '../sdk/api-types';
import type { UnknownTransfer } from '../sdk/money-types';
import { Icon } from './parts/icons';
import { Loading } from './parts/loading';
import { ReadError } from './parts/read-error';
import { Shell } from './parts/shell';
import { UnknownCard } from './parts/unknown-card';
import { useRead } from './parts/use-read';
import type { PageProps } from './page-props';
import { client } from './session/client';

interface UnknownPageProps extends PageProps {
  about: About | null;
  onSignedOut: () => void;
}

const EVERY_MS = 10_000;

/** Payments of which nobody knows whether money moved, for the admins who find out. */
export function UnknownPage({ about: _, onSignedOut, ...sideProps }: UnknownPageProps) {
  const { value, error, again } = useRead(client.unknownPayments, { everyMs: () => EVERY_MS, onSignedOut });
  const payments = value?.payments ?? null;
  const { refreshSide, side } = sideProps;
  useEffect(refreshSide, [refreshSide]);
  useEffect(() => {
    document.title = 'Unknown payments · Mooring';
  }, []);
  return (
    <Shell
      {...sideProps}
      open={null}
      title="Unknown payments"
      sheet={null}
      skip={{ to: '#unknown', words: 'Skip to the payments' }}
    >
      {() => (
        <main className="main" id="main">
          <div className="page">
            <ReadError error={error} what="page" stale={payments !== null} onAgain={again} />
            {payments === null && error === null && (
              <Loading what="the payments" late="These payments have not come yet." />
            )}
            {payments !== null && (
              <>
                <div className="page-head">
                  <div>
                    <h1>Unknown payments</h1>
                    <p className="measure">
                      A transfer was sent and nobody knows whether it was made, or it does not come to its
                      end, or the network refused it after money had moved. The amount stays held until it is
                      found or two admins say the same.
                    </p>
                  </div>
                </div>
                <List payments={payments} me={side.me?.email ?? null} onDecided={again} />
              </>
            )}
          </div>
        </main>
      )}
    </Shell>
  );
}

interface ListProps {
  payments: UnknownTransfer[];
  /** the mail address of the admin who looks */
  me: string | null;
  onDecided: () => void;
}

function List({ payments, me, onDecided }: ListProps) {
  const [gone, setGone] = useState<{ id: string; paymentId: string; words: string }[]>([]);
  const tell = useCallback(({ id, payment_id: paymentId }: UnknownTransfer, words: string): void => {
    setGone((known) => (known.some((one) => one.id === id) ? known : [...known, { id, paymentId, words }]));
  }, []);
  const shown = useRef(payments);
  useEffect(() => {
    const ids = new Set(payments.map(({ id }) => id));
    for (const payment of shown.current) {
      const what = `The ${payment.refund_id === null ? 'payment' : 'refund of a payment'} of ${payment.amount_usdc} USDC`;
      if (!ids.has(payment.id)) tell(payment, `${what} is not unknown any more.`);
    }
    shown.current = payments;
  }, [payments, tell]);
  const left = payments.filter(({ id }) => !gone.some((one) => one.id === id));
  return (
    <div id="unknown" className="stack-3" tabIndex={-1}>
      <div role="status" className="stack-3">
        {gone.map(({ id, paymentId, words }) => (
          <p key={id} className="notice do">
            <Icon name="check" />
            <span>
              {words} <a href={`/wallet/payments/${paymentId}`}>Its page</a>
            </span>
          </p>
        ))}
      </div>
      {left.length === 0 && (
        <div className="card empty">
          <h2>Nothing is unknown</h2>
          <p>
            Payments of which nobody knows whether money moved, or whose transfer was refused, will stand
            here.
          </p>
        </div>
      )}
      {left.map((payment) => (
        <UnknownCard
          key={payment.id}
          payment={payment}
          me={me}
          onDecided={onDecided}
          onCounted={(words) => {
            tell(payment, words);
            document.getElementById('unknown')?.focus();
          }}
        />
      ))}
    </div>
  );
}
