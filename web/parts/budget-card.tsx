import { useState } from 'react';
import type { Budgets, Spent } from '../../sdk/money-types';
import { monthName } from '../state/clock';
import { shareOf } from '../state/money';
import { BudgetDialog } from './budget-dialog';

/** What a person may approve in a day and in a month, and what they have. */
export function BudgetCard({ budgets, onChanged }: { budgets: Budgets; onChanged: () => void }) {
  const [editing, setEditing] = useState(false);
  const { day, day_usdc: dayLimit, approved_day_usdc: today, month, month_usdc: monthLimit } = budgets;
  return (
    <section className="card" aria-labelledby="budgets">
      <div className="card-head">
        <h2 id="budgets">Budgets</h2>
        <button className="btn sm" type="button" onClick={() => setEditing(true)}>
          {dayLimit === null && monthLimit === null ? 'Set' : 'Edit'}
          <span className="sr"> budgets</span>
        </button>
      </div>
      <div className="pad">
        <Budget name="Today" spent={day} approved={today} limit={dayLimit} />
        <Budget
          name={monthName(new Date())}
          spent={month}
          approved={budgets.approved_month_usdc}
          limit={monthLimit}
        />
        <p className="tiny quiet mt-3 keys-row">
          <span>
            <i className="key" />
            paid
          </span>
          <span>
            <i className="key held" />
            held
          </span>
          <span>
            <i className="key unknown" />
            not known yet
          </span>
        </p>
        <p className="tiny quiet mt-3">Days and months are those of UTC.</p>
      </div>
      {editing && <BudgetDialog budgets={budgets} onClose={() => setEditing(false)} onChanged={onChanged} />}
    </section>
  );
}

interface BudgetProps {
  name: string;
  spent: Spent;
  approved: string;
  limit: string | null;
}

function Budget({ name, spent, approved, limit }: BudgetProps) {
  const { paid_usdc: paid, held_usdc: held, unknown_usdc: unknown } = spent;
  const of = limit === null ? 'without a limit' : `of ${limit}`;
  return (
    <div className="budget">
      <p className="row between small">
        <span>{name}</span>
        <span>
          <b>{approved}</b> <span className="quiet">{of}</span>
        </span>
      </p>
      {limit !== null && (
        <div
          className="bar"
          role="img"
          aria-label={`${name}: ${paid} paid, ${held} held, ${unknown} not known, ${of}`}
        >
          <Part kind="paid" amount={paid} limit={limit} />
          <Part kind="held" amount={held} limit={limit} />
          <Part kind="unknown" amount={unknown} limit={limit} />
        </div>
      )}
    </div>
  );
}

function Part({ kind, amount, limit }: { kind: string; amount: string; limit: string }) {
  const share = shareOf(amount, limit);
  return share === 0 ? null : <i className={kind} style={{ width: `${share}%` }} />;
}
