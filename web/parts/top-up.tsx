import { useState } from 'react';
import { newClientId } from '../../sdk/platform';
import { client } from '../session/client';
import { NOT_AN_AMOUNT, typedUsdc } from '../state/money';
import { AmountField } from './amount-field';
import { FormDialog } from './form-dialog';
import { useSend } from './use-send';

/** Test money, where the server of a development gives any. */
export function TopUp({ onChanged }: { onChanged: () => void }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button className="btn primary" type="button" onClick={() => setOpen(true)}>
        Add money
      </button>
      {open && <TopUpDialog onClose={() => setOpen(false)} onChanged={onChanged} />}
    </>
  );
}

function TopUpDialog({ onClose, onChanged }: { onClose: () => void; onChanged: () => void }) {
  const [typed, setTyped] = useState('5.00');
  const [isWrong, setWrong] = useState(false);
  // Kept over presses of one amount: it is added once, however often it is sent.
  const [id, setId] = useState(newClientId);
  const { busy, error, send } = useSend();
  const amount = typedUsdc(typed);
  const submit = (): void => {
    if (amount === null) {
      setWrong(true);
      return;
    }
    send(
      () => client.topUp({ amount_usdc: amount, id }),
      () => {
        onChanged();
        onClose();
      },
    );
  };
  return (
    <FormDialog
      title="Add test money"
      verb={amount === null ? 'Add money' : `Add ${amount} USDC`}
      busy={busy}
      error={error}
      onSubmit={submit}
      onClose={onClose}
    >
      <p className="small quiet mt-3 mb-3">
        This server is for development: the money is not real, and comes from nowhere.
      </p>
      <AmountField
        label="Amount"
        rule="At most 1000000."
        value={typed}
        wrong={isWrong ? NOT_AN_AMOUNT : null}
        onChange={(value) => {
          setTyped(value);
          setWrong(false);
          setId(newClientId());
        }}
      />
    </FormDialog>
  );
}
