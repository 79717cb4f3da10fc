import type { Tx } from './database';

const LIFETIME = `interval '30 days'`;

/** The first refresh token of a login. Only its hash is stored. What has expired of the person's tokens goes. */
export async function startFamily(
  tx: Tx,
  token: { hash: Buffer; familyId: string; userId: string },
): Promise<void> {
  await tx.query('delete from refresh_tokens where user_id = $1 and expires_at < now()', [token.userId]);
  await tx.query(
    `insert into refresh_tokens (token_hash, user_id, family_id, expires_at) values ($1, $2, $3, now() + ${LIFETIME})`,
    [token.hash, token.userId, token.familyId],
  );
}

/**
 * Spends a refresh token for the next one of its family; answers whose it is, or null when it is refused.
 * One that was spent before is in two hands, and we cannot tell whose: the whole family ends.
 */
export async function rotate(
  tx: Tx,
  { spent, next }: { spent: Buffer; next: Buffer },
): Promise<{ userId: string } | null> {
  const [token] = await tx.query<{ userId: string; familyId: string; used: boolean; live: boolean }>(
    `select user_id as "userId", family_id as "familyId", used_at is not null as used,
            revoked_at is null and expires_at > now() as live
       from refresh_tokens where token_hash = $1 for no key update`,
    [spent],
  );
  if (token === undefined) return null;
  if (token.used) {
    await tx.query(
      'update refresh_tokens set revoked_at = now() where family_id = $1 and revoked_at is null',
      [token.familyId],
    );
    return null;
  }
  if (!token.live) return null;
  await tx.query('update refresh_tokens set used_at = now() where token_hash = $1', [spent]);
  await startFamily(tx, { hash: next, familyId: token.familyId, userId: token.userId });
  return { userId: token.userId };
}
