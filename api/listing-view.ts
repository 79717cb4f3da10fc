import { listingVersion } from '../db/listing-version';
import type { Listing } from '../db/listings';

/** A listing as anyone may see it. There are no ratings yet. */
export const listingItem = (listing: Listing, jobs: number) => ({
  id: listing.id,
  name: listing.name,
  slug: listing.slug,
  description: listing.description,
  status: listing.status,
  categories: listing.categories,
  tags: listing.tags,
  pricing_summary: listing.pricingSummary,
  source_code_url: listing.sourceCodeUrl,
  avg_rating: null,
  total_jobs: jobs,
  agent_version: listing.agentVersion,
  last_health_check_at: listing.lastHealthCheckAt,
  last_health_status: listing.lastHealthStatus,
  created_at: listing.createdAt,
});

/** With what it offers; for its owner and for who reviews it also where it is and how the last probe went. */
export const listingView = (listing: Listing, jobs: number, { isOpen }: { isOpen: boolean }) => ({
  ...listingItem(listing, jobs),
  message: listing.offer?.message ?? null,
  actions: listing.offer?.actions ?? [],
  ...(isOpen
    ? {
        owner_id: listing.ownerId,
        status_reason: listing.statusReason,
        base_url: listing.baseUrl,
        version: listingVersion(listing),
        probe: { at: listing.probedAt, good: isGood(listing), problem: listing.probeProblem },
      }
    : {}),
});

/** null: it was not probed yet */
const isGood = ({ probedAt, probeProblem }: Listing): boolean | null =>
  probedAt === null ? null : probeProblem === null;
