import { timingSafeEqual } from 'node:crypto';
import { CODE_MS, CODE_TRIES } from '../domain/confirmation';
import { MooringError } from '../domain/errors';
import { asSystem } from './as-system';
import type { Tx } from './database';
import { findOrOpenAccount } from './users';

export interface OwnerEmail {
  email: string;
  verifiedAt: string | null;
  codeHash: Buffer | null;
  codeGood: boolean;
  tries: number;
}

/** Locked: two calls of one agent try their codes one after the other. null: nobody was named yet. */
export async function lockOwnerEmail(tx: Tx, agentId: string): Promise<OwnerEmail | null> {
  const [row] = await tx.query<OwnerEmail>(
    `select email, verified_at as "verifiedAt", code_hash as "codeHash", coalesce(code_until > now(), false) as "codeGood", tries
       from owner_emails where agent_id = $1 for update`,
    [agentId],
  );
  return row ?? null;
}

/** An address that is still to say that it is right; the newest code counts. */
export const nameOwner = (
  tx: Tx,
  { agentId, email, codeHash }: { agentId: string; email: string; codeHash: Buffer },
): Promise<unknown> =>
  tx.query(
    `insert into owner_emails (agent_id, email, code_hash, code_until)
     values ($1, $2, $3, now() + $4 * interval '1 millisecond')
     on conflict (agent_id) do update
        set email = $2, code_hash = $3, code_until = now() + $4 * interval '1 millisecond', tries = 0`,
    [agentId, email, codeHash, CODE_MS],
  );

/** The person who registered it while signed in: nothing is left to verify. */
export const keepOwner = (tx: Tx, agentId: string, ownerId: string): Promise<unknown> =>
  tx.query(
    `insert into owner_emails (agent_id, email, verified_at) select $1, email, now() from users where id = $2`,
    [agentId, ownerId],
  );

/** Both codes of a change are kept as one hash, over the address that it is for. */
export const expectChange = (tx: Tx, agentId: string, codeHash: Buffer): Promise<unknown> =>
  tx.query(
    `update owner_emails set code_hash = $2, code_until = now() + $3 * interval '1 millisecond', tries = 0
      where agent_id = $1`,
    [agentId, codeHash, CODE_MS],
  );

/** Right, in time and within the tries; a wrong one is counted. Gives why not, or null. */
export async function tryCode(
  tx: Tx,
  agentId: string,
  { row, typed }: { row: OwnerEmail; typed: Buffer },
): Promise<MooringError | null> {
  const refuse = (message: string): MooringError =>
    new MooringError('invalid_request', message, {
      details: { field: 'code', rule: 'must be the code of the mail' },
    });
  if (row.codeHash === null || !row.codeGood || row.tries >= CODE_TRIES) {
    return refuse('This code is not good any more: ask for a new one.');
  }
  if (timingSafeEqual(typed, row.codeHash)) return null;
  await tx.query('update owner_emails set tries = tries + 1 where agent_id = $1', [agentId]);
  return refuse(`This is not the code. Tries left: ${CODE_TRIES - row.tries - 1}.`);
}

/** From now on the account of this address stands behind the agent; tasks that are under way keep theirs. */
export async function becomeOwner(tx: Tx, agentId: string, email: string): Promise<void> {
  // An agent sees no accounts.
  const { user } = await asSystem(tx, () => findOrOpenAccount(tx, email));
  await tx.query(
    `update owner_emails set email = $2, verified_at = now(), code_hash = null, code_until = null, tries = 0
      where agent_id = $1`,
    [agentId, email],
  );
  await tx.query('update agents set owner_id = $2 where id = $1', [agentId, user.id]);
}
