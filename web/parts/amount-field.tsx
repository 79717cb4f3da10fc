import { useId } from 'react';
import { Icon } from './icons';

interface AmountFieldProps {
  label: string;
  /** what is right; in its place stands what is wrong */
  rule: string;
  value: string;
  wrong: string | null;
  onChange: (value: string) => void;
}

/** An amount of USDC, as words: it is never a number of the browser. */
export function AmountField({ label, rule, value, wrong, onChange }: AmountFieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>
        {label} <span className="regular quiet">USDC</span>
      </label>
      <input
        id={id}
        inputMode="decimal"
        autoComplete="off"
        value={value}
        aria-invalid={wrong !== null}
        aria-describedby={`${id}-rule`}
        onChange={({ target }) => onChange(target.value)}
      />
      {wrong === null ? (
        <small id={`${id}-rule`}>{rule}</small>
      ) : (
        <p className="err" id={`${id}-rule`} role="alert">
          <Icon name="alert" />
          {wrong}
        </p>
      )}
    </div>
  );
}
