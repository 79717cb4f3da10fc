import { useId, useState } from 'react';
import { newClientId } from '../../sdk/platform';
import { client } from '../session/client';
import { NOT_AN_AMOUNT, typedUsdc } from '../state/money';
import { AmountField } from './amount-field';
import { ErrorCode } from './error-code';
import { useSend } from './use-send';

interface RefundCardProps {
  paymentId: string;
  /** what is left to give back */
  left: string;
  onChanged: () => void;
}

/** For whom was paid, and those who operate: gives all that is left back, or a part of it. */
export function RefundCard({ paymentId, left, onChanged }: RefundCardProps) {
  const reasonId = useId();
  const [typed, setTyped] = useState({ amount: left, reason: '' });
  const [wrong, setWrong] = useState<'amount' | 'reason' | null>(null);
  // Kept over presses of one wish: it is refunded once, however often it is sent.
  const [id, setId] = useState(newClientId);
  const { busy, error, send } = useSend();
  const change = (name: keyof typeof typed, value: string): void => {
    setTyped({ ...typed, [name]: value });
    setWrong(null);
    setId(newClientId());
  };
  const amount = typedUsdc(typed.amount);
  const submit = (): void => {
    if (amount === null) return setWrong('amount');
    const reason = typed.reason.trim();
    if (reason === '') return setWrong('reason');
    send(() => client.refund(paymentId, { id, amount_usdc: amount, reason }), onChanged);
  };
  return (
    <section className="card pad" aria-labelledby="refund">
      <h2 id="refund">Give it back</h2>
      <p className="small quiet mb-3">
        {left} USDC of it is left. What you give back goes to the payer, and cannot be taken back. The
        platform gives its part of the fee.
      </p>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <AmountField
          label="Amount"
          rule={`At most ${left}.`}
          value={typed.amount}
          wrong={wrong === 'amount' ? NOT_AN_AMOUNT : null}
          onChange={(value) => change('amount', value)}
        />
        <div className="field">
          <label htmlFor={reasonId}>Reason</label>
          <input
            id={reasonId}
            maxLength={500}
            value={typed.reason}
            aria-invalid={wrong === 'reason'}
            aria-describedby={`${reasonId}-rule`}
            onChange={({ target }) => change('reason', target.value)}
          />
          <small id={`${reasonId}-rule`} className={wrong === 'reason' ? 't-bad' : ''}>
            {wrong === 'reason' ? 'Write why: the payer reads it.' : 'The payer reads it.'}
          </small>
        </div>
        {error !== null && (
          <p className="err" role="alert">
            {error.message}
            <ErrorCode {...error} />
          </p>
        )}
        <button className="btn mt-4" type="submit" aria-disabled={busy}>
          {busy ? 'Sending…' : amount === null ? 'Refund' : `Refund ${amount} USDC`}
        </button>
      </form>
    </section>
  );
}
