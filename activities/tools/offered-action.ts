import { getConnection } from '../../db/agents';
import type { AgentConnection } from '../../db/agents';
import type { Tx } from '../../db/database';
import type { AgentAction } from '../../domain/agent';
import { MooringError } from '../../domain/errors';
import { assessRisk } from '../../domain/risk';
import type { Risk } from '../../domain/risk';

/** An action of an agent that this session is connected to, as its stored terms say; else the rule that was broken. */
export async function offeredAction(
  tx: Tx,
  sessionId: string,
  { agentId, name }: { agentId: string; name: string },
): Promise<{ connection: AgentConnection; action: AgentAction; risk: Risk }> {
  const connection = await getConnection(tx, sessionId, agentId);
  if (connection === null) throw new MooringError('invalid_request', 'Connect to this agent first.');
  const action = connection.offer.actions.find((offered) => offered.name === name);
  if (action === undefined) {
    const names = connection.offer.actions.map((offered) => offered.name).join(', ');
    throw new MooringError(
      'invalid_request',
      `${connection.agentName} has no action ${name}; it has: ${names}.`,
    );
  }
  const risk = assessRisk({
    said: action.risk_level,
    by: 'The agent itself',
    texts: [action.name.replaceAll('_', ' '), action.description],
    payload: null,
  });
  return { connection, action, risk };
}
