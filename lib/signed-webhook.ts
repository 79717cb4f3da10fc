import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

interface Notice {
  event: string;
  /** the same on every attempt */
  id: string;
  attempt: number;
  /** the newest first; each signs */
  secrets: string[];
}

/** The Standard Webhooks headers, one signature for each secret, and beside them those of the reference. */
export function webhookHeaders(
  body: string,
  { event, id, attempt, secrets }: Notice,
): Record<string, string> {
  const at = new Date();
  const [newest] = secrets;
  return {
    'content-type': 'application/json',
    'idempotency-key': id,
    'x-mooring-event': event,
    'x-seabay-event': event,
    'x-mooring-attempt': String(attempt),
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    ...(newest === undefined
      ? {}
      : {
          'webhook-signature': secrets.map((secret) => signer(secret).sign(id, at, body)).join(' '),
          'x-seabay-signature': `sha256=${createHmac('sha256', newest).update(body).digest('hex')}`,
        }),
  };
}

const PAGE = /^\s*<(?:!doctype\s+html|html)[\s>]/i;

/**
 * Whether what came with a 2xx is a whole page, as a gateway or a sign-in says in the place of the webhook. A few words are
 * none, whatever type they say that they are.
 */
export const isPage = (body: string): boolean => PAGE.test(body);

/** Whether deliveries can be signed with it. */
export function canSign(secret: string): boolean {
  try {
    signer(secret);
    return true;
  } catch {
    return false;
  }
}

/** A secret of ours says its form; one that an agent chose is taken as it is. */
const signer = (secret: string): Webhook =>
  secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(secret, { format: 'raw' });
