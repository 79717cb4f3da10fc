import { useId, useState } from 'react';
import type { FoundOut, UnknownTransfer } from '../../sdk/money-types';
import { client } from '../session/client';
import { toldOf } from '../state/told';
import type { Told } from '../state/told';
import { FOUND_WORDS, ifNotMadeWords, whatFollows } from '../state/unknown-payment';
import { ErrorCode } from './error-code';

interface FoundOutFormProps {
  payment: UnknownTransfer;
  onDecided: () => void;
  onCounted: (words: string) => void;
}

const MOST = 500;

/** What this admin found at the wallet service, and how they know. */
export function FoundOutForm({ payment, onDecided, onCounted }: FoundOutFormProps) {
  const id = useId();
  const [outcome, setOutcome] = useState<FoundOut | null>(null);
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const [sending, setSending] = useState(false);
  const [refused, setRefused] = useState<Told | null>(null);
  const send = async (): Promise<void> => {
    setTried(true);
    if (sending || outcome === null || reason.trim() === '') return;
    setSending(true);
    setRefused(null);
    try {
      const { counts } = await client.decideUnknown(payment.id, {
        ref_id: payment.move.ref_id,
        outcome,
        reason: reason.trim(),
      });
      if (counts) onCounted(countedWords(payment, outcome));
      onDecided();
    } catch (thrown) {
      setRefused(toldOf(thrown));
    } finally {
      setSending(false);
    }
  };
  const choice = (of: FoundOut) => (
    <label className="check">
      <input
        type="radio"
        name={`${id}-outcome`}
        value={of}
        checked={outcome === of}
        disabled={of === 'not_made' && payment.if_not_made !== 'decides'}
        onChange={() => setOutcome(of)}
      />
      <span>
        <b>{of === 'made' ? 'The transfer was made' : 'No transfer was made'}</b>
        <br />
        {of === 'not_made' ? ifNotMadeWords(payment) : `With a second admin ${whatFollows(payment, of)}.`}
      </span>
    </label>
  );
  return (
    <form
      className="stack-3 mt-3"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <fieldset className="plain stack-3" aria-describedby={`${id}-which`}>
        <legend>What did you find at the wallet service?</legend>
        {choice('made')}
        {choice('not_made')}
        <p id={`${id}-which`} className="err" role="alert">
          {tried && outcome === null && 'Choose what you found.'}
        </p>
      </fieldset>
      <div className="field">
        <label htmlFor={`${id}-reason`}>How you know</label>
        <textarea
          id={`${id}-reason`}
          rows={2}
          maxLength={MOST}
          value={reason}
          aria-invalid={tried && reason.trim() === ''}
          aria-describedby={`${id}-rule`}
          onChange={({ target }) => setReason(target.value)}
        />
        {tried && reason.trim() === '' ? (
          <p id={`${id}-rule`} className="err" role="alert">
            Say how you know: where you looked and what stands there.
          </p>
        ) : (
          <p id={`${id}-rule`} className="hint">
            Kept with what you say, at most {MOST} characters. You say it once.
          </p>
        )}
      </div>
      {refused !== null && (
        <p className="err" role="alert">
          <span>
            {refused.message}
            <ErrorCode {...refused} />
          </span>
        </p>
      )}
      <button className="btn primary" type="submit" aria-disabled={sending}>
        {sending ? 'Sending…' : `Say ${outcome === null ? 'what you found' : FOUND_WORDS[outcome]}`}
      </button>
    </form>
  );
}

const countedWords = (payment: UnknownTransfer, outcome: FoundOut): string =>
  `Two admins have said that the transfer of ${payment.move.amount_usdc} USDC was ${outcome === 'made' ? 'made' : 'not made'}: ${whatFollows(payment, outcome)}.`;
