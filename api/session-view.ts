import { connectedAgents } from '../db/agents';
import type { Tx } from '../db/database';
import { openAsks } from '../db/open-asks';
import { getSession, sessionSpend } from '../db/sessions';
import type { SessionListing } from '../db/sessions';
import { formatUsdc } from '../domain/money';

export const listItem = (session: SessionListing) => ({
  id: session.id,
  title: session.title,
  phase: session.phase,
  created_at: session.createdAt,
  last_message_at: session.lastMessageAt,
  cost: formatUsdc(session.costMicros),
  waiting: session.waiting,
});

/** A chat as its page needs it: where it stands, what waits for an answer, who works in it, what it cost. */
export async function sessionView(tx: Tx, sessionId: string) {
  const session = await getSession(tx, sessionId);
  const pending = await openAsks(tx, sessionId);
  const agents = await connectedAgents(tx, sessionId);
  const spend = await sessionSpend(tx, sessionId);
  return {
    id: session.id,
    title: session.title,
    phase: session.phase,
    created_at: session.createdAt,
    last_message_at: session.lastMessageAt,
    pending,
    agents: agents.map((agent) => ({
      agent_id: agent.agentId,
      name: agent.name,
      health: agent.health,
      paid_usdc: formatUsdc(agent.paidMicros),
    })),
    budget: {
      limit_usdc: formatUsdc(session.budgetMicros),
      auto_approve_usdc: formatUsdc(session.autoApproveMicros),
      spent_usdc: formatUsdc(spend.agentsMicros + spend.modelMicros),
      held_usdc: formatUsdc(spend.heldMicros),
      asked_usdc: formatUsdc(spend.askedMicros),
      model_usdc: formatUsdc(spend.modelMicros),
    },
  };
}
