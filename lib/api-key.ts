import { createHash, randomBytes } from 'node:crypto';

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
