import type { About, SessionAgent, SessionView } from '../../sdk/api-types';
import { healthOf } from '../state/health';
import { budgetView, isNothing, standingRule } from '../state/money';
import { openPayments } from '../state/turn-view';
import type { Transcript } from '../state/conversation';
import { ModelPart } from './model-notice';
import { Money } from './money';

interface AsideProps {
  view: SessionView | null;
  transcript: Transcript;
  about: About | null;
}

/** What this chat has cost, who works in it, who answers. */
export function AsideParts({ view, transcript, about }: AsideProps) {
  return (
    <>
      <section>
        <h2>Money in this chat, USDC</h2>
        {view !== null && <Sums view={view} />}
      </section>
      {view !== null && view.agents.length > 0 && (
        <section>
          <h2>{view.agents.length === 1 ? 'Agent' : `Agents, ${view.agents.length}`}</h2>
          <ul className="stack">
            {view.agents.map((agent) => (
              <AgentRow key={agent.agent_id} agent={agent} transcript={transcript} />
            ))}
          </ul>
        </section>
      )}
      <section>
        <h2>Rules</h2>
        <p className="quiet">
          {view !== null && standingRule(view.budget.auto_approve_usdc)}{' '}
          {about !== null && `Up to ${about.limits.agents_a_turn} agents a turn. `}
          What is held comes back when the work fails.
        </p>
      </section>
      <section>
        <h2>Model</h2>
        {about !== null && <ModelPart model={about.model} />}
      </section>
    </>
  );
}

function Sums({ view }: { view: SessionView }) {
  const sums = budgetView(view.budget);
  const { shares } = sums;
  return (
    <>
      <div
        className="bar"
        role="img"
        aria-label={`${sums.spent} of ${sums.limit} USDC spent, ${sums.held} held, ${sums.asked} asked`}
      >
        {shares.spent > 0 && <i className="paid" style={{ width: `${shares.spent}%` }} />}
        {shares.held > 0 && <i className="held" style={{ width: `${shares.held}%` }} />}
        {shares.asked > 0 && <i className="asked" style={{ width: `${shares.asked}%` }} />}
      </div>
      <dl className="sums">
        <dt>
          <i className="key" />
          Spent
        </dt>
        <dd>{sums.spent}</dd>
        <dt className="sub">
          agents {sums.agents}, model {sums.model}
        </dt>
        <dd />
        <dt>
          <i className="key held" />
          Held
        </dt>
        <dd>{sums.held}</dd>
        <dt>
          <i className="key asked" />
          Asked now
        </dt>
        <dd>{sums.asked}</dd>
        <dt className="total">Left of {sums.limit}</dt>
        <dd className="total">{sums.left}</dd>
      </dl>
    </>
  );
}

function AgentRow({ agent, transcript }: { agent: SessionAgent; transcript: Transcript }) {
  const { word, mark } = healthOf(agent.health);
  const asked = openPayments(transcript).find(({ agentId }) => agentId === agent.agent_id);
  return (
    <li className="row">
      <span className="tile sm" aria-hidden="true">
        {agent.name.slice(0, 2)}
      </span>
      <span className="grow">
        <b>
          <bdi>{agent.name}</bdi>
        </b>
        <br />
        <span className={`health ${mark}`}>{word}</span>
      </span>
      <span className="quiet right">
        {asked !== undefined ? (
          <>
            <Money amount={asked.amount} /> asked
          </>
        ) : isNothing(agent.paid_usdc) ? null : (
          <>
            <Money amount={agent.paid_usdc} /> paid
          </>
        )}
      </span>
    </li>
  );
}
