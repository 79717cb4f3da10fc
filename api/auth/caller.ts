import type { Request } from 'express';
import { useApiKey } from '../../db/api-keys';
import type { Database } from '../../db/database';
import { MooringError } from '../../domain/errors';
import { SYSTEM } from '../../domain/principal';
import { hashApiKey, isApiKey } from '../../lib/api-key';
import type { Tokens } from './tokens';

/** Whose request it is. Throws auth_failed. */
export type Caller = (req: Request) => Promise<string>;

export interface Callers {
  /** by an access token or an API key; where both are sent, the token counts */
  caller: Caller;
  /** by an access token: a key does not manage keys, so that a stolen one cannot make itself more of them */
  signedIn: Caller;
}

/** Whether a request says at all whose it is. */
export const saysWho = (req: Request): boolean =>
  req.get('authorization') !== undefined || req.get('x-api-key') !== undefined;

export function createCallers({ db, tokens }: { db: Database; tokens: Tokens }): Callers {
  const signedIn: Caller = async (req) => {
    const [scheme = '', token, ...rest] = (req.get('authorization') ?? '').split(' ');
    if (scheme.toLowerCase() !== 'bearer' || token === undefined || rest.length > 0) {
      throw new MooringError('auth_failed', 'This needs an access token: Authorization: Bearer <token>.');
    }
    return tokens.verifyAccess(token);
  };
  const byKey = async (key: string): Promise<string> => {
    const userId = isApiKey(key)
      ? await db.withTx(SYSTEM, 'key.use', (tx) => useApiKey(tx, hashApiKey(key)))
      : null;
    if (userId === null) throw new MooringError('auth_failed', 'The API key is bad or revoked.');
    return userId;
  };
  return {
    signedIn,
    caller: (req) => {
      const key = req.get('x-api-key');
      return key === undefined || req.get('authorization') !== undefined ? signedIn(req) : byKey(key);
    },
  };
}
