import { connectAgent, getActiveAgent, recordHealth, recordOffer } from '../../db/agents';
import type { Database } from '../../db/database';
import { voidOtherOffers } from '../../db/withdraw-payments';
import { MooringError } from '../../domain/errors';
import { SYSTEM } from '../../domain/principal';
import type { TurnLimits } from '../../domain/session';
import type { GuardedHttp } from '../../lib/guarded-http';
import { checkHealth, fetchOffer } from '../agents/service-agent';
import { requirePlace } from './require-place';
import { createTool } from './run-tool';

export interface ConnectDeps {
  db: Database;
  http: GuardedHttp;
  waitMs: number;
  healthTimeoutMs: number;
  turnLimits: TurnLimits;
}

/** Checks an agent now and stores its terms with their hash: what it asks later is held against them. */
export const createConnectAgent = (deps: ConnectDeps) =>
  createTool(deps, {
    name: 'connect_agent',
    activity: 'connectAgent',
    working: () => 'Checking the agent',
    async look(call, { agent_id }) {
      const { db, http, healthTimeoutMs } = deps;
      const place = { turnId: call.turnId, agentId: agent_id, most: deps.turnLimits.agents };
      const agent = await db.withTx(SYSTEM, 'connect.look-up', async (tx) => {
        await requirePlace(tx, place);
        return getActiveAgent(tx, agent_id);
      });
      const health = await checkHealth(http, agent.baseUrl, healthTimeoutMs);
      await db.withTx(SYSTEM, 'connect.health', (tx) => recordHealth(tx, agent.id, health));
      if (health === 'unhealthy' || health === 'not_ready') {
        throw new MooringError('agent_unavailable', `${agent.name} is not available now.`);
      }
      const { offer, hash } = await fetchOffer(http, agent.baseUrl, healthTimeoutMs);
      return async (tx) => {
        // again under the session's lock: others of this turn may have connected side by side
        await requirePlace(tx, place);
        await recordOffer(tx, agent.id, offer);
        await connectAgent(tx, {
          sessionId: call.sessionId,
          userId: call.userId,
          turnId: call.turnId,
          agentId: agent.id,
          agentName: agent.name,
          offer,
          offerHash: hash,
        });
        // what was approved was approved on other terms
        await voidOtherOffers(tx, { sessionId: call.sessionId, agentId: agent.id, offerHash: hash });
        return {
          kind: 'answer',
          result: { agent_id: agent.id, name: agent.name, health, offer_hash: hash, ...offer },
          text: `Connected to ${agent.name}, ${health}; its terms are saved`,
          about: { agent_id: agent.id, agent_name: agent.name, phase: 'AGENT_CONNECTED' },
        };
      };
    },
  });
