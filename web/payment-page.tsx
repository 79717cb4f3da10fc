import { useCallback, useEffect } from 'react';
import type { About } from '../sdk/api-types';
import type { PaymentPage as Payment } from '../sdk/money-types';
import { timeInWords } from '../sdk/time-words';
import { Icon } from './parts/icons';
import { Loading } from './parts/loading';
import { MoneyLine } from './parts/money-line';
import { StateBadge } from './parts/payment-state';
import { ReadError } from './parts/read-error';
import { ReceiptLink } from './parts/receipt-link';
import { RefundCard } from './parts/refund-card';
import { Shell } from './parts/shell';
import { useRead } from './parts/use-read';
import { followLink } from './router';
import type { PageProps } from './page-props';
import { client } from './session/client';
import { isNothing } from './state/money';
import { badgeOf, fateWords, goesOn, NO_MOVE } from './state/payment-words';
import { unknownTitle } from './state/unknown-words';

interface PaymentPageProps extends PageProps {
  id: string;
  about: About | null;
  onSignedOut: () => void;
}

const LIVE_MS = 2_000;

/** One payment: whether money has moved, all that happened to it, and what comes next. */
export function PaymentPage({ id, about: _, onSignedOut, ...sideProps }: PaymentPageProps) {
  const read = useCallback(() => client.payment(id), [id]);
  const everyMs = (payment: Payment | null): number | null =>
    payment === null || goesOn(payment) ? LIVE_MS : null;
  const { value: payment, error, again } = useRead(read, { everyMs, onSignedOut });
  const { refreshSide } = sideProps;
  useEffect(refreshSide, [refreshSide, payment?.state]);
  useEffect(() => {
    document.title = payment === null ? 'A payment · Mooring' : `Payment to ${payment.agent_name} · Mooring`;
  }, [payment]);
  return (
    <Shell
      {...sideProps}
      open={null}
      title="A payment"
      sheet={null}
      skip={{ to: '#line', words: 'Skip to where it stands' }}
    >
      {() => (
        <main className="main" id="main">
          <div className="page">
            <ReadError error={error} what="payment" stale={payment !== null} onAgain={again} />
            {payment === null && error === null && (
              <Loading what="the payment" late="This payment has not come yet." />
            )}
            {payment !== null && <Whole payment={payment} onChanged={again} />}
          </div>
        </main>
      )}
    </Shell>
  );
}

/** Where those who look at it come from. */
const FROM = {
  payer: { path: '/wallet/payments', words: 'Payments' },
  owner: { path: '/earnings', words: 'Earnings' },
  platform: { path: '/ops/unknown-payments', words: 'Unknown payments' },
} as const;

function Whole({ payment, onChanged }: { payment: Payment; onChanged: () => void }) {
  const { refundable_usdc: refundable, side, agent_name: agent, amount_usdc: amount, action } = payment;
  return (
    <>
      <p className="crumb">
        <a href={FROM[side].path} onClick={followLink}>
          {FROM[side].words}
        </a>
        <Icon name="chev" />
      </p>
      <h1 className="payment-title">
        {amount} <abbr>USDC</abbr>
        <span>
          {' '}
          for <bdi>{agent}</bdi>, <bdi>{action.replaceAll('_', ' ')}</bdi>
        </span>
      </h1>
      <Fate payment={payment} />
      <div className="cols">
        <div className="stack-3">
          <section className="card pad" aria-labelledby="line">
            <h2 id="line" tabIndex={-1}>
              Where it stands
            </h2>
            <MoneyLine payment={payment} />
          </section>
          {refundable !== null && (
            <RefundCard key={refundable} paymentId={payment.id} left={refundable} onChanged={onChanged} />
          )}
        </div>
        <Facts payment={payment} />
      </div>
    </>
  );
}

/** Whether money has moved, in words that leave no doubt. */
function Fate({ payment }: { payment: Payment }) {
  if (payment.state !== 'UNKNOWN') {
    return (
      <p className="quiet measure" role="status">
        {fateWords(payment)}
      </p>
    );
  }
  return (
    <section className="notice fog tall gap" role="status">
      <Icon name="ask" />
      <div>
        <h2 className="h">{unknownTitle(payment, payment.unknown ?? NO_MOVE)}</h2>
        <p className="quiet measure">{fateWords(payment)}</p>
      </div>
    </section>
  );
}

const DECIDED = { person: 'a person, in the chat', standing: 'a rule given beforehand' } as const;

function Facts({ payment }: { payment: Payment }) {
  const { captured_usdc: captured, refunded_usdc: refunded, returning_usdc: returning } = payment;
  const { decided_by: by } = payment;
  return (
    <aside className="card pad" aria-label="The payment in short">
      <dl className="facts">
        <dt>State</dt>
        <dd>
          <StateBadge {...badgeOf(payment)} />
        </dd>
        <Amount name="Price" amount={payment.amount_usdc} />
        {!isNothing(payment.fee_usdc) && <Amount name="Fee, part of it" amount={payment.fee_usdc} />}
        {captured !== null && <Amount name="Paid" amount={captured} />}
        {!isNothing(refunded) && <Amount name="Refunded" amount={refunded} />}
        {!isNothing(returning) && <Amount name="Being refunded" amount={returning} />}
        {by !== null && (
          <>
            <dt>Approved by</dt>
            <dd>{DECIDED[by]}</dd>
          </>
        )}
        <dt>Asked</dt>
        <dd>{timeInWords(payment.created_at, 'day')}</dd>
        <dt>Id</dt>
        <dd className="exact">
          <code>{payment.id}</code>
        </dd>
      </dl>
      <ul className="links">
        {captured !== null && (
          <li>
            <ReceiptLink paymentId={payment.id} />
          </li>
        )}
        {payment.side === 'payer' && (
          <li>
            <a href={`/chat/${payment.session_id}`} onClick={followLink}>
              The chat that asked
            </a>
          </li>
        )}
        {payment.task_id !== null && (
          <li>
            <a href={`/tasks/${payment.task_id}`} onClick={followLink}>
              The task it pays for
            </a>
          </li>
        )}
      </ul>
    </aside>
  );
}

function Amount({ name, amount }: { name: string; amount: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{amount} USDC</dd>
    </>
  );
}
