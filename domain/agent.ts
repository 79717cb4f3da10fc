import type { RiskLevel } from './task';

/** One thing an agent does, as its `/capabilities` says it. `price_usdc` is null for a free action. */
export interface AgentAction {
  name: string;
  description: string;
  input_schema: Record<string, unknown>;
  output_schema: Record<string, unknown>;
  price_usdc: string | null;
  risk_level: RiskLevel;
}

/** What an agent offered at the moment it was connected to: prices and schemas are bound to it by hash. */
export interface AgentOffer {
  message: string;
  actions: AgentAction[];
}

export type AgentHealth = 'healthy' | 'degraded' | 'not_ready' | 'unhealthy';

export const LISTING_STATUSES = ['PENDING', 'ACTIVE', 'REJECTED', 'SUSPENDED', 'DELETED'] as const;
export type ListingStatus = (typeof LISTING_STATUSES)[number];

/** The legal edges of a listing. The database, the docs and the tests are held against this table. */
export const LISTING_EDGES: Record<ListingStatus, readonly ListingStatus[]> = {
  PENDING: ['ACTIVE', 'REJECTED', 'DELETED'],
  // Back to PENDING when it moves to another address, which nobody has reviewed.
  ACTIVE: ['PENDING', 'SUSPENDED', 'DELETED'],
  SUSPENDED: ['PENDING', 'ACTIVE', 'DELETED'],
  REJECTED: ['DELETED'],
  DELETED: [],
};

export const isLegalListingEdge = (from: ListingStatus, to: ListingStatus): boolean =>
  LISTING_EDGES[from].includes(to);

/** How many a person may have that are neither rejected nor deleted. */
export const LISTINGS_OF_A_PERSON = 50;

/** Its monitor lives as long. */
export const isMonitored = (status: ListingStatus): boolean => status !== 'REJECTED' && status !== 'DELETED';
