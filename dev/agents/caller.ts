import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';

export const AgentKeys = z.object({
  orchestrator_key: z.string().min(1),
  signing_secret: z.string().regex(/^whsec_[A-Za-z0-9+/]+=*$/, 'must be whsec_ and base64'),
});
export type AgentKeys = z.infer<typeof AgentKeys>;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const single = (value: string | string[] | undefined): string => (typeof value === 'string' ? value : '');

/** Digests have one length, so the comparison takes the same time whatever was sent. */
export const hasOrchestratorKey = (headers: IncomingHttpHeaders, keys: AgentKeys): boolean =>
  timingSafeEqual(digest(single(headers['x-orchestrator-key'])), digest(keys.orchestrator_key));

/** The body as text if the Standard Webhooks signature is over exactly these bytes, else null. */
export function verifiedBody(headers: IncomingHttpHeaders, body: Buffer, keys: AgentKeys): string | null {
  try {
    // The library signs text: bytes that are not UTF-8 would be signed as something they are not.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    new Webhook(keys.signing_secret).verify(
      text,
      {
        'webhook-id': single(headers['webhook-id']),
        'webhook-timestamp': single(headers['webhook-timestamp']),
        'webhook-signature': single(headers['webhook-signature']),
      },
      { jsonParse: false },
    );
    return text;
  } catch {
    return null;
  }
}
