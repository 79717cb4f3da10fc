import { createHash } from 'node:crypto';
import { activeAgents, agentVectors, recordHealth, recordOffer, storeVector } from '../../db/agents';
import type { ServiceAgent } from '../../db/agents';
import type { Database } from '../../db/database';
import { completedJobs } from '../../db/listing-pages';
import type { AgentHealth } from '../../domain/agent';
import { SYSTEM } from '../../domain/principal';
import type { GuardedHttp } from '../../lib/guarded-http';
import { checkHealth, fetchOffer } from '../agents/service-agent';
import type { Encoder } from '../search/encoder';
import { rank } from '../search/rank';
import { shorten } from '../search/shorten';
import type { FoundAgent } from '../search/shorten';
import { createTool } from './run-tool';

export interface SearchDeps {
  db: Database;
  http: GuardedHttp;
  encoder: Encoder;
  waitMs: number;
  healthTimeoutMs: number;
  healthCacheMs: number;
}

/** The best k agents by meaning: twice as many are looked at, those that do not answer are dropped. */
export const createSearchAgents = (deps: SearchDeps) =>
  createTool(deps, {
    name: 'vector_search',
    activity: 'searchAgents',
    working: ({ query }) => `Searching for “${query}”`,
    async look(_call, { query, k }) {
      const agents = await withOffers(deps, await deps.db.withTx(SYSTEM, 'search.agents', activeAgents));
      const vectors = await vectorsOf(deps, agents);
      const [wish = []] = await deps.encoder.encode([query]);
      const candidates = rank(wish, agents, vectors).slice(0, k * 2);
      const checked = await Promise.all(
        candidates.map(async ({ agent, score }) => ({ agent, score, health: await healthOf(deps, agent) })),
      );
      const healthy = checked.filter(({ health }) => health === 'healthy' || health === 'degraded');
      const best = healthy.slice(0, k);
      const fit = checked.length === 1 ? '1 agent fits' : `${checked.length} agents fit`;
      const up = healthy.length === 1 ? '1 is healthy' : `${healthy.length} are healthy`;
      return async (tx) => {
        const jobs = await completedJobs(
          tx,
          best.map(({ agent }) => agent.id),
        );
        const found = best.map((candidate) => foundAgent(candidate, jobs.get(candidate.agent.id) ?? 0));
        return {
          kind: 'answer',
          result: { agents: shorten(found) },
          text: `Searched for “${query}”: ${fit}, ${up}`,
        };
      };
    },
  });

function foundAgent(
  { agent, score, health }: { agent: ServiceAgent; score: number; health: AgentHealth },
  jobs: number,
): FoundAgent {
  return {
    agent_id: agent.id,
    name: agent.name,
    description: agent.description,
    health,
    trust: { total_jobs: jobs, listed_since: agent.createdAt.slice(0, 10) },
    actions: (agent.offer?.actions ?? []).map(({ name, description, price_usdc, risk_level }) => ({
      name,
      description,
      price_usdc,
      risk_level,
    })),
    score: Number(score.toFixed(3)),
  };
}

/** What each agent offers, asked for once when it is not known yet. */
async function withOffers(
  { db, http, healthTimeoutMs }: SearchDeps,
  agents: ServiceAgent[],
): Promise<ServiceAgent[]> {
  return Promise.all(
    agents.map(async (agent) => {
      if (agent.offer !== null) return agent;
      const answer = await fetchOffer(http, agent.baseUrl, healthTimeoutMs).catch(() => null);
      if (answer === null) return agent;
      await db.withTx(SYSTEM, 'search.offer', (tx) => recordOffer(tx, agent.id, answer.offer));
      return { ...agent, offer: answer.offer };
    }),
  );
}

/** One vector an agent, made again when its words have changed. */
async function vectorsOf(
  { db, encoder }: SearchDeps,
  agents: ServiceAgent[],
): Promise<Map<string, number[]>> {
  const stored = await db.withTx(SYSTEM, 'search.vectors', (tx) => agentVectors(tx, encoder.modelId));
  const vectors = new Map<string, number[]>();
  const missing: { agentId: string; sourceHash: string; text: string }[] = [];
  for (const agent of agents) {
    const actions = (agent.offer?.actions ?? []).map(({ name, description }) => `${name}: ${description}`);
    const text = [agent.name, agent.description, ...agent.tags, ...actions].join('. ');
    const sourceHash = createHash('sha256').update(text).digest('hex');
    const known = stored.find((row) => row.agentId === agent.id && row.sourceHash === sourceHash);
    if (known === undefined) missing.push({ agentId: agent.id, sourceHash, text });
    else vectors.set(agent.id, known.vector);
  }
  const made = missing.length === 0 ? [] : await encoder.encode(missing.map(({ text }) => text));
  for (const [index, { agentId, sourceHash }] of missing.entries()) {
    const vector = made[index] ?? [];
    vectors.set(agentId, vector);
    await db.withTx(SYSTEM, 'search.store-vector', (tx) =>
      storeVector(tx, { agentId, sourceHash, vector, modelId: encoder.modelId }),
    );
  }
  return vectors;
}

/** A check that is fresh enough is believed; otherwise the agent is asked. */
async function healthOf(deps: SearchDeps, agent: ServiceAgent): Promise<AgentHealth> {
  const { lastHealthStatus, lastHealthCheckAt } = agent;
  const fresh = lastHealthCheckAt !== null && Date.now() - Date.parse(lastHealthCheckAt) < deps.healthCacheMs;
  if (fresh && lastHealthStatus !== null) return lastHealthStatus;
  const health = await checkHealth(deps.http, agent.baseUrl, deps.healthTimeoutMs);
  await deps.db.withTx(SYSTEM, 'search.health', (tx) => recordHealth(tx, agent.id, health));
  return health;
}
