import { MooringError } from '../domain/errors';
import type { AgentHealth, AgentOffer } from '../domain/agent';
import type { Tx } from './database';

export interface ServiceAgent {
  id: string;
  ownerId: string;
  slug: string;
  name: string;
  description: string;
  categories: string[];
  tags: string[];
  baseUrl: string;
  offer: AgentOffer | null;
  lastHealthStatus: AgentHealth | null;
  lastHealthCheckAt: string | null;
  createdAt: string;
}

const COLUMNS = `id, owner_id as "ownerId", slug, name, description, categories, tags, base_url as "baseUrl", offer,
  last_health_status as "lastHealthStatus", last_health_check_at as "lastHealthCheckAt", created_at as "createdAt"`;

export async function activeAgents(tx: Tx): Promise<ServiceAgent[]> {
  return tx.query<ServiceAgent>(
    `select ${COLUMNS} from agents where kind = 'service' and status = 'ACTIVE' order by id`,
  );
}

/** Null when it is not listed, or not any more. */
export async function findActiveAgent(tx: Tx, id: string): Promise<ServiceAgent | null> {
  const [agent] = await tx.query<ServiceAgent>(
    `select ${COLUMNS} from agents where id = $1 and kind = 'service' and status = 'ACTIVE'`,
    [id],
  );
  return agent ?? null;
}

export async function getActiveAgent(tx: Tx, id: string): Promise<ServiceAgent> {
  const agent = await findActiveAgent(tx, id);
  if (agent === null) throw new MooringError('not_found', 'There is no such agent.');
  return agent;
}

/** The keys that our calls to an agent carry, sealed as stored. */
export async function sealedKeys(
  tx: Tx,
  agentId: string,
): Promise<{ orchestratorKey: string; signingSecret: string }> {
  const [row] = await tx.query<{ orchestratorKey: string; signingSecret: string }>(
    `select orchestrator_key as "orchestratorKey", signing_secret as "signingSecret" from agent_keys
      where agent_id = $1`,
    [agentId],
  );
  if (row === undefined) throw new MooringError('not_found', 'There is no such agent.');
  return row;
}

/** Stores the sealed keys of an agent in the place of those it had. */
export async function storeKeys(
  tx: Tx,
  agentId: string,
  keys: { orchestratorKey: string; signingSecret: string },
): Promise<void> {
  await tx.query(
    `insert into agent_keys (agent_id, orchestrator_key, signing_secret) values ($1, $2, $3)
     on conflict (agent_id) do update
       set orchestrator_key = excluded.orchestrator_key, signing_secret = excluded.signing_secret`,
    [agentId, keys.orchestratorKey, keys.signingSecret],
  );
}

/** A person's own agent: the sender of the tasks of their chats. */
export async function personalAgentId(tx: Tx, userId: string): Promise<string> {
  const [row] = await tx.query<{ id: string }>(
    `select id from agents where owner_id = $1 and kind = 'personal'`,
    [userId],
  );
  if (row === undefined) throw new MooringError('not_found', 'This person has no personal agent.');
  return row.id;
}

export async function recordHealth(tx: Tx, agentId: string, health: AgentHealth): Promise<void> {
  await tx.query('update agents set last_health_status = $2, last_health_check_at = now() where id = $1', [
    agentId,
    health,
  ]);
}

export async function recordOffer(tx: Tx, agentId: string, offer: AgentOffer): Promise<void> {
  await tx.query('update agents set offer = $2 where id = $1', [agentId, offer]);
}

export interface StoredVector {
  agentId: string;
  sourceHash: string;
  vector: number[];
}

export async function agentVectors(tx: Tx, modelId: string): Promise<StoredVector[]> {
  return tx.query<StoredVector>(
    `select agent_id as "agentId", source_hash as "sourceHash", vector from agent_embeddings where model_id = $1`,
    [modelId],
  );
}

export async function storeVector(tx: Tx, row: StoredVector & { modelId: string }): Promise<void> {
  await tx.query(
    `insert into agent_embeddings (agent_id, model_id, source_hash, vector) values ($1, $2, $3, $4)
     on conflict (agent_id, model_id) do update set source_hash = excluded.source_hash, vector = excluded.vector`,
    [row.agentId, row.modelId, row.sourceHash, row.vector],
  );
}

export interface AgentConnection {
  agentId: string;
  agentName: string;
  offer: AgentOffer;
  offerHash: string;
}

/** Stores what the agent offers now; a second connect of the same session refreshes it. */
export async function connectAgent(
  tx: Tx,
  row: AgentConnection & { sessionId: string; userId: string; turnId: string },
): Promise<void> {
  await tx.query(
    `insert into connections (session_id, agent_id, user_id, turn_id, agent_name, offer, offer_hash)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (session_id, agent_id) do update
       set offer = excluded.offer, offer_hash = excluded.offer_hash, turn_id = excluded.turn_id,
           agent_name = excluded.agent_name`,
    [row.sessionId, row.agentId, row.userId, row.turnId, row.agentName, row.offer, row.offerHash],
  );
}

export async function getConnection(
  tx: Tx,
  sessionId: string,
  agentId: string,
): Promise<AgentConnection | null> {
  const rows = await tx.query<AgentConnection>(
    `select agent_id as "agentId", agent_name as "agentName", offer, offer_hash as "offerHash"
       from connections where session_id = $1 and agent_id = $2`,
    [sessionId, agentId],
  );
  return rows[0] ?? null;
}

/** The agents that a turn has connected to, asked to pay or hired, each once. */
export async function agentsOfTurn(tx: Tx, turnId: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `select agent_id as id from connections where turn_id = $1
     union select agent_id from payments where turn_id = $1
     union select to_agent_id from tasks where turn_id = $1`,
    [turnId],
  );
  return rows.map((row) => row.id);
}

/** The agents a session is connected to, with what each was paid. */
export async function connectedAgents(
  tx: Tx,
  sessionId: string,
): Promise<{ agentId: string; name: string; health: AgentHealth | null; paidMicros: bigint }[]> {
  return tx.query(
    `select c.agent_id as "agentId", c.agent_name as name, a.last_health_status as health,
            (select coalesce(sum(captured_micros - refunded_micros), 0)::bigint from payments p
              where p.session_id = c.session_id and p.agent_id = c.agent_id) as "paidMicros"
       from connections c left join agents a on a.id = c.agent_id
      where c.session_id = $1 order by c.created_at`,
    [sessionId],
  );
}
