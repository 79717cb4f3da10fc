import { MooringError } from '../domain/errors';
import type { MicroUsdc } from '../domain/money';
import { sqlState } from './database';
import type { Tx } from './database';

export const OUTSIDE = 'platform/outside';
export const userAccount = (userId: string): string => `user/${userId}`;
export const ownerAccount = (userId: string): string => `owner/${userId}`;

/** Opens an account; one that is open stays as it is. */
export async function openAccount(
  tx: Tx,
  account: { id: string; kind: 'user' | 'owner' | 'fees' | 'outside'; ownerId: string },
): Promise<void> {
  await tx.query(
    'insert into ledger_accounts (id, kind, owner_id) values ($1, $2, $3) on conflict (id) do nothing',
    [account.id, account.kind, account.ownerId],
  );
}

interface Transfer {
  /** of the cause, so that a transfer is made once however often it is asked for */
  key: string;
  kind: 'top_up' | 'hold' | 'void' | 'capture';
  debit: string;
  credit: string;
  amountMicros: MicroUsdc;
  ownerId: string;
  paymentId: string | null;
}

/** Moves money at once. False when the key was used before. */
export async function transfer(tx: Tx, wish: Transfer): Promise<boolean> {
  const id = await record(tx, { ...wish, phase: 'single', pendingId: null });
  if (id === null) return false;
  await post(tx, wish);
  return true;
}

/** Reserves money of the debit account. Throws insufficient_funds; false when the key was used before. */
export async function hold(tx: Tx, wish: Transfer): Promise<boolean> {
  const id = await record(tx, { ...wish, phase: 'pending', pendingId: null });
  if (id === null) return false;
  try {
    await tx.query('update ledger_accounts set held_micros = held_micros + $2 where id = $1', [
      wish.debit,
      wish.amountMicros,
    ]);
  } catch (cause) {
    // the account's own constraint refuses it, under its row lock
    if (sqlState(cause) !== '23514') throw cause;
    throw new MooringError('insufficient_funds', 'The wallet holds less than this.', { cause });
  }
  return true;
}

/** Ends a hold: posted to the credit account, or given back. False when the hold has its outcome already. */
export async function settleHold(
  tx: Tx,
  { holdKey, outcome }: { holdKey: string; outcome: 'capture' | 'void' },
): Promise<boolean> {
  const [pending] = await tx.query<Transfer & { id: bigint }>(
    `select id, key, kind, debit_account as debit, credit_account as credit, amount_micros as "amountMicros",
            owner_id as "ownerId", payment_id as "paymentId"
       from ledger_transfers where key = $1 and phase = 'pending'`,
    [holdKey],
  );
  if (pending === undefined) throw new Error(`no hold ${holdKey}`);
  const id = await record(tx, {
    ...pending,
    key: `${holdKey}/end`,
    kind: outcome,
    phase: outcome === 'capture' ? 'posted' : 'voided',
    pendingId: pending.id,
  });
  if (id === null) return false;
  await tx.query('update ledger_accounts set held_micros = held_micros - $2 where id = $1', [
    pending.debit,
    pending.amountMicros,
  ]);
  if (outcome === 'capture') await post(tx, pending);
  return true;
}

async function record(
  tx: Tx,
  row: Transfer & { phase: 'single' | 'pending' | 'posted' | 'voided'; pendingId: bigint | null },
): Promise<bigint | null> {
  const [inserted] = await tx.query<{ id: bigint }>(
    `insert into ledger_transfers
       (key, phase, pending_id, kind, debit_account, credit_account, amount_micros, payment_id, owner_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (key) do nothing returning id`,
    [
      row.key,
      row.phase,
      row.pendingId,
      row.kind,
      row.debit,
      row.credit,
      row.amountMicros,
      row.paymentId,
      row.ownerId,
    ],
  );
  return inserted?.id ?? null;
}

/** Both balances in one statement, rows locked in id order. */
async function post(tx: Tx, { debit, credit, amountMicros }: Transfer): Promise<void> {
  await tx.query('select id from ledger_accounts where id in ($1, $2) order by id for no key update', [
    debit,
    credit,
  ]);
  await tx.query(
    `update ledger_accounts set posted_micros = posted_micros + case when id = $1 then -$3::bigint else $3::bigint end
      where id in ($1, $2)`,
    [debit, credit, amountMicros],
  );
}

/** What a user's wallet can spend and what is held, in micro-USDC. */
export async function wallet(
  tx: Tx,
  userId: string,
): Promise<{ balanceMicros: MicroUsdc; heldMicros: MicroUsdc }> {
  const [row] = await tx.query<{ balanceMicros: MicroUsdc; heldMicros: MicroUsdc }>(
    `select posted_micros - held_micros as "balanceMicros", held_micros as "heldMicros"
       from ledger_accounts where id = $1`,
    [userAccount(userId)],
  );
  return row ?? { balanceMicros: 0n, heldMicros: 0n };
}
