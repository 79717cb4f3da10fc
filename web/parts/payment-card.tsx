import { useId } from 'react';
import { followLink } from '../router';
import { timeOfDay } from '../state/clock';
import type { Told } from '../state/told';
import type { AskedPayment } from '../state/conversation';
import { isNothing } from '../state/money';
import { Countdown } from './countdown';
import { ErrorCode } from './error-code';

interface PaymentCardProps {
  asked: AskedPayment['fate'];
  autoApprove: string | null;
  serverNow: number;
  decision: { approved: boolean; error: Told | null } | undefined;
  onDecide: (approved: boolean) => void;
}

/** The question, the amount, what follows from each answer and from none. */
export function PaymentCard({ asked, autoApprove, serverNow, decision, onDecide }: PaymentCardProps) {
  const title = useId();
  const { request, askedAt } = asked;
  const { agent_name: agent, amount_usdc: amount, fee_usdc: fee, expires_at: expiresAt } = request;
  const leftMs = Date.parse(expiresAt) - serverNow;
  const wholeMs = Date.parse(expiresAt) - Date.parse(askedAt);
  const sent = decision !== undefined && decision.error === null;
  const press = (approved: boolean) => () => {
    if (!sent) onDecide(approved);
  };
  const word = (approved: boolean, words: string): string =>
    sent && decision.approved === approved ? 'Sending…' : words;
  return (
    <section className="card ask mt-3" aria-labelledby={title}>
      <header>
        <h2 id={title}>
          Hire <bdi>{agent}</bdi> for <bdi>{request.action.replaceAll('_', ' ')}</bdi>?
        </h2>
        <Countdown leftMs={leftMs} wholeMs={wholeMs} />
      </header>
      <p className="amount">
        {amount} <abbr>USDC</abbr>
      </p>
      {fee !== undefined && !isNothing(fee) && (
        <p className="small quiet">of it {fee} USDC is the platform’s fee; nothing is added to it</p>
      )}
      <p className="reason">
        <bdi>{request.description}</bdi>
      </p>
      <dl className="facts">
        <dt>You approve</dt>
        <dd>held now, paid when the work is done</dd>
        <dt>It fails</dt>
        <dd>all of it comes back to you</dd>
        <dt>You do nothing</dt>
        <dd>the offer ends at {timeOfDay(expiresAt)}, nothing is paid</dd>
        {autoApprove !== null && (
          <>
            <dt>Without asking</dt>
            <dd>{isNothing(autoApprove) ? 'nothing is paid' : `up to ${autoApprove} USDC a payment`}</dd>
          </>
        )}
      </dl>
      {leftMs > 0 ? (
        <div className="acts">
          <button className="btn primary" type="button" aria-disabled={sent} onClick={press(true)}>
            {word(true, `Approve ${amount} USDC`)}
          </button>
          <button className="btn" type="button" aria-disabled={sent} onClick={press(false)}>
            {word(false, 'Decline')}
          </button>
          <a className="btn plain" href={`/wallet/payments/${request.payment_id}`} onClick={followLink}>
            On its page
          </a>
        </div>
      ) : (
        <p className="small quiet else">
          The offer has run out. Nothing is paid unless your answer was first.
        </p>
      )}
      {decision?.error != null && (
        <p className="err" role="alert">
          {decision.error.message}
          <ErrorCode {...decision.error} />
        </p>
      )}
    </section>
  );
}
