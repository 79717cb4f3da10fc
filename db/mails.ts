import { CODE_MS } from '../domain/confirmation';
import { newId } from '../lib/ids';
import type { Tx } from './database';
import { recordSignal } from './outbox';

export type MailKind = 'confirm_code' | 'owner_code';

export interface CodeMail {
  kind: MailKind;
  address: string;
  until: string;
}

/** Asks for a mail with a fresh code; its workflow sends it. The code comes from the id that is answered. */
export async function orderCodeMail(tx: Tx, wish: { kind: MailKind; address: string }): Promise<string> {
  const id = newId('mail');
  const until = new Date(Date.now() + CODE_MS).toISOString();
  await tx.query('insert into mails (id, kind, address, until) values ($1, $2, $3, $4)', [
    id,
    wish.kind,
    wish.address,
    until,
  ]);
  await recordSignal(tx, {
    workflow: 'mail',
    workflowId: `mail/${id}`,
    input: { mailId: id, until },
    signal: null,
    signalInput: null,
  });
  return id;
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
