import type { Request } from 'express';
import { MooringError } from '../../domain/errors';
import type { Tokens } from './tokens';

/** Whose request it is: the user of its access token. Throws auth_failed. */
export type Caller = (req: Request) => Promise<string>;

export function createCaller(tokens: Tokens): Caller {
  return async (req) => {
    const [scheme = '', token, ...rest] = (req.get('authorization') ?? '').split(' ');
    if (scheme.toLowerCase() !== 'bearer' || token === undefined || rest.length > 0) {
      throw new MooringError('auth_failed', 'This needs an access token: Authorization: Bearer <token>.');
    }
    return tokens.verifyAccess(token);
  };
}
