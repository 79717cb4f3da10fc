import { isLegalListingEdge, isMonitored } from '../domain/agent';
import type { AgentHealth, AgentOffer, ListingStatus } from '../domain/agent';
import { MooringError } from '../domain/errors';
import type { ServiceAgent } from './agents';
import { resetBreaker } from './breakers';
import type { Tx } from './database';
import { listingVersion } from './listing-version';
import { recordSignal } from './outbox';

/** A service agent as its owner lists it. */
export interface Listing extends ServiceAgent {
  sourceCodeUrl: string | null;
  pricingSummary: PricingSummary | null;
  status: ListingStatus;
  /** what the last change of its state was explained with; for its owner and the system only */
  statusReason: string | null;
  agentVersion: string | null;
  probedAt: string | null;
  /** null: the last probe was good, if there was one */
  probeProblem: string | null;
  wakeVersion: number;
  seenVersion: number;
}

export interface PricingSummary {
  type: 'per_action';
  from_usdc: string;
}

/** What an owner may say of an agent, and change. */
export type ListingFields = Pick<
  Listing,
  'name' | 'description' | 'categories' | 'tags' | 'baseUrl' | 'sourceCodeUrl' | 'pricingSummary'
>;

export const COLUMNS = `id, owner_id as "ownerId", slug, name, description, categories, tags, base_url as "baseUrl",
  source_code_url as "sourceCodeUrl", pricing_summary as "pricingSummary", status, offer,
  agent_version as "agentVersion", last_health_status as "lastHealthStatus",
  last_health_check_at as "lastHealthCheckAt", probed_at as "probedAt", probe_problem as "probeProblem",
  wake_version as "wakeVersion", seen_version as "seenVersion", created_at as "createdAt",
  (select reason from listing_events e where e.agent_id = agents.id order by number desc limit 1) as "statusReason"`;

const noSuchAgent = (): MooringError => new MooringError('not_found', 'There is no such agent.');

/** An id as a part of a slug. */
export const plain = (id: string): string => id.slice(4).toLowerCase().replaceAll('_', 'x');

export const workflowOf = ({ id, ownerId }: Listing) => ({
  workflow: 'agentMonitor' as const,
  workflowId: `agent-monitor/${id}`,
  input: { agentId: id, userId: ownerId },
});

/** Locks a listing that is there. With an owner, only theirs is. */
export async function lockListing(tx: Tx, id: string, ownerId?: string): Promise<Listing> {
  const [listing] = await tx.query<Listing>(
    `select ${COLUMNS} from agents
      where id = $1 and kind = 'service' and status <> 'DELETED' and owner_id = coalesce($2, owner_id)
      for no key update`,
    [id, ownerId ?? null],
  );
  if (listing === undefined) throw noSuchAgent();
  return listing;
}

/** Something that the monitor must act upon has become a fact: it is told the new version. */
export async function wakeListing(tx: Tx, listing: Listing): Promise<number> {
  const [row] = await tx.query<{ version: number }>(
    'update agents set wake_version = wake_version + 1, woken_at = now() where id = $1 returning wake_version as version',
    [listing.id],
  );
  if (row === undefined) throw noSuchAgent();
  const signal = 'listingChanged' as const;
  recordSignal(tx, { ...workflowOf(listing), signal, signalInput: { version: row.version } });
  return row.version;
}

interface StatusChange {
  to: ListingStatus;
  /** a person's id */
  actor: string;
  reason?: string | null;
}

/** The only way from one state to another, along the edges. The listing must be locked. */
export async function moveListing(tx: Tx, listing: Listing, change: StatusChange): Promise<Listing> {
  if (!isLegalListingEdge(listing.status, change.to)) {
    throw new MooringError('listing_not_open', `This agent is ${listing.status} and cannot be ${change.to}.`);
  }
  await tx.query('update agents set status = $2 where id = $1', [listing.id, change.to]);
  await recordChange(tx, listing, { ...change, from: listing.status });
  return { ...listing, status: change.to, statusReason: change.reason ?? null };
}

export async function recordChange(
  tx: Tx,
  { id, ownerId }: Listing,
  { from, to, actor, reason = null }: StatusChange & { from: ListingStatus | null },
): Promise<void> {
  await tx.query(
    `insert into listing_events (agent_id, number, owner_id, from_status, to_status, actor, reason)
     select $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6 from listing_events where agent_id = $1`,
    [id, ownerId, from, to, actor, reason],
  );
}

/**
 * Changes what the owner says of a locked listing. At another address it is another agent until it has been probed
 * and reviewed: it goes back to PENDING, and what was known of the old one goes.
 */
export async function changeListing(
  tx: Tx,
  listing: Listing,
  fields: Partial<ListingFields>,
): Promise<Listing> {
  const next = { ...listing, ...fields };
  const moved = next.baseUrl !== listing.baseUrl;
  if (listing.status === 'REJECTED') {
    throw new MooringError('listing_not_open', 'A rejected agent is deleted and listed anew.');
  }
  await tx.query(
    `update agents set name = $2, description = $3, categories = $4, tags = $5, base_url = $6, source_code_url = $7,
            pricing_summary = $8
      where id = $1`,
    [
      listing.id,
      next.name,
      next.description,
      next.categories,
      next.tags,
      next.baseUrl,
      next.sourceCodeUrl,
      next.pricingSummary,
    ],
  );
  if (moved) {
    if (listing.status !== 'PENDING')
      await moveListing(tx, listing, { to: 'PENDING', actor: listing.ownerId });
    await tx.query(
      `update agents set offer = null, agent_version = null, last_health_status = null, last_health_check_at = null,
              probed_at = null, probe_problem = null where id = $1`,
      [listing.id],
    );
    await wakeListing(tx, listing);
    await resetBreaker(tx, listing.id);
  }
  return lockListing(tx, listing.id);
}

/** It is there for nobody any more, and its name is free; what points to it stays. */
export async function deleteListing(tx: Tx, listing: Listing): Promise<void> {
  await moveListing(tx, listing, { to: 'DELETED', actor: listing.ownerId });
  await tx.query('update agents set slug = $2 where id = $1', [listing.id, `deleted-${plain(listing.id)}`]);
  // The monitor of a rejected one has ended: nobody is left who could hear of it.
  if (isMonitored(listing.status)) await wakeListing(tx, listing);
  await resetBreaker(tx, listing.id);
}

export interface ListingReview {
  decision: 'approve' | 'reject';
  reviewerId: string;
  reason: string | null;
  /** of what was looked at; null: whatever it is now */
  version: string | null;
}

/** A person's decision on a listing. The same decision a second time changes nothing. */
export async function reviewListing(tx: Tx, listing: Listing, review: ListingReview): Promise<Listing> {
  const to = review.decision === 'approve' ? 'ACTIVE' : 'REJECTED';
  if (listing.status === to) return listing;
  if (review.version !== null && review.version !== listingVersion(listing)) {
    throw new MooringError('listing_changed', 'This agent has changed since it was looked at: look again.');
  }
  if (listing.status !== 'PENDING') {
    throw new MooringError(
      'listing_not_open',
      `This agent is ${listing.status}: there is nothing to review.`,
    );
  }
  if (to === 'ACTIVE' && (listing.probedAt === null || listing.probeProblem !== null)) {
    const why = listing.probeProblem ?? 'It has not been checked yet.';
    throw new MooringError(
      'agent_not_checked',
      `Only an agent whose last check was good is approved. ${why}`,
    );
  }
  const moved = await moveListing(tx, listing, { to, actor: review.reviewerId, reason: review.reason });
  // The monitor of an active agent has nothing to do yet; that of a rejected one ends.
  if (to === 'REJECTED') await wakeListing(tx, listing);
  return moved;
}

/** What a probe found: the whole offer, or what is wrong. */
export interface ProbeFinding {
  health: AgentHealth;
  version: string | null;
  offer: AgentOffer | null;
  problem: string | null;
}

/** Records what a probe found of the listing it was made for; null: it has moved meanwhile, and is left alone. */
export async function recordProbe(
  tx: Tx,
  probed: Listing,
  found: ProbeFinding,
): Promise<ListingStatus | null> {
  const [recorded] = await tx.query<{ status: ListingStatus }>(
    `update agents
        set last_health_status = $3, last_health_check_at = now(), agent_version = $4, offer = coalesce($5, offer),
            probed_at = now(), probe_problem = $6, seen_version = greatest(seen_version, $7)
      where id = $1 and base_url = $2 and status <> 'DELETED' returning status`,
    [
      probed.id,
      probed.baseUrl,
      found.health,
      found.version,
      found.offer,
      found.problem?.slice(0, 500) ?? null,
      probed.wakeVersion,
    ],
  );
  return recorded?.status ?? null;
}

/** The monitor has heard the newest of a listing that has ended. */
export async function markListingSeen(tx: Tx, { id, wakeVersion }: Listing): Promise<void> {
  await tx.query('update agents set seen_version = greatest(seen_version, $2) where id = $1', [
    id,
    wakeVersion,
  ]);
}

/** Any listing, also a deleted one: the monitor's own look. */
export async function monitoredListing(tx: Tx, id: string): Promise<Listing> {
  const [listing] = await tx.query<Listing>(
    `select ${COLUMNS} from agents where id = $1 and kind = 'service'`,
    [id],
  );
  if (listing === undefined) throw noSuchAgent();
  return listing;
}
