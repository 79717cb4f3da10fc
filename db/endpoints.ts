import { resetBreaker } from './breakers';
import type { Tx } from './database';

/** A secret that deliveries are signed with, sealed; `until` null: the newest. */
export interface EndpointSecret {
  sealed: string;
  until: string | null;
}

export interface Endpoint {
  url: string;
  secrets: EndpointSecret[];
}

/** Where an agent is told of its tasks; null: it looks for them itself. Secrets whose time is over are left out. */
export async function findEndpoint(tx: Tx, agentId: string): Promise<Endpoint | null> {
  const [row] = await tx.query<Endpoint & { now: string }>(
    'select url, secrets, now() as now from endpoints where agent_id = $1',
    [agentId],
  );
  if (row === undefined) return null;
  const { url, secrets, now } = row;
  return { url, secrets: secrets.filter(({ until }) => until === null || until > now) };
}

/** A secret that is replaced is good for `overlapMs` more. */
export async function setEndpoint(
  tx: Tx,
  agentId: string,
  endpoint: { url: string; sealedSecret: string | null; events: string[] | null; overlapMs: number },
): Promise<void> {
  // Two at once one after the other: a secret that was said to be good stays so.
  await tx.query('select agent_id from network_profiles where agent_id = $1 for no key update', [agentId]);
  const before = await findEndpoint(tx, agentId);
  const kept = before?.secrets ?? [];
  const secrets =
    endpoint.sealedSecret === null
      ? kept
      : [
          { sealed: endpoint.sealedSecret, until: null },
          // Two are good at once, never more.
          ...kept.slice(0, 1).map(({ sealed, until }) => ({
            sealed,
            until: until ?? new Date(Date.now() + endpoint.overlapMs).toISOString(),
          })),
        ];
  await tx.query(
    `insert into endpoints (agent_id, url, secrets, events) values ($1, $2, $3, $4)
     on conflict (agent_id) do update
       set url = excluded.url, secrets = excluded.secrets, events = excluded.events, updated_at = now()`,
    [agentId, endpoint.url, JSON.stringify(secrets), endpoint.events],
  );
  await tx.query(`update network_profiles set told_by = 'webhook' where agent_id = $1`, [agentId]);
  await resetBreaker(tx, agentId);
}

export async function removeEndpoint(tx: Tx): Promise<void> {
  await tx.query('delete from endpoints where agent_id = $1', [tx.principalId]);
  await tx.query(`update network_profiles set told_by = 'inbox' where agent_id = $1`, [tx.principalId]);
  // What was parked is to be found in the inbox.
  await resetBreaker(tx, tx.principalId);
}
