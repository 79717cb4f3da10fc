import { useEffect, useId, useRef } from 'react';
import type { UnknownTransfer } from '../../sdk/money-types';
import { spanInWords, timeInWords } from '../../sdk/time-words';
import { followLink } from '../router';
import { FOUND_WORDS, REFUSED_WORDS, STEP_WORDS, whatIsNeeded } from '../state/unknown-payment';
import { CopyButton } from './copy-button';
import { FoundOutForm } from './found-out-form';

interface UnknownCardProps {
  payment: UnknownTransfer;
  me: string | null;
  /** something was said, and more is needed */
  onDecided: () => void;
  /** the second has said the same */
  onCounted: (words: string) => void;
}

/** One payment: what was sent, by what it is searched for, who has said what, and what this admin found out. */
export function UnknownCard({ payment, me, onDecided, onCounted }: UnknownCardProps) {
  const title = useId();
  const { move, decisions } = payment;
  const since = move.unknown_since ?? move.submitted_at;
  const hasSpoken = decisions.some(({ admin }) => admin === me);
  const needed = useRef<HTMLParagraphElement>(null);
  const spoke = useRef(false);
  useEffect(() => {
    // The form that had the focus is gone.
    if (hasSpoken && spoke.current) needed.current?.focus();
  }, [hasSpoken]);
  return (
    <article className="card" aria-labelledby={title}>
      <div className="card-head wrap">
        <h2 id={title}>
          {payment.amount_usdc} USDC, <bdi>{payment.user_name}</bdi> to <bdi>{payment.agent_name}</bdi>
        </h2>
        <span className={`badge ${move.refused ? 'bad' : 'fog'}`}>
          {stateWords(move)} {spanInWords(Date.now() - Date.parse(since))}
          {move.refused && ' ago'}
        </span>
      </div>
      <div className="found-out">
        <Sent payment={payment} />
        <section aria-label="What admins have said">
          <ol className="feed">
            {decisions.map(({ admin, outcome, reason, at }) => (
              <li key={admin}>
                <b>
                  <bdi>{admin}</bdi>
                </b>{' '}
                {admin === me && '(you) '}
                says {FOUND_WORDS[outcome]}: “<bdi>{reason}</bdi>”<small>{timeInWords(at, 'short')}</small>
              </li>
            ))}
          </ol>
          {move.refused && <p className="small">{REFUSED_WORDS}</p>}
          <p className="small quiet" ref={needed} tabIndex={-1}>
            {whatIsNeeded(payment)}
          </p>
          {me !== null && !hasSpoken && (
            <FoundOutForm
              // What was chosen of one transfer says nothing of the next.
              key={move.ref_id}
              payment={payment}
              onDecided={() => {
                spoke.current = true;
                onDecided();
              }}
              onCounted={onCounted}
            />
          )}
        </section>
      </div>
    </article>
  );
}

function stateWords({ refused, reference }: UnknownTransfer['move']): string {
  if (refused) return 'Refused';
  return reference === null ? 'Not known for' : 'Without an end for';
}

function Sent({ payment }: { payment: UnknownTransfer }) {
  const { move } = payment;
  return (
    <dl className="facts">
      <dt>Payment</dt>
      <dd className="exact">
        <a href={`/wallet/payments/${payment.payment_id}`} onClick={followLink}>
          <code>{payment.payment_id}</code>
        </a>
      </dd>
      <dt>Action</dt>
      <dd className="exact">
        <bdi>{payment.action}</bdi>
      </dd>
      <dt>Step</dt>
      <dd>{STEP_WORDS[move.step]}</dd>
      <dt>Amount</dt>
      <dd>{move.amount_usdc} USDC</dd>
      <dt>Network</dt>
      <dd>{move.network}</dd>
      <dt>From</dt>
      <dd className="exact">
        <code>{move.from}</code>
      </dd>
      <dt>To</dt>
      <dd className="exact">
        <code>{move.to}</code>
      </dd>
      <dt>Search for</dt>
      <dd className="exact">
        <code>{move.ref_id}</code>
        <CopyButton text={move.ref_id} what={`the reference ${move.ref_id}`} />
      </dd>
      <dt>Its reference there</dt>
      <dd className="exact">
        {move.reference === null ? 'never told' : <code>{move.reference}</code>}, last heard:{' '}
        <code>{move.state}</code>
      </dd>
      <dt>Sent</dt>
      <dd>{timeInWords(move.submitted_at, 'day')}</dd>
      {move.unknown_since !== null && (
        <>
          <dt>Unknown since</dt>
          <dd>{timeInWords(move.unknown_since, 'day')}</dd>
        </>
      )}
    </dl>
  );
}
