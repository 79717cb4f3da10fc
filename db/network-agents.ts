import type { AgentType } from '../domain/network';
import { MooringError } from '../domain/errors';
import { newId } from '../lib/ids';
import { endMonitor } from './breakers';
import type { Tx } from './database';

/** An agent of the network, as it says itself. */
export interface NetworkAgent {
  id: string;
  slug: string;
  displayName: string;
  agentType: AgentType;
  ownerType: string;
  /** the person behind it; null: nobody has been verified */
  ownerId: string | null;
  ownerEmail: string | null;
  runtime: string | null;
  endpoint: string | null;
  standing: string;
  presence: string;
  visibilityScope: string;
  contactPolicy: string;
  introductionPolicy: string;
  verificationLevel: string;
  profile: Record<string, unknown>;
  fieldVisibility: Record<string, string>;
  lastSeenAt: string | null;
  region: string;
  createdAt: string;
  updatedAt: string;
}

const SELECT = `select a.id, a.slug, a.name as "displayName", p.agent_type as "agentType", p.owner_type as "ownerType",
    a.owner_id as "ownerId", o.email as "ownerEmail", p.runtime, e.url as endpoint, a.status as standing, p.presence,
    p.visibility_scope as "visibilityScope", p.contact_policy as "contactPolicy",
    p.introduction_policy as "introductionPolicy", p.verification_level as "verificationLevel", p.profile,
    p.field_visibility as "fieldVisibility", p.last_seen_at as "lastSeenAt", a.region, a.created_at as "createdAt",
    p.updated_at as "updatedAt"
  from agents a join network_profiles p on p.agent_id = a.id left join endpoints e on e.agent_id = a.id
  left join owner_emails o on o.agent_id = a.id and o.verified_at is not null`;

export const noSuchAgent = (): MooringError => new MooringError('not_found', 'Agent not found');

/** An agent that the one of this transaction may know of: itself, or one that does not hide. Throws not_found. */
export async function getNetworkAgent(tx: Tx, id: string): Promise<NetworkAgent> {
  const [agent] = await tx.query<NetworkAgent>(
    `${SELECT} where a.id = $1 and a.status <> 'DELETED' and (a.id = $2 or p.visibility_scope <> 'private')`,
    [id, tx.principalId],
  );
  if (agent === undefined) throw noSuchAgent();
  return agent;
}

export interface Registration {
  slug: string;
  displayName: string;
  agentType: AgentType;
  ownerType: string;
  runtime: string | null;
  profile: Record<string, unknown>;
  /** of the signed-in person who registers it */
  ownerId: string | null;
  keyHash: Buffer;
}

/** Written by the system: the agent has no key yet. Throws conflict when the slug is taken. */
export async function registerNetworkAgent(tx: Tx, wish: Registration): Promise<NetworkAgent> {
  const id = newId('agt');
  const made = await tx.query(
    `insert into agents (id, kind, owner_id, slug, name, description, status)
     values ($1, 'network', $2, $3, $4, '', 'ACTIVE') on conflict (slug) do nothing returning id`,
    [id, wish.ownerId, wish.slug, wish.displayName],
  );
  if (made.length === 0) {
    throw new MooringError('conflict', 'This slug is taken.', {
      details: { field: 'slug', rule: 'must be free' },
    });
  }
  const isPublic = wish.agentType === 'service';
  await tx.query(
    `insert into network_profiles (agent_id, agent_type, owner_type, runtime, visibility_scope, contact_policy, profile)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      id,
      wish.agentType,
      wish.ownerType,
      wish.runtime,
      isPublic ? 'public' : 'network_only',
      isPublic ? 'public_service_only' : 'known_direct',
      wish.profile,
    ],
  );
  await tx.query('insert into network_keys (agent_id, key_hash) values ($1, $2)', [id, wish.keyHash]);
  const [agent] = await tx.query<NetworkAgent>(`${SELECT} where a.id = $1`, [id]);
  if (agent === undefined) throw new Error('no agent was registered');
  return agent;
}

export interface AgentChange {
  displayName: string | null;
  presence: string | null;
  visibilityScope: string | null;
  contactPolicy: string | null;
  introductionPolicy: string | null;
  fieldVisibility: Record<string, string> | null;
  profile: Record<string, unknown>;
}

/** Changes the agent of this transaction; null leaves a field as it is. */
export async function changeNetworkAgent(tx: Tx, change: AgentChange): Promise<void> {
  if (change.displayName !== null) {
    await tx.query('update agents set name = $2 where id = $1', [tx.principalId, change.displayName]);
  }
  await tx.query(
    `update network_profiles
        set presence = coalesce($2, presence), visibility_scope = coalesce($3, visibility_scope),
            contact_policy = coalesce($4, contact_policy), introduction_policy = coalesce($5, introduction_policy),
            field_visibility = field_visibility || coalesce($6::jsonb, '{}'), profile = profile || $7::jsonb, updated_at = now()
      where agent_id = $1`,
    [
      tx.principalId,
      change.presence,
      change.visibilityScope,
      change.contactPolicy,
      change.introductionPolicy,
      change.fieldVisibility,
      change.profile,
    ],
  );
}

/** The old key is dead when this commits. */
export async function replaceNetworkKey(tx: Tx, { old, hash }: { old: Buffer; hash: Buffer }): Promise<void> {
  const replaced = await tx.query(
    `update network_keys set key_hash = $2, created_at = now() where agent_id = $1 and key_hash = $3 returning agent_id`,
    [tx.principalId, hash, old],
  );
  // Two at once with one key: the second comes with a key that is dead.
  if (replaced.length === 0) throw new MooringError('unauthorized', 'This key was replaced.');
}

/**
 * The agent of this transaction leaves: it makes no call any more. Its tasks stay, with both their sides; its monitor ends
 * those that were for it and are open.
 */
export async function deleteNetworkAgent(tx: Tx): Promise<void> {
  const self = [tx.principalId];
  await tx.query('delete from network_keys where agent_id = $1', self);
  await tx.query('delete from endpoints where agent_id = $1', self);
  await tx.query('delete from owner_emails where agent_id = $1', self);
  await tx.query(
    `update network_profiles set profile = '{}', told_by = 'inbox', runtime = null, updated_at = now() where agent_id = $1`,
    self,
  );
  await tx.query(`update agents set status = 'DELETED' where id = $1`, self);
  await endMonitor(tx, tx.principalId);
}

/** Whether an agent of the network is one no more. */
export async function hasLeft(tx: Tx, agentId: string): Promise<boolean> {
  const rows = await tx.query(
    `select id from agents where id = $1 and kind = 'network' and status = 'DELETED'`,
    [agentId],
  );
  return rows.length > 0;
}

const AT_ONCE = 100;

/** Open tasks for an agent that has left, some at a time. */
export async function orphansOf(tx: Tx, agentId: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `select t.id from tasks t join agents a on a.id = t.to_agent_id
      where a.id = $1 and a.kind = 'network' and a.status = 'DELETED' and t.ended_at is null limit ${AT_ONCE}`,
    [agentId],
  );
  return rows.map(({ id }) => id);
}
