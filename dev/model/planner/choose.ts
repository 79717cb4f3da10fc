import { propertiesOf } from './schema';
import { nearness, stems, weightOf } from './stems';
import type { Action, Found, Offer } from './tool-results';

export interface Choice {
  agentId: string;
  name: string;
  action: Action;
  score: number;
}

// Below this an action shares nothing with the request that would justify asking a person for money.
const FLOOR = 0.3;
const NEAR_BY_MEANING = 0.35;
// A connected agent is asked again without a search only for what it clearly does.
const CLEARLY = 0.45;
const NEARLY = 0.7;

/** The agents found, best first, each with its best action; those that do not fit are left out. */
export function chooseAmong(request: string, agents: Found[]): Choice[] {
  return agents
    .filter(({ health }) => health !== 'unhealthy' && health !== 'not_ready')
    .flatMap((agent) => {
      const context = `${agent.name} ${agent.description}`;
      const best = bestAction(request, agent.actions, context);
      if (best === null) return [];
      const fits =
        best.own >= FLOOR || agent.score >= NEAR_BY_MEANING || (best.score >= 0.2 && agent.score >= 0.2);
      const choice = {
        agentId: agent.agent_id,
        name: agent.name,
        action: best.action,
        score: best.score + 0.5 * agent.score,
      };
      return fits ? [choice] : [];
    })
    .sort((a, b) => b.score - a.score);
}

/** The best action of one offer, whatever its score; of those that are nearly as good, one that lacks nothing. */
export function chooseIn(request: string, offer: Offer, isReady: (action: Action) => boolean): Action | null {
  const ranked = rankActions(request, offer.actions, offer.name);
  const [best] = ranked;
  if (best === undefined) return null;
  const near = ranked.filter(({ score }) => score >= NEARLY * best.score);
  return (near.find(({ action }) => isReady(action)) ?? best).action;
}

/** An agent connected earlier that clearly does what is asked now. */
export function chooseConnected(request: string, offers: Offer[]): Offer | null {
  const ranked = offers
    .flatMap((offer) => {
      const best = bestAction(request, offer.actions, offer.name);
      return best === null || best.own < CLEARLY ? [] : [{ offer, ...best }];
    })
    .sort((a, b) => b.score - a.score);
  return ranked[0]?.offer ?? null;
}

interface Scored {
  action: Action;
  /** What the action's own words earn. */
  own: number;
  /** The same with the agent's words and the share of the request that is covered. */
  score: number;
}

const bestAction = (request: string, actions: Action[], context: string): Scored | null =>
  rankActions(request, actions, context)[0] ?? null;

function rankActions(request: string, actions: Action[], context: string): Scored[] {
  const wanted = [...new Set(stems(request))];
  const around = stems(context);
  const scored = actions.map((action) => {
    const name = stems(action.name);
    const described = stems(action.description);
    const inputs = stems(
      propertiesOf(action.input_schema)
        .map((property) => property.name)
        .join(' '),
    );
    const gains = wanted.map((one) => {
      const own = Math.max(near(one, name), 0.7 * near(one, described));
      const most = Math.max(own, 0.5 * near(one, inputs), 0.4 * near(one, around));
      return { own, most };
    });
    const own = sum(gains.map((gain) => gain.own));
    const most = sum(gains.map((gain) => gain.most));
    const covered = most / Math.max(1, wanted.length);
    return { action, own: own / (own + 1), score: 0.7 * (most / (most + 1)) + 0.3 * covered };
  });
  return scored.sort((a, b) => b.score - a.score);
}

/** A match counts as little as the commoner of its two words says. */
const near = (one: string, others: string[]): number =>
  Math.max(0, ...others.map((other) => nearness(one, other) * Math.min(weightOf(one), weightOf(other))));
const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
