import type { Request, Router } from 'express';
import { z } from 'zod';
import { findEndpoint, removeEndpoint, setEndpoint } from '../../db/endpoints';
import { MooringError } from '../../domain/errors';
import { WEBHOOK_EVENTS } from '../../domain/network';
import { newSigningSecret } from '../../lib/agent-keys';
import { checkAddress } from '../../lib/guarded-http';
import { newId } from '../../lib/ids';
import { canSign, isPage, webhookHeaders } from '../../lib/signed-webhook';
import { whyCut, whyUnreachable } from '../../lib/unreachable';
import type { ApiContext } from '../context';
import type { NetworkCall } from './door';

// The endpoint in the query and a bare list of events, as published clients send it; or all of it in the body.
const Endpoint = z.object({
  endpoint: z.string().min(1).max(500),
  secret: z
    .string()
    .min(8, 'must have at least 8 characters')
    .max(200)
    .refine(canSign, 'must be base64 after whsec_, or not begin with it')
    .nullish(),
  events: z.array(z.enum(WEBHOOK_EVENTS)).nullish(),
});

/** What of the answer to a test is read. */
const MAX_ANSWER = 64 * 1024;

/** The retries of a delivery, as its answer says them. */
const delaysInSeconds = (api: ApiContext): number[] =>
  api.config.MOORING_DELIVERY_DELAYS_MS.map((ms) => ms / 1000);

/** Whether an agent may be told there. Asks DNS, so it is not for everybody and not for a transaction. */
export const checkEndpoint = ({ config }: ApiContext, url: string): Promise<void> =>
  checkAddress(url, { allowLoopback: config.MOORING_ALLOW_LOOPBACK, field: 'endpoint' });

/** Where an agent is told of its tasks. */
export function endpointRoutes(
  api: ApiContext,
  { router, call }: { router: Router; call: NetworkCall },
): void {
  router.get('/agents/me/webhook/events', (_req, res) => {
    res.json({ events: [...WEBHOOK_EVENTS] });
  });

  router.post('/agents/me/webhook', (req, res) => {
    const before = () => checkEndpoint(api, Endpoint.parse(wishOf(req)).endpoint);
    return call({ req, res, name: 'network.set-endpoint', before }, async (tx) => {
      const { endpoint: url, secret: given, events } = Endpoint.parse(wishOf(req));
      const known = await findEndpoint(tx, tx.principalId);
      // Without one of its own it gets one; what is signed already stays signed as it is.
      const secret = given ?? (known === null ? newSigningSecret() : null);
      await setEndpoint(tx, tx.principalId, {
        url,
        sealedSecret: secret === null ? null : api.seal.seal(secret),
        events: events ?? null,
        overlapMs: api.config.MOORING_SECRET_OVERLAP_MS,
      });
      return {
        status: 200,
        ...(secret === null ? {} : { secret: true }),
        body: {
          agent_id: tx.principalId,
          endpoint: url,
          secret,
          events: events ?? [...WEBHOOK_EVENTS],
          timeout: api.config.MOORING_WEBHOOK_TIMEOUT_MS / 1000,
          max_retries: delaysInSeconds(api).length - 1,
          retry_delays: delaysInSeconds(api),
        },
      };
    });
  });

  testRoute(api, { router, call });

  router.delete('/agents/me/webhook', (req, res) =>
    call({ req, res, name: 'network.remove-endpoint' }, async (tx) => {
      await removeEndpoint(tx);
      return { status: 200, body: { status: 'removed' } };
    }),
  );
}

function wishOf(req: Request): unknown {
  const body: unknown = req.body;
  if (Array.isArray(body)) return { ...req.query, events: body };
  return { ...req.query, ...(typeof body === 'object' ? body : {}) };
}

/** Tells the endpoint that it is one: signed as a task would be, and answered with what it said. */
function testRoute(api: ApiContext, { router, call }: { router: Router; call: NetworkCall }): void {
  const { config, http, seal } = api;
  router.post('/agents/me/webhook/test', (req, res) =>
    call({ req, res, name: 'network.test-endpoint' }, async (tx) => {
      const endpoint = await findEndpoint(tx, tx.principalId);
      if (endpoint === null) {
        throw new MooringError('invalid_request', 'This agent has no webhook.', {
          details: { field: 'endpoint' },
        });
      }
      const { url, secrets } = endpoint;
      const body = JSON.stringify({
        event: 'webhook.test',
        message: 'This is a test of your webhook.',
        agent_id: tx.principalId,
      });
      const headers = webhookHeaders(body, {
        event: 'webhook.test',
        id: newId('evt'),
        attempt: 1,
        secrets: secrets.map(({ sealed }) => seal.open(sealed)),
      });
      const timeoutMs = config.MOORING_WEBHOOK_TIMEOUT_MS;
      const said = (statusCode: number | null, error: string | null) => ({
        status: 200,
        body: { success: error === null, status_code: statusCode, error, endpoint: url },
      });
      return {
        after: async () => {
          try {
            const {
              status,
              body: answer,
              cut,
            } = await http.request(url, {
              method: 'POST',
              headers,
              body,
              timeoutMs,
              maxBytes: MAX_ANSWER,
            });
            if (status < 200 || status >= 300) return said(status, `HTTP ${status}`);
            if (cut !== null) return said(status, whyCut(cut, { timeoutMs, maxBytes: MAX_ANSWER }));
            return said(status, isPage(answer) ? 'it answered with a page' : null);
          } catch (error) {
            return said(
              null,
              error instanceof MooringError ? error.message : whyUnreachable(error, timeoutMs),
            );
          }
        },
      };
    }),
  );
}
