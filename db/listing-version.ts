import { createHash } from 'node:crypto';
import type { Listing } from './listings';

/** Names what a review looks at: what the owner says, where the agent is, and what it offered when last probed. */
export function listingVersion(listing: Listing): string {
  const { name, description, categories, tags, baseUrl, sourceCodeUrl, pricingSummary, offer } = listing;
  const seen = [name, description, categories, tags, baseUrl, sourceCodeUrl, pricingSummary, offer];
  return createHash('sha256').update(JSON.stringify(seen)).digest('hex').slice(0, 16);
}
