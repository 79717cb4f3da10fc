import { MooringError } from '../domain/errors';
import { newId } from '../lib/ids';
import type { Tx } from './database';

/** As many as a person may have at a time. */
export const KEYS_OF_A_PERSON = 20;

export interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  createdAt: string;
  lastUsedAt: string | null;
}

const COLUMNS = `id, name, prefix, created_at as "createdAt", last_used_at as "lastUsedAt"`;

/** Stores a new key's hash, and of the key itself what its person knows it by. */
export async function storeApiKey(
  tx: Tx,
  userId: string,
  key: { name: string; prefix: string; hash: Buffer },
): Promise<ApiKey> {
  // One at a time: two requests at the same moment would both find room.
  await tx.query('select from users where id = $1 for no key update', [userId]);
  if ((await listApiKeys(tx, userId)).length >= KEYS_OF_A_PERSON) {
    throw new MooringError('too_many_keys', `A person may have ${KEYS_OF_A_PERSON} keys. Revoke one first.`, {
      details: { limit: KEYS_OF_A_PERSON },
    });
  }
  const [stored] = await tx.query<ApiKey>(
    `insert into api_keys (id, user_id, name, prefix, key_hash) values ($1, $2, $3, $4, $5) returning ${COLUMNS}`,
    [newId('key'), userId, key.name, key.prefix, key.hash],
  );
  if (stored === undefined) throw new Error('no key was stored');
  return stored;
}

/** Newest first. */
export const listApiKeys = (tx: Tx, userId: string): Promise<ApiKey[]> =>
  tx.query<ApiKey>(`select ${COLUMNS} from api_keys where user_id = $1 order by created_at desc, id desc`, [
    userId,
  ]);

export async function revokeApiKey(tx: Tx, userId: string, id: string): Promise<void> {
  const gone = await tx.query('delete from api_keys where id = $1 and user_id = $2 returning id', [
    id,
    userId,
  ]);
  if (gone.length === 0) throw new MooringError('not_found', 'There is no such key.');
}

/** Whose key this is, or null. That it was used is noted once a minute, so that a busy key is not a busy row. */
export async function useApiKey(tx: Tx, hash: Buffer): Promise<string | null> {
  const [key] = await tx.query<{ userId: string }>(
    `with known as (select id, user_id, last_used_at from api_keys where key_hash = $1),
          used as (update api_keys k set last_used_at = now() from known
                    where k.id = known.id
                      and (known.last_used_at is null or known.last_used_at < now() - interval '1 minute'))
     select user_id as "userId" from known`,
    [hash],
  );
  return key?.userId ?? null;
}
