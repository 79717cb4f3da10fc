import { isMonitored, LISTINGS_OF_A_PERSON } from '../domain/agent';
import { MooringError } from '../domain/errors';
import { newId } from '../lib/ids';
import type { Tx } from './database';
import {
  changeListing,
  COLUMNS,
  lockListing,
  plain,
  recordChange,
  wakeListing,
  workflowOf,
} from './listings';
import type { Listing, ListingFields } from './listings';
import { recordSignal } from './outbox';

type Open = Listing & { wasActive: boolean };

/**
 * Lists an agent, to be probed and reviewed. An address is listed once by the same person: until it has been approved
 * the same listing is answered again, with what is said of it now, so that a request whose answer was lost may be
 * made again.
 */
export async function registerListing(
  tx: Tx,
  ownerId: string,
  fields: ListingFields,
): Promise<{ listing: Listing; isNew: boolean }> {
  // One at a time: two requests at the same moment would both find nothing.
  await tx.query('select from users where id = $1 for no key update', [ownerId]);
  const listings = (await openListings(tx, ownerId)).filter(({ status }) => isMonitored(status));
  const same = listings.find(({ baseUrl }) => baseUrl === fields.baseUrl);
  if (same !== undefined) return { listing: await renew(tx, same, fields), isNew: false };
  if (listings.length >= LISTINGS_OF_A_PERSON) {
    throw new MooringError(
      'too_many_agents',
      `A person may list ${LISTINGS_OF_A_PERSON} agents. Delete one first.`,
      { details: { limit: LISTINGS_OF_A_PERSON } },
    );
  }
  return { listing: await insertListing(tx, ownerId, fields), isNew: true };
}

const openListings = (tx: Tx, ownerId: string): Promise<Open[]> =>
  tx.query<Open>(
    `select ${COLUMNS}, exists (select from listing_events e where e.agent_id = agents.id and e.to_status = 'ACTIVE')
            as "wasActive"
       from agents where owner_id = $1 and kind = 'service' and status <> 'DELETED'
      order by created_at`,
    [ownerId],
  );

async function renew(tx: Tx, { id, ownerId, wasActive }: Open, fields: ListingFields): Promise<Listing> {
  const listing = await lockListing(tx, id, ownerId);
  if (listing.status !== 'PENDING' || wasActive) {
    throw new MooringError('agent_already_listed', `You list an agent at this address: ${listing.slug}.`, {
      details: { id: listing.id, slug: listing.slug },
    });
  }
  const changed = await changeListing(tx, listing, fields);
  return { ...changed, wakeVersion: await wakeListing(tx, changed) };
}

/** Its slug is made of its name; a number tells equal ones apart. */
async function insertListing(tx: Tx, ownerId: string, fields: ListingFields): Promise<Listing> {
  const id = newId('agt');
  for (let number = 1; ; number += 1) {
    const [listing] = await tx.query<Listing>(
      `insert into agents (id, kind, owner_id, slug, name, description, categories, tags, base_url, source_code_url,
                           pricing_summary, status, wake_version, woken_at)
       values ($1, 'service', $2, $3, $4, $5, $6, $7, $8, $9, $10, 'PENDING', 1, now())
       on conflict (slug) do nothing returning ${COLUMNS}`,
      [
        id,
        ownerId,
        slugOf(fields.name, number),
        fields.name,
        fields.description,
        fields.categories,
        fields.tags,
        fields.baseUrl,
        fields.sourceCodeUrl,
        fields.pricingSummary,
      ],
    );
    if (listing === undefined) continue;
    await recordChange(tx, listing, { from: null, to: 'PENDING', actor: ownerId });
    recordSignal(tx, { ...workflowOf(listing), signal: null, signalInput: null });
    return listing;
  }
}

const MOST_NUMBERED = 20;
const SLUG_LIMIT = 40;

function slugOf(name: string, number: number): string {
  const words = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, SLUG_LIMIT)
    .replace(/^-+|-+$/g, '');
  const slug = words === '' ? 'agent' : words;
  if (number === 1) return slug;
  // Of very many equal names the next gets no longer search than this.
  return `${slug}-${number <= MOST_NUMBERED ? number : plain(newId('agt'))}`;
}
