import { useId } from 'react';
import { followLink } from '../router';
import { timeOfDay } from '../state/clock';
import type { Confirmation } from '../state/conversation';
import type { Told } from '../state/told';
import { Countdown } from './countdown';
import { ErrorCode } from './error-code';
import { Risk } from './risk';

interface ConfirmationCardProps {
  confirmation: Confirmation;
  serverNow: number;
  decision: { approved: boolean; error: Told | null } | undefined;
  onDecide: (approved: boolean) => void;
}

/** Who is to do what, why that is risky, exactly what will run, and what follows from each answer and from none. */
export function ConfirmationCard({ confirmation, serverNow, decision, onDecide }: ConfirmationCardProps) {
  const title = useId();
  const { request, askedAt } = confirmation;
  const leftMs = Date.parse(request.expires_at) - serverNow;
  const wholeMs = Date.parse(request.expires_at) - Date.parse(askedAt);
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
          Let <bdi>{request.agent_name}</bdi> do <bdi>{request.action.replaceAll('_', ' ')}</bdi>?
        </h2>
        <Countdown leftMs={leftMs} wholeMs={wholeMs} />
      </header>
      <p className="reason">
        <Risk level={request.risk_level} />
        <br />
        <bdi>{request.risk_reasons.join(' ')}</bdi>
      </p>
      <dl className="facts">
        {Object.entries(request.arguments).map(([name, value]) => (
          <Argument key={name} name={name} value={value} />
        ))}
        <dt>You confirm</dt>
        <dd>
          just this is done, now
          {request.risk_level === 'R3' && ', with a code from your mail'}
        </dd>
        <dt>You do nothing</dt>
        <dd>it ends at {timeOfDay(request.expires_at)}, nothing is done</dd>
      </dl>
      {leftMs > 0 ? (
        <div className="acts">
          {request.risk_level === 'R3' ? (
            <a className="btn primary" href={request.url} onClick={followLink}>
              Decide on its page
            </a>
          ) : (
            <>
              <button className="btn primary" type="button" aria-disabled={sent} onClick={press(true)}>
                {word(true, 'Confirm')}
              </button>
              <button className="btn" type="button" aria-disabled={sent} onClick={press(false)}>
                {word(false, 'Decline')}
              </button>
              <a className="btn plain" href={request.url} onClick={followLink}>
                On its page
              </a>
            </>
          )}
        </div>
      ) : (
        <p className="small quiet else">The time is over. Nothing is done unless your answer was first.</p>
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

function Argument({ name, value }: { name: string; value: unknown }) {
  return (
    <>
      <dt>
        <bdi>{name.replaceAll('_', ' ')}</bdi>
      </dt>
      <dd className="exact">
        <bdi>{typeof value === 'string' ? value : JSON.stringify(value)}</bdi>
      </dd>
    </>
  );
}
