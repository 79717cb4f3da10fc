import { useState } from 'react';
import type { Budgets } from '../../sdk/money-types';
import { client } from '../session/client';
import { NOT_AN_AMOUNT, typedUsdc } from '../state/money';
import { AmountField } from './amount-field';
import { FormDialog } from './form-dialog';
import { useSend } from './use-send';

interface BudgetDialogProps {
  budgets: Budgets;
  onClose: () => void;
  onChanged: () => void;
}

/** Both budgets; one that is left empty is no limit. */
export function BudgetDialog({ budgets, onClose, onChanged }: BudgetDialogProps) {
  const [typed, setTyped] = useState({ day: budgets.day_usdc ?? '', month: budgets.month_usdc ?? '' });
  const [wrong, setWrong] = useState<'day' | 'month' | null>(null);
  const { busy, error, send } = useSend();
  const submit = (): void => {
    const read = (text: string): string | null | undefined =>
      text.trim() === '' ? null : (typedUsdc(text) ?? undefined);
    const [day, month] = [read(typed.day), read(typed.month)];
    if (day === undefined || month === undefined) {
      setWrong(day === undefined ? 'day' : 'month');
      return;
    }
    send(
      () => client.setBudgets({ day_usdc: day, month_usdc: month }),
      () => {
        onChanged();
        onClose();
      },
    );
  };
  const field = (name: 'day' | 'month', label: string) => (
    <AmountField
      label={label}
      rule="Leave it empty for no limit."
      value={typed[name]}
      wrong={wrong === name ? NOT_AN_AMOUNT : null}
      onChange={(value) => {
        setTyped({ ...typed, [name]: value });
        setWrong(null);
      }}
    />
  );
  return (
    <FormDialog
      title="Budgets over all your chats"
      verb="Save budgets"
      busy={busy}
      error={error}
      onSubmit={submit}
      onClose={onClose}
    >
      <p className="small quiet mt-3 mb-3">
        Nothing that would go over a budget can be approved, by you or by a rule.
      </p>
      {field('day', 'A day')}
      {field('month', 'A month')}
    </FormDialog>
  );
}
