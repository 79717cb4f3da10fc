import { createHash } from 'node:crypto';
import { CODE_MS, CODES_AN_HOUR } from '../domain/confirmation';
import { MooringError } from '../domain/errors';
import { newId } from '../lib/ids';
import { asSystem } from './as-system';
import type { Tx } from './database';
import { recordSignal } from './outbox';

export type MailKind = 'confirm_code' | 'owner_code';

export interface CodeMail {
  kind: MailKind;
  address: string;
  until: string;
}

/**
 * Asks for a mail with a fresh code; its workflow sends it. The code comes from the id that is answered.
 * Throws rate_limited: so many codes an hour of a kind go to one address, whoever asks for them.
 */
export async function orderCodeMail(tx: Tx, wish: { kind: MailKind; address: string }): Promise<string> {
  const addressHash = createHash('sha256').update(wish.address).digest();
  const waitMs = await asSystem(tx, () => mostAnHour(tx, wish.kind, addressHash));
  if (waitMs !== null) {
    throw new MooringError('rate_limited', 'Too many codes went to this address: wait before the next.', {
      details: { retry_after_ms: waitMs },
    });
  }
  const id = newId('mail');
  const until = new Date(Date.now() + CODE_MS).toISOString();
  await tx.query('insert into mails (id, kind, address, address_hash, until) values ($1, $2, $3, $4, $5)', [
    id,
    wish.kind,
    wish.address,
    addressHash,
    until,
  ]);
  recordSignal(tx, {
    workflow: 'mail',
    workflowId: `mail/${id}`,
    input: { mailId: id, until },
    signal: null,
    signalInput: null,
  });
  return id;
}

/** How long until one more may go; null: now. */
async function mostAnHour(tx: Tx, kind: MailKind, addressHash: Buffer): Promise<number | null> {
  const [row] = await tx.query<{ wait: number }>(
    `select ceil(extract(epoch from created_at + interval '1 hour' - now()) * 1000)::int as wait from mails
      where address_hash = $1 and kind = $2 and created_at > now() - interval '1 hour'
      order by created_at desc offset $3 - 1 limit 1`,
    [addressHash, kind, CODES_AN_HOUR],
  );
  return row?.wait ?? null;
}

/** null: it was sent, or its time is over. */
export async function findOpenMail(tx: Tx, id: string): Promise<CodeMail | null> {
  const [mail] = await tx.query<CodeMail>(
    'select kind, address, until from mails where id = $1 and ended_at is null and until > now()',
    [id],
  );
  return mail ?? null;
}

/** Sent, or never to be: the address is not needed any more. */
export const endMail = (tx: Tx, id: string): Promise<unknown> =>
  tx.query('update mails set ended_at = now(), address = null where id = $1 and ended_at is null', [id]);

/** Its code is worth nothing any more, sent or not, and it is not counted any more. */
export const forgetOldMails = (tx: Tx): Promise<unknown> =>
  tx.query(`delete from mails where created_at <= now() - interval '1 hour'`);
