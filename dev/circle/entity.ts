import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { ApiError } from './api-error';

export interface Entity {
  /** what the secret is to be sealed with */
  publicKey: string;
  /** Refuses a ciphertext that is not of our secret, or that was seen before. */
  check: (ciphertext: string) => void;
}

/** The holder of the wallets. Each request has to seal its secret anew. */
export function createEntity(entitySecret: string): Entity {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const seen = new Set<string>();
  return {
    publicKey: keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    check(ciphertext) {
      if (seen.has(ciphertext))
        throw new ApiError(409, 156_004, 'Reusing an entity secret ciphertext is not allowed.');
      seen.add(ciphertext);
      if (open(keys.privateKey, ciphertext) !== entitySecret)
        throw new ApiError(400, 156_013, 'The provided entity secret is invalid.');
    },
  };
}

function open(key: KeyObject, text: string): string | null {
  try {
    const sealed = Buffer.from(text, 'base64');
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    return privateDecrypt({ key, padding, oaepHash: 'sha256' }, sealed).toString('hex');
  } catch {
    return null;
  }
}
