import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { Circle } from './circle';

const MOST_KEYS = 100;

const SignatureKey = z.object({
  id: z.string(),
  algorithm: z.literal('ECDSA_SHA_256'),
  publicKey: z.string(),
});

/** Whether Circle signed these bytes. `null`: its key cannot be had now. */
export type CircleSignature = (
  body: Buffer,
  headers: { keyId: string; signature: string },
) => Promise<boolean | null>;

/** A key never changes under its id, so it is fetched once; only ids of a UUID's shape are asked for. */
export function createCircleSignature(circle: () => Promise<Circle>): CircleSignature {
  const keys = new Map<string, KeyObject | null>();
  const keyOf = async (keyId: string): Promise<KeyObject | null> => {
    const kept = keys.get(keyId);
    if (kept !== undefined) return kept;
    const key = await fetchKey(await circle(), keyId);
    if (keys.size >= MOST_KEYS) keys.delete([...keys.keys()][0] ?? '');
    keys.set(keyId, key);
    return key;
  };
  return async (body, { keyId, signature }) => {
    if (!z.uuid().safeParse(keyId).success) return false;
    try {
      const key = await keyOf(keyId);
      return key !== null && verify('sha256', body, key, Buffer.from(signature, 'base64'));
    } catch {
      return null;
    }
  };
}

/** null: Circle knows no such key. */
async function fetchKey(circle: Circle, keyId: string): Promise<KeyObject | null> {
  try {
    const answer = await circle.getNotificationSignature(keyId);
    const { publicKey } = SignatureKey.parse(answer.data);
    return createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  } catch (error) {
    const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : null;
    if (status === 404 || status === 400) return null;
    throw error;
  }
}
