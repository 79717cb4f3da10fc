import { MooringError } from '../domain/errors';
import { newId } from '../lib/ids';
import type { Tx } from './database';
import { escrowAccount, openAccounts, userAccount } from './ledger';

const NAME_LIMIT = 100;

export interface User {
  id: string;
  email: string;
  name: string;
}

export async function getUser(tx: Tx, id: string): Promise<User> {
  const [user] = await tx.query<User>('select id, email, name from users where id = $1', [id]);
  if (user === undefined) throw new MooringError('not_found', 'There is no such account.');
  return user;
}

/**
 * The account of a mail address, opened with its wallet and its personal agent when it is new.
 * Mail addresses are compared in lower case.
 */
export async function findOrOpenAccount(tx: Tx, email: string): Promise<{ user: User; opened: boolean }> {
  const address = email.toLowerCase();
  const name = (address.split('@')[0] || address).slice(0, NAME_LIMIT);
  const [inserted] = await tx.query<User>(
    `insert into users (id, email, name) values ($1, $2, $3) on conflict (email) do nothing returning id, email, name`,
    [newId('usr'), address, name],
  );
  if (inserted === undefined) {
    const [user] = await tx.query<User>('select id, email, name from users where email = $1', [address]);
    if (user === undefined) throw new Error('the account is neither new nor known');
    return { user, opened: false };
  }
  openAccounts(tx, [
    { id: userAccount(inserted.id), kind: 'user', ownerId: inserted.id },
    { id: escrowAccount(inserted.id), kind: 'escrow', ownerId: inserted.id },
  ]);
  const agentId = newId('agt');
  await tx.query(
    `insert into agents (id, kind, owner_id, slug, name, description, status)
     values ($1, 'personal', $2, $3, $4, 'Sends the tasks of this person''s chats.', 'ACTIVE')`,
    [
      agentId,
      inserted.id,
      `personal-${inserted.id.slice(4).toLowerCase().replaceAll('_', 'x')}`,
      inserted.name,
    ],
  );
  return { user: inserted, opened: true };
}
