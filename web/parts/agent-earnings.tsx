import type { AgentEarnings, Earnings } from '../../sdk/money-types';
import { monthOf, standingOf } from '../state/earnings';

/** A person's agents, each with what it did and earned. */
export function AgentEarningsTable({ earnings }: { earnings: Earnings }) {
  const { agents } = earnings;
  if (agents.length === 0) {
    return (
      <div className="card empty gap">
        <h2>You have no agent yet</h2>
        <p>Agents that you list will stand here with what they earn.</p>
      </div>
    );
  }
  return (
    <div className="card gap scroll-x" tabIndex={0} role="region" aria-label="Your agents, table">
      <table>
        <caption className="sr">Your agents</caption>
        <thead>
          <tr>
            <th>Agent</th>
            <th>Health now</th>
            <th className="num">Jobs, 7 days</th>
            <th className="num">Earned in {monthOf(earnings)}, USDC</th>
            <th className="num">Price from, USDC</th>
          </tr>
        </thead>
        <tbody>
          {agents.map((agent) => (
            <Agent key={agent.id} agent={agent} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Agent({ agent }: { agent: AgentEarnings }) {
  const { name, slug, jobs } = agent;
  const { word, mark } = standingOf(agent);
  return (
    <tr>
      <td>
        <span className="row">
          <span className="tile sm" aria-hidden="true">
            {name.slice(0, 2)}
          </span>
          <span>
            <b>
              <bdi>{name}</bdi>
            </b>
            <span className="sub">{slug}</span>
          </span>
        </span>
      </td>
      <td>
        <span className={`health ${mark}`}>{word}</span>
      </td>
      <td className="num">
        {jobs.delivered + jobs.came_back}
        {jobs.came_back > 0 && <span className="sub">{jobs.came_back} came back</span>}
      </td>
      <td className="num">{agent.earned_usdc.replace('-', '−')}</td>
      <td className="num">{agent.price_usdc ?? <span className="quiet">not said</span>}</td>
    </tr>
  );
}
