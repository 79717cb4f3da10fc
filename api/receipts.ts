import { CompactSign, compactVerify, createLocalJWKSet, exportJWK, generateKeyPair, importJWK } from 'jose';
import type { JWK } from 'jose';
import { z } from 'zod';
import type { Tx } from '../db/database';
import { findReceipt, keepReceipt, keepSigningKey, newestSigningKey, publicKeys } from '../db/receipts';
import type { SigningKey } from '../db/receipts';
import type { PaymentTimeline } from '../db/payment-pages';
import { MooringError } from '../domain/errors';
import { formatUsdc } from '../domain/money';
import { newId } from '../lib/ids';
import type { Seal } from '../lib/seal';

/** Of all browsers and of OpenSSL. */
const ALG = 'ES256';
const TYP = 'mooring-receipt+jws';

/** What a receipt says. Amounts are USDC as decimal strings, times are ISO. */
export const ReceiptClaims = z.object({
  iss: z.string(),
  jti: z.string(),
  payer: z.string(),
  payee: z.string(),
  agent_id: z.string(),
  agent_name: z.string(),
  action: z.string(),
  task_id: z.string().nullable(),
  currency: z.literal('USDC'),
  approved_usdc: z.string(),
  paid_usdc: z.string(),
  fee_usdc: z.string(),
  approved_by: z.enum(['person', 'standing']).nullable(),
  paid_at: z.string(),
});
export type ReceiptClaims = z.infer<typeof ReceiptClaims>;

/** What receipts are made with. */
export interface Issuer {
  /** the public address of this platform */
  name: string;
  seal: Seal;
}

/**
 * The receipt of a captured payment, signed once and kept: whoever asks again gets the same bytes. What is refunded later
 * stands in the payment, not in its receipt. Throws not_found while nothing was captured. As the system.
 */
export async function receiptOf(tx: Tx, issuer: Issuer, timeline: PaymentTimeline): Promise<string> {
  const { payment } = timeline;
  const known = await findReceipt(tx, payment.id);
  if (known !== null) return known;
  const jws = await sign(await signingKey(tx, issuer.seal), claimsOf(issuer, timeline));
  return keepReceipt(tx, { paymentId: payment.id, userId: payment.userId, jws });
}

function claimsOf({ name }: Issuer, { payment, events }: PaymentTimeline): ReceiptClaims {
  const captured = events.find(({ to }) => to === 'CAPTURED');
  if (captured === undefined || payment.capturedMicros === null) {
    throw new MooringError('not_found', 'A payment has a receipt once it is captured.');
  }
  return {
    iss: name,
    jti: payment.id,
    payer: payment.userId,
    payee: payment.agentOwnerId,
    agent_id: payment.agentId,
    agent_name: payment.agentName,
    action: payment.action,
    task_id: payment.taskId,
    currency: 'USDC',
    approved_usdc: formatUsdc(payment.amountMicros),
    paid_usdc: formatUsdc(payment.capturedMicros),
    // Of a part that is captured the same part is the fee, rounded down (docs/decisions/0011).
    fee_usdc: formatUsdc((payment.feeMicros * payment.capturedMicros) / payment.amountMicros),
    approved_by: payment.decidedBy,
    paid_at: captured.at,
  };
}

async function sign(
  { id, privateJwk }: { id: string; privateJwk: JWK },
  claims: ReceiptClaims,
): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: ALG, typ: TYP, kid: id })
    .sign(await importJWK(privateJwk, ALG));
}

/** The newest key that this process can open; after a change of its secret, and at first, a new one. */
async function signingKey(tx: Tx, seal: Seal): Promise<{ id: string; privateJwk: JWK }> {
  const newest = await newestSigningKey(tx);
  const opened = newest === null ? null : openKey(newest, seal);
  if (newest !== null && opened !== null) return { id: newest.id, privateJwk: opened };
  const { publicKey, privateKey } = await generateKeyPair(ALG, { extractable: true });
  const id = newId('sig');
  const privateJwk = await exportJWK(privateKey);
  await keepSigningKey(tx, {
    id,
    publicJwk: { ...(await exportJWK(publicKey)), kid: id, alg: ALG, use: 'sig' },
    sealedPrivate: seal.seal(JSON.stringify(privateJwk)),
  });
  return { id, privateJwk };
}

function openKey({ sealedPrivate }: SigningKey, seal: Seal): JWK | null {
  try {
    return JSON.parse(seal.open(sealedPrivate)) as JWK;
  } catch {
    return null;
  }
}

export const jwks = async (tx: Tx): Promise<{ keys: JWK[] }> => ({ keys: await publicKeys(tx) });

/** What a receipt says, if it is one of ours and unchanged; null: it is not. */
export async function verifyReceipt(tx: Tx, jws: string): Promise<ReceiptClaims | null> {
  try {
    const { payload, protectedHeader } = await compactVerify(jws, createLocalJWKSet(await jwks(tx)), {
      algorithms: [ALG],
    });
    if (protectedHeader.typ !== TYP) return null;
    return ReceiptClaims.parse(JSON.parse(Buffer.from(payload).toString('utf8')));
  } catch {
    return null;
  }
}
