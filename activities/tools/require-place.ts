import { agentsOfTurn } from '../../db/agents';
import type { Tx } from '../../db/database';
import { MooringError } from '../../domain/errors';

/** A turn works with so many agents, whether it connects to them, asks to pay them or hires them. */
export async function requirePlace(
  tx: Tx,
  { turnId, agentId, most }: { turnId: string; agentId: string; most: number },
): Promise<void> {
  const agents = await agentsOfTurn(tx, turnId);
  if (agents.includes(agentId) || agents.length < most) return;
  throw new MooringError('turn_limit', `A turn works with ${most} agents at most.`);
}
