import { createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';

const SHOWN = 'abk_live_'.length + 6;
const API_KEY = /^abk_live_[\w-]{43}$/;

/** A new key as its person sees it once, and what is kept of it. */
export function newApiKey(): { key: string; prefix: string; hash: Buffer } {
  const key = `abk_live_${randomBytes(32).toString('base64url')}`;
  return { key, prefix: key.slice(0, SHOWN), hash: hashApiKey(key) };
}

export const isApiKey = (text: string): boolean => API_KEY.test(text);

/** 256 random bits need no slow hash: there is nothing to guess. */
export const hashApiKey = (key: string): Buffer => createHash('sha256').update(key).digest();

const NETWORK_KEY = /^sk_live_[\w-]{40}$/;

/** The keys of agents of the network: 240 random bits, stored as an HMAC under a key of the process secret's. */
export function networkKeys(secret: string): {
  create: () => { key: string; hash: Buffer };
  /** null: no key of ours reads so */
  hash: (key: string) => Buffer | null;
} {
  const pepper = Buffer.from(hkdfSync('sha256', secret, '', 'mooring/network-keys/v1', 32));
  const hashOf = (key: string): Buffer => createHmac('sha256', pepper).update(key).digest();
  return {
    create() {
      const key = `sk_live_${randomBytes(30).toString('base64url')}`;
      return { key, hash: hashOf(key) };
    },
    hash: (key) => (NETWORK_KEY.test(key) ? hashOf(key) : null),
  };
}
