import { useEffect, useState } from 'react';
import { client } from '../session/client';
import { NOT_AN_AMOUNT, typedUsdc } from '../state/money';
import { toldOf } from '../state/told';
import { AmountField } from './amount-field';
import { FormDialog } from './form-dialog';
import { useSend } from './use-send';

interface RuleDialogProps {
  onClose: () => void;
  onChanged: () => void;
}
type Wrong = 'payment' | 'day' | null;

/** What is approved beforehand: to one agent or to any, up to so much a payment and a day. */
export function RuleDialog({ onClose, onChanged }: RuleDialogProps) {
  const [typed, setTyped] = useState({ agent: '', payment: '', day: '' });
  const [wrong, setWrong] = useState<Wrong>(null);
  const { busy, error, send } = useSend();
  const change = (name: keyof typeof typed) => (value: string) => {
    setTyped({ ...typed, [name]: value });
    setWrong(null);
  };
  const submit = (): void => {
    const [payment, day] = [typedUsdc(typed.payment), typedUsdc(typed.day)];
    if (payment === null) return setWrong('payment');
    if (day === null && typed.day.trim() !== '') return setWrong('day');
    send(
      () =>
        client.addRule({
          agent_id: typed.agent === '' ? null : typed.agent,
          payment_usdc: payment,
          day_usdc: day,
        }),
      () => {
        onChanged();
        onClose();
      },
    );
  };
  return (
    <FormDialog
      title="Pay without asking me"
      verb="Add rule"
      busy={busy}
      error={error}
      onSubmit={submit}
      onClose={onClose}
    >
      <p className="small quiet mt-3 mb-3">
        In every chat, and within your budgets. A payment that a rule does not cover is asked for.
      </p>
      <AgentField value={typed.agent} onChange={change('agent')} />
      <AmountField
        label="A payment, at most"
        rule="Such as 0.05."
        value={typed.payment}
        wrong={wrong === 'payment' ? NOT_AN_AMOUNT : null}
        onChange={change('payment')}
      />
      <AmountField
        label="A day, at most"
        rule="Leave it empty for as many payments as come."
        value={typed.day}
        wrong={wrong === 'day' ? NOT_AN_AMOUNT : null}
        onChange={change('day')}
      />
    </FormDialog>
  );
}

function AgentField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [agents, setAgents] = useState<{ id: string; name: string }[]>([]);
  const [failed, setFailed] = useState<string | null>(null);
  useEffect(() => {
    client.listedAgents().then(
      (found) => setAgents(found.agents),
      (thrown: unknown) => setFailed(toldOf(thrown).message),
    );
  }, []);
  return (
    <div className="field">
      <label htmlFor="rule-agent">Agent</label>
      <select id="rule-agent" value={value} onChange={({ target }) => onChange(target.value)}>
        <option value="">Any agent</option>
        {agents.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
      <small>{failed === null ? 'One that is listed, or any.' : `The list did not come: ${failed}`}</small>
    </div>
  );
}
