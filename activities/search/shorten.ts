import { AGENT_TEXT_LIMIT } from '../../domain/session';

/** What the platform's own records say of an agent; there are no ratings yet. */
interface Trust {
  /** tasks it has completed, of all people */
  total_jobs: number;
  listed_since: string;
}

/** An agent as a search answers it to the model. */
export interface FoundAgent {
  agent_id: string;
  name: string;
  description: string;
  health: string;
  trust: Trust;
  actions: { name: string; description: string; price_usdc: string | null; risk_level: string }[];
  /** how many actions were left out for length; connecting tells them all */
  actions_left_out?: number;
  score: number;
}

const SHORTEST_TEXT = 60;

/** The answer of a search within its limit: first descriptions get shorter, then lists of actions. */
export function shorten(agents: FoundAgent[]): FoundAgent[] {
  let text = 4_000;
  let actions = 50;
  let short = agents;
  while (Buffer.byteLength(JSON.stringify({ agents: short })) > AGENT_TEXT_LIMIT && actions > 1) {
    if (text > SHORTEST_TEXT) text = Math.max(SHORTEST_TEXT, Math.floor(text / 2));
    else actions = Math.floor(actions / 2);
    short = agents.map((agent) => cut(agent, { text, actions }));
  }
  return short;
}

function cut(agent: FoundAgent, to: { text: number; actions: number }): FoundAgent {
  const leftOut = agent.actions.length - to.actions;
  return {
    ...agent,
    description: cutText(agent.description, to.text),
    actions: agent.actions
      .slice(0, to.actions)
      .map((action) => ({ ...action, description: cutText(action.description, to.text) })),
    ...(leftOut > 0 ? { actions_left_out: leftOut } : {}),
  };
}

/** Cut between characters. */
function cutText(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
