import { createHash, randomBytes } from 'node:crypto';
import { SYSTEM } from '../../domain/principal';
import { MooringError } from '../../domain/errors';
import type { Database, Tx } from '../../db/database';
import { rotate, startFamily } from '../../db/refresh-tokens';
import { findOrOpenAccount, getUser } from '../../db/users';
import type { User } from '../../db/users';
import { topUp } from '../../db/wallet';
import { newId } from '../../lib/ids';
import { ACCESS_TOKEN_SECONDS } from './tokens';
import type { Tokens } from './tokens';

const WELCOME_MICROS = 5_000_000n;

/** What every finished login answers, and every refresh. */
export interface Login {
  ok: true;
  user_id: string;
  role: 'user';
  access_token: string;
  token: string;
  token_type: 'bearer';
  expires_in: number;
  refresh_token: string;
}

interface SignInDeps {
  db: Database;
  tokens: Tokens;
}

/** Signs in without a code; a new account gets 5 USDC of test money. For development only. */
export async function signInForDevelopment({ db, tokens }: SignInDeps, email: string): Promise<Login> {
  const refreshToken = newRefreshToken();
  const userId = await db.withTx(SYSTEM, 'user.sign-in', async (tx) => {
    const { user, opened } = await findOrOpenAccount(tx, email);
    if (opened) {
      const key = `top_up/${user.id}/welcome`;
      await topUp(tx, { userId: user.id, amountMicros: WELCOME_MICROS, key });
    }
    await startFamily(tx, { hash: hashOf(refreshToken), familyId: newId('fam'), userId: user.id });
    return user.id;
  });
  return finish(tokens, userId, refreshToken);
}

/** A new pair for a refresh token that was never used. */
export async function refresh({ db, tokens }: SignInDeps, refreshToken: string): Promise<Login> {
  const next = newRefreshToken();
  // A reuse revokes its family: that must commit, so the refusal is thrown outside.
  const owner = await db.withTx(SYSTEM, 'token.rotate', (tx) =>
    rotate(tx, { spent: hashOf(refreshToken), next: hashOf(next) }),
  );
  if (owner === null) throw new MooringError('auth_failed', 'Sign in again.');
  return finish(tokens, owner.userId, next);
}

async function finish(tokens: Tokens, userId: string, refreshToken: string): Promise<Login> {
  const accessToken = await tokens.issueAccess(userId);
  return {
    ok: true,
    user_id: userId,
    role: 'user',
    access_token: accessToken,
    token: accessToken,
    token_type: 'bearer',
    expires_in: ACCESS_TOKEN_SECONDS,
    refresh_token: refreshToken,
  };
}

// 256 random bits need no slow hash: there is nothing to guess.
const newRefreshToken = (): string => randomBytes(32).toString('base64url');
const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** The caller's account. A token outlives an account that is gone (a fresh database): then it is worth nothing. */
export async function ownAccount(tx: Tx, userId: string): Promise<User> {
  try {
    return await getUser(tx, userId);
  } catch (error) {
    if (!(error instanceof MooringError) || error.code !== 'not_found') throw error;
    throw new MooringError('auth_failed', 'This account is not here any more. Sign in again.');
  }
}
