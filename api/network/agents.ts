import type { Request, Router } from 'express';
import type { z } from 'zod';
import {
  changeNetworkAgent,
  deleteNetworkAgent,
  getNetworkAgent,
  registerNetworkAgent,
  replaceNetworkKey,
} from '../../db/network-agents';
import { keepOwner } from '../../db/owner-emails';
import { findEndpoint, setEndpoint } from '../../db/endpoints';
import { MooringError } from '../../domain/errors';
import { protectedName } from '../../domain/network';
import { SYSTEM, systemFor } from '../../domain/principal';
import type { NetworkAgent } from '../../db/network-agents';
import { newSigningSecret } from '../../lib/agent-keys';
import type { ApiContext } from '../context';
import { addressOf } from '../limits';
import { countCall, keyHash } from './door';
import type { NetworkCall } from './door';
import { checkEndpoint } from './endpoints';
import { devCode, sendOwnerCode } from './owner-email';
import { AgentChange, Registration } from './schemas';
import { cardView, ownView } from './views';

interface Door {
  router: Router;
  call: NetworkCall;
}

/** Agents of the network: registered, read, changed, given a new key, deleted by themselves. */
export function agentRoutes(api: ApiContext, { router, call }: Door): void {
  const { network } = api;
  registerRoute(api, router);

  router.get('/agents/me', (req, res) =>
    call({ req, res, name: 'network.self' }, async (tx) => ({
      status: 200,
      body: ownView(await getNetworkAgent(tx, tx.principalId)),
    })),
  );

  router.get('/agents/:id', (req, res) =>
    call({ req, res, name: 'network.agent' }, async (tx) => {
      const agent = await getNetworkAgent(tx, req.params.id);
      return { status: 200, body: agent.id === tx.principalId ? ownView(agent) : cardView(agent) };
    }),
  );

  router.patch(['/agents/me', '/agents/:id'], (req, res) => {
    const before = async (): Promise<void> => {
      const { endpoint: url } = AgentChange.parse(req.body);
      if (url !== null) await checkEndpoint(api, url);
    };
    return call({ req, res, name: 'network.change', before }, async (tx) => {
      const change = AgentChange.parse(req.body);
      refuseProtectedName('display_name', change.displayName ?? '');
      const endpoint = endpointOf(api, change.endpoint);
      requireSelf(req.params['id'], tx.principalId);
      const agent = await getNetworkAgent(tx, tx.principalId);
      requireAllowedScope(agent, change);
      await changeNetworkAgent(tx, change);
      const isFirst = endpoint !== null && (await findEndpoint(tx, agent.id)) === null;
      // Another address is signed to as the one before was; only a first one comes with a secret.
      if (endpoint !== null) {
        await setEndpoint(tx, agent.id, isFirst ? endpoint : { ...endpoint, sealedSecret: null });
      }
      const body = ownView(await getNetworkAgent(tx, tx.principalId));
      if (!isFirst) return { status: 200, body };
      return { status: 200, secret: true, body: { ...body, webhook_secret: endpoint.secret } };
    });
  });

  router.post('/agents/:id/rotate-key', (req, res) =>
    call({ req, res, name: 'network.rotate-key' }, async (tx) => {
      requireSelf(req.params.id, tx.principalId);
      const { key, hash } = network.keys.create();
      await replaceNetworkKey(tx, { old: keyHash(api, req), hash });
      return {
        status: 200,
        secret: true,
        body: { api_key: key, message: 'The old key is dead from now on.' },
      };
    }),
  );

  router.delete('/agents/:id', (req, res) =>
    call({ req, res, name: 'network.delete' }, async (tx) => {
      requireSelf(req.params.id, tx.principalId);
      await deleteNetworkAgent(tx);
      return { status: 200, body: { status: 'deleted' } };
    }),
  );
}

function registerRoute(api: ApiContext, router: Router): void {
  const { db, network } = api;
  router.post('/agents/register', async (req, res) => {
    countCall(network.registerLimit, { key: addressOf(req), res });
    const ownerId = await personWho(api, req);
    const wish = Registration.parse(req.body);
    refuseProtectedName('display_name', wish.display_name);
    refuseProtectedName('slug', wish.slug);
    const endpoint = endpointOf(api, wish.endpoint ?? null);
    if (endpoint !== null) await checkEndpoint(api, endpoint.url);
    const { key, hash } = network.keys.create();
    // The key is what the agent will be known by: until then the system writes.
    const by = ownerId === null ? SYSTEM : systemFor(ownerId);
    const { made: agent, code } = await db.withTx(by, 'network.register', async (tx) => {
      const made = await registerNetworkAgent(tx, {
        slug: wish.slug,
        displayName: wish.display_name,
        agentType: wish.agent_type,
        ownerType: wish.owner_type,
        runtime: wish.runtime ?? null,
        profile: wish.profile,
        ownerId,
        keyHash: hash,
      });
      if (endpoint !== null) await setEndpoint(tx, made.id, endpoint);
      if (ownerId !== null) await keepOwner(tx, made.id, ownerId);
      const named = ownerId === null ? (wish.owner_email ?? null) : null;
      const code = named === null ? null : await sendOwnerCode(api, tx, { agentId: made.id, email: named });
      return { made, code };
    });
    res.status(201).json({
      id: agent.id,
      slug: agent.slug,
      display_name: agent.displayName,
      agent_type: agent.agentType,
      status: 'active',
      verification_level: agent.verificationLevel,
      api_key: key,
      created_at: agent.createdAt,
      ...(endpoint === null ? {} : { webhook_secret: endpoint.secret }),
      ...devCode(api, req)('_dev_code', code),
    });
  });
}

/**
 * A person who is signed in stands behind the agents that they register. The call itself needs no one: what another
 * `Authorization` says, as the key of an agent, is nothing to it.
 */
const personWho = ({ signedIn }: ApiContext, req: Request): Promise<string | null> =>
  signedIn(req).catch((error: unknown) => {
    if (error instanceof MooringError && error.code === 'auth_failed') return null;
    throw error;
  });

/** An address, with a first secret for it. */
function endpointOf({ config, seal }: ApiContext, url: string | null) {
  if (url === null) return null;
  const secret = newSigningSecret();
  return {
    url,
    secret,
    sealedSecret: seal.seal(secret),
    events: null,
    overlapMs: config.MOORING_SECRET_OVERLAP_MS,
  };
}

function refuseProtectedName(field: string, words: string): void {
  const name = protectedName(words);
  if (name !== null) refuse(field, `“${name}” is a protected name`);
}

function refuse(field: string, rule: string): never {
  throw new MooringError('invalid_request', `${field}: ${rule}`, { details: { field, rule } });
}

/** A person's agent is shown to all only when it is known who it is (contracts/network.md, agents). */
function requireAllowedScope(agent: NetworkAgent, change: z.infer<typeof AgentChange>): void {
  if (agent.agentType !== 'personal') return;
  if (change.visibilityScope === 'public' && !['github', 'domain'].includes(agent.verificationLevel)) {
    refuse(
      'visibility_scope',
      'of a personal agent is public only after a verified mail address and GitHub or domain',
    );
  }
  if (change.contactPolicy === 'public_service_only') {
    refuse('contact_policy', 'of a personal agent is not public_service_only');
  }
}

function requireSelf(id: unknown, self: string): void {
  if (id === undefined || id === self) return;
  throw new MooringError('invalid_request', 'Can only do this to your own agent');
}
