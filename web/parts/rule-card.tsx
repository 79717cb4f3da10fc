import { useState } from 'react';
import type { StandingRule } from '../../sdk/money-types';
import { client } from '../session/client';
import { RuleDialog } from './rule-dialog';
import { useSend } from './use-send';

interface RuleCardProps {
  rules: StandingRule[];
  onChanged: () => void;
}

/** What a person has approved beforehand, in every chat. */
export function RuleCard({ rules, onChanged }: RuleCardProps) {
  const [adding, setAdding] = useState(false);
  return (
    <section className="card" aria-labelledby="rules">
      <div className="card-head">
        <h2 id="rules">Rules</h2>
        <button className="btn sm" type="button" onClick={() => setAdding(true)}>
          Add<span className="sr"> a rule</span>
        </button>
      </div>
      <ol className="feed rules">
        <li>
          {rules.length === 0 ? 'Every payment is asked for.' : 'I ask you before every payment, except:'}
        </li>
        {rules.map((rule) => (
          <Rule key={rule.id} rule={rule} onChanged={onChanged} />
        ))}
      </ol>
      {adding && <RuleDialog onClose={() => setAdding(false)} onChanged={onChanged} />}
    </section>
  );
}

function Rule({ rule, onChanged }: { rule: StandingRule; onChanged: () => void }) {
  const { id, agent_id: agentId, agent_name: agentName, payment_usdc: payment, day_usdc: day } = rule;
  const { busy, error, send } = useSend();
  const name = agentId === null ? 'Any agent' : (agentName ?? agentId);
  return (
    <li>
      <div className="row between">
        <span>
          <b>
            <bdi>{name}</bdi>
          </b>
          <small>
            up to {payment} a payment{day !== null && `, ${day} a day`}
          </small>
        </span>
        <button
          className="btn plain sm"
          type="button"
          aria-disabled={busy}
          onClick={() => send(() => client.endRule(id), onChanged)}
        >
          {busy ? 'Ending…' : 'End'}
          <span className="sr"> the rule for {name}</span>
        </button>
      </div>
      {error !== null && (
        <p className="err" role="alert">
          {error.message} The rule stands.
        </p>
      )}
    </li>
  );
}
