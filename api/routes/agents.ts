import { setTimeout as pause } from 'node:timers/promises';
import { Router } from 'express';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import { storeKeys } from '../../db/agents';
import type { Tx } from '../../db/database';
import { completedJobs, findListing, pageOfListings } from '../../db/listing-pages';
import { changeListing, deleteListing, lockListing, reviewListing, wakeListing } from '../../db/listings';
import type { Listing, ListingFields } from '../../db/listings';
import { registerListing } from '../../db/register-listing';
import { MooringError } from '../../domain/errors';
import { ANYONE, asUser, SYSTEM, systemFor } from '../../domain/principal';
import type { Principal } from '../../domain/principal';
import { newAgentKeys } from '../../lib/agent-keys';
import type { AgentKeys } from '../../lib/agent-keys';
import { checkAddress } from '../../lib/guarded-http';
import { isAdmin, requireAdmin } from '../auth/admin';
import { saysWho } from '../auth/caller';
import { ownAccount } from '../auth/sign-in';
import type { ApiContext } from '../context';
import { addressOf, takeOrRefuse } from '../limits';
import { agentIdOf, agentNameOf, ListingChange, ListingQuery, NewListing, Review } from '../listing-schemas';
import { listingItem, listingView } from '../listing-view';

const CHECK_LOOK_MS = 100;

/** Service agents as their owners list them, as anyone finds them, and as they are reviewed. */
export function agentRoutes(api: ApiContext): Router {
  const router = Router();
  publicRoutes(api, router);
  ownerRoutes(api, router);
  router.post('/api/admin/agents/:id/review', async (req, res) => {
    const reviewerId = await api.caller(req);
    const id = agentIdOf(req.params.id);
    const user = await api.db.withTx(asUser(reviewerId), 'account.reviewer', (tx) =>
      ownAccount(tx, reviewerId),
    );
    requireAdmin(api.config, user);
    const { reason, ...said } = Review.parse(req.body);
    const review = { ...said, reviewerId, reason: reason === '' ? null : reason };
    const listing = await api.db.withTx(systemFor(reviewerId), 'listing.review', async (tx) =>
      reviewListing(tx, await lockListing(tx, id), review),
    );
    res.json(await view(api, listing, { isOpen: true }));
  });
  return router;
}

function publicRoutes(api: ApiContext, router: Router): void {
  const { db } = api;
  router.get('/api/agents', async (req, res) => {
    const { principal } = await visitor(api, req);
    const { per_page: perPage, ...filter } = ListingQuery.parse(req.query);
    const { listings, total } = await db.withTx(principal, 'listing.page', (tx) =>
      pageOfListings(tx, { ...filter, perPage }),
    );
    const jobs = await jobsOf(api, listings);
    const agents = listings.map((listing) => listingItem(listing, jobs.get(listing.id) ?? 0));
    res.json({ agents, total, page: filter.page, per_page: perPage });
  });

  router.get('/api/agents/:slug', async (req, res) => {
    const { principal, userId } = await visitor(api, req);
    const listing = await readListing(api, principal, agentNameOf(req.params.slug));
    const isOpen = principal.kind === 'system' || listing.ownerId === userId;
    res.json(await view(api, listing, { isOpen }));
  });
}

function ownerRoutes(api: ApiContext, router: Router): void {
  const { db } = api;
  const own = (tx: Tx, id: string, userId: string): Promise<Listing> => lockListing(tx, id, userId);

  router.post('/api/agents', async (req, res) => {
    const userId = await ownerOf(api, req);
    const fields = fieldsOf(NewListing.parse(req.body));
    await requireAllowed(api, fields.baseUrl);
    const keys = newAgentKeys();
    // The keys are for the system only, so it is the system that writes both.
    const { listing, isNew } = await db.withTx(systemFor(userId), 'listing.register', async (tx) => {
      await ownAccount(tx, userId);
      const registered = await registerListing(tx, userId, fields);
      await storeKeys(tx, registered.listing.id, sealed(api, keys));
      return registered;
    });
    res.status(isNew ? 201 : 200).json({ ...(await view(api, listing, { isOpen: true })), ...keys });
  });

  router.patch('/api/agents/:id', async (req, res) => {
    const userId = await ownerOf(api, req);
    const id = agentIdOf(req.params.id);
    const change = fieldsOf(ListingChange.parse(req.body));
    if (change.baseUrl !== undefined) await requireAllowed(api, change.baseUrl);
    const listing = await db.withTx(asUser(userId), 'listing.change', async (tx) =>
      changeListing(tx, await own(tx, id, userId), change),
    );
    res.json(await view(api, listing, { isOpen: true }));
  });

  router.delete('/api/agents/:id', async (req, res) => {
    const userId = await ownerOf(api, req);
    const id = agentIdOf(req.params.id);
    await db.withTx(asUser(userId), 'listing.delete', async (tx) =>
      deleteListing(tx, await own(tx, id, userId)),
    );
    res.status(204).end();
  });

  router.post('/api/agents/:id/rotate-keys', async (req, res) => {
    const userId = await ownerOf(api, req);
    const id = agentIdOf(req.params.id);
    const keys = newAgentKeys();
    await db.withTx(systemFor(userId), 'listing.rotate-keys', async (tx) => {
      await own(tx, id, userId);
      await storeKeys(tx, id, sealed(api, keys));
    });
    res.json({ id, ...keys });
  });

  router.post('/api/agents/:id/check', async (req, res) => {
    const userId = await ownerOf(api, req);
    const id = agentIdOf(req.params.id);
    const version = await db.withTx(asUser(userId), 'listing.check', async (tx) => {
      const listing = await own(tx, id, userId);
      if (listing.status !== 'REJECTED') return wakeListing(tx, listing);
      throw new MooringError('listing_not_open', 'A rejected agent is not checked any more.');
    });
    const listing = await untilProbed(api, res, { id, userId, version });
    const isDone = listing.seenVersion >= version;
    res.status(isDone ? 200 : 202).json(await view(api, listing, { isOpen: true }));
  });
}

/** The caller, who may do so much a minute with agents. */
async function ownerOf(api: ApiContext, req: Request): Promise<string> {
  const userId = await api.caller(req);
  takeOrRefuse(api.listingLimit, userId);
  return userId;
}

/** Whoever looks, so often a minute from one address: without a token they see what is public, with one also their own, and who reviews sees all. */
async function visitor(
  { caller, config, db, lookLimit }: ApiContext,
  req: Request,
): Promise<{ principal: Principal; userId: string | null }> {
  takeOrRefuse(lookLimit, addressOf(req));
  if (!saysWho(req)) return { principal: ANYONE, userId: null };
  const userId = await caller(req);
  const user = await db.withTx(asUser(userId), 'account.visitor', (tx) => ownAccount(tx, userId));
  return { principal: isAdmin(config, user) ? SYSTEM : asUser(userId), userId };
}

const readListing = ({ db }: ApiContext, principal: Principal, name: string): Promise<Listing> =>
  db.withTx(principal, 'listing.read', (tx) => findListing(tx, name));

const jobsOf = ({ db }: ApiContext, listings: Listing[]): Promise<Map<string, number>> =>
  db.withTx(SYSTEM, 'listing.jobs', (tx) =>
    completedJobs(
      tx,
      listings.map(({ id }) => id),
    ),
  );

async function view(api: ApiContext, listing: Listing, how: { isOpen: boolean }) {
  const jobs = await jobsOf(api, [listing]);
  return listingView(listing, jobs.get(listing.id) ?? 0, how);
}

/** Refused here with its rule what every request to it would be refused for. */
const requireAllowed = ({ config }: ApiContext, baseUrl: string): Promise<void> =>
  checkAddress(baseUrl, { allowLoopback: config.MOORING_ALLOW_LOOPBACK });

const sealed = ({ seal }: ApiContext, keys: AgentKeys) => ({
  orchestratorKey: seal.seal(keys.orchestrator_key),
  signingSecret: seal.seal(keys.signing_secret),
});

/** The listing once its monitor has answered this version, or as it is when the time is over. */
async function untilProbed(
  api: ApiContext,
  res: Response,
  { id, userId, version }: { id: string; userId: string; version: number },
): Promise<Listing> {
  const until = Date.now() + api.config.MOORING_CHECK_WAIT_MS;
  for (;;) {
    const listing = await readListing(api, asUser(userId), id);
    const isOver = Date.now() >= until || api.draining.aborted || res.closed;
    if (listing.seenVersion >= version || isOver) return listing;
    await pause(CHECK_LOOK_MS);
  }
}

function fieldsOf(body: z.output<typeof NewListing>): ListingFields;
function fieldsOf(body: z.output<typeof ListingChange>): Partial<ListingFields>;
function fieldsOf(body: z.output<typeof ListingChange>): Partial<ListingFields> {
  const { base_url, source_code_url, pricing_summary, ...same } = body;
  return {
    ...same,
    ...(base_url === undefined ? {} : { baseUrl: base_url }),
    ...(source_code_url === undefined ? {} : { sourceCodeUrl: source_code_url }),
    ...(pricing_summary === undefined ? {} : { pricingSummary: pricing_summary }),
  };
}
