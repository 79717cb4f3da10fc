import { MooringError } from '../domain/errors';
import type { ListingStatus } from '../domain/agent';
import type { Tx } from './database';
import { COLUMNS } from './listings';
import type { Listing } from './listings';

export interface ListingFilter {
  /** words within name, description or a tag */
  q: string | null;
  category: string | null;
  status: ListingStatus | null;
  page: number;
  perPage: number;
}

const FITS = `kind = 'service' and status <> 'DELETED'
  and ($1::text is null or strpos(lower(name || ' ' || description || ' ' || array_to_string(tags, ' ')), lower($1)) > 0)
  and ($2::text is null or $2 = any(categories))
  and ($3::text is null or status = $3)`;

/** The listings that this transaction's principal may see, the newest first. */
export async function pageOfListings(
  tx: Tx,
  { q, category, status, page, perPage }: ListingFilter,
): Promise<{ listings: Listing[]; total: number }> {
  const filter = [q, category, status];
  const [count] = await tx.query<{ total: number }>(
    `select count(*)::int as total from agents where ${FITS}`,
    filter,
  );
  const listings = await tx.query<Listing>(
    `select ${COLUMNS} from agents where ${FITS} order by created_at desc, id limit $4 offset $5`,
    [...filter, perPage, (page - 1) * perPage],
  );
  return { listings, total: count?.total ?? 0 };
}

/** One that the principal may see, by its slug or its id. */
export async function findListing(tx: Tx, name: string): Promise<Listing> {
  const [listing] = await tx.query<Listing>(
    `select ${COLUMNS} from agents where (slug = $1 or id = $1) and kind = 'service' and status <> 'DELETED'`,
    [name],
  );
  if (listing === undefined) throw new MooringError('not_found', 'There is no such agent.');
  return listing;
}

/** How many tasks each agent has completed. The work is of many people: only the system may count it. */
export async function completedJobs(tx: Tx, agentIds: string[]): Promise<Map<string, number>> {
  const rows = await tx.query<{ id: string; jobs: number }>(
    `select to_agent_id as id, count(*)::int as jobs from interactions
      where to_agent_id = any($1) and status = 'completed' group by to_agent_id`,
    [agentIds],
  );
  return new Map(rows.map(({ id, jobs }) => [id, jobs]));
}
