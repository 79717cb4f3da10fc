import { createHash } from 'node:crypto';
import { MooringError } from '../domain/errors';
import type { ErrorCode } from '../domain/errors';
import type { MicroUsdc } from '../domain/money';
import { sqlState } from './database';
import type { Tx } from './database';

export const OUTSIDE = 'platform/outside';
export const userAccount = (userId: string): string => `user/${userId}`;
export const ownerAccount = (userId: string): string => `owner/${userId}`;
/** What is captured goes through the payer's own, so that no account is everybody's. */
export const escrowAccount = (userId: string): string => `escrow/${userId}`;

const FEE_ACCOUNTS = 16;
/** Fees lie in several accounts, so that captures side by side do not wait for one row. */
export const feeAccount = (paymentId: string): string =>
  `fees/${(createHash('sha256').update(paymentId).digest()[0] ?? 0) % FEE_ACCOUNTS}`;

/** Belongs to `platform`: fees and outside. */
export const PLATFORM = 'platform';

interface Account {
  id: string;
  kind: 'user' | 'owner' | 'escrow' | 'fees' | 'outside';
  ownerId: string;
}

/** Opens accounts, empty; one that is open stays as it is. */
export function openAccounts(tx: Tx, accounts: Account[]): void {
  tx.write(
    `insert into ledger_accounts (id, kind, owner_id)
     select a.id, a.kind, a."ownerId" from jsonb_to_recordset($1) as a(id text, kind text, "ownerId" text)
         on conflict (id) do nothing`,
    [JSON.stringify(accounts)],
  );
}

export interface Transfer {
  /** of the cause, so that a transfer is made once however often it is asked for */
  key: string;
  kind: 'top_up' | 'hold' | 'void' | 'capture' | 'fee' | 'refund' | 'deposit' | 'withdrawal';
  debit: string;
  credit: string;
  amountMicros: MicroUsdc;
  /** whose statement shows it */
  ownerId: string;
  paymentId: string | null;
}

/** `exists`: the very same was recorded before under this key, and nothing has moved now. */
export type Recorded = 'created' | 'exists';

// Statements are planned once, maybe when there were few transfers: `offset 0` makes each look one up by its key, and keeps
// the planner from reading all of them instead.
const COLUMNS =
  'key, phase, pending_id, kind, debit_account, credit_account, amount_micros, payment_id, owner_id';
const LEGS = `jsonb_to_recordset($1) as t(key text, kind text, debit text, credit text, "amountMicros" bigint,
                                          "paymentId" text, "ownerId" text)`;

/**
 * Moves money at once: all these transfers, which are linked, or none. Throws insufficient_funds, and then its transaction
 * is over; idempotency_conflict when a key was used for something else.
 */
export async function transfer(tx: Tx, linked: Transfer[]): Promise<Recorded> {
  const rows = asJson(linked);
  const made = await refusedByBalance(() =>
    tx.query(
      `insert into ledger_transfers (${COLUMNS})
       select t.key, 'single', null::bigint, t.kind, t.debit, t.credit, t."amountMicros", t."paymentId", t."ownerId" from ${LEGS}
        where not exists (select from unnest($2::text[]) as k
                           where exists (select from ledger_transfers r where r.key = k offset 0))
           on conflict (key) do nothing returning id`,
      [rows, linked.map(({ key }) => key)],
    ),
  );
  if (made.length === linked.length) return 'created';
  if (made.length > 0 || !(await isRecorded(tx, rows, linked.length))) throw usedOtherwise();
  return 'exists';
}

/**
 * Reserves money of the debit account for the credit account, in one round trip. Throws insufficient_funds, and the
 * transaction can go on.
 */
export async function hold(tx: Tx, wish: Transfer): Promise<Recorded> {
  // The purse is looked at under its lock; where it is too small, nothing is written.
  const made = await tx.query(
    `with purse as (
       select id from ledger_accounts where id = $4 and posted_micros - held_micros >= $6::bigint for no key update)
     insert into ledger_transfers (${COLUMNS})
     select $1, $2, null::bigint, $3, purse.id, $5, $6::bigint, $7, $8 from purse
         on conflict (key) do nothing returning id`,
    [
      wish.key,
      'pending',
      wish.kind,
      wish.debit,
      wish.credit,
      wish.amountMicros,
      wish.paymentId,
      wish.ownerId,
    ],
  );
  if (made.length === 1) return 'created';
  if (await isRecorded(tx, asJson([wish]), 1)) return 'exists';
  const [used] = await tx.query('select 1 from ledger_transfers where key = $1', [wish.key]);
  if (used !== undefined) throw usedOtherwise();
  throw new MooringError('insufficient_funds', 'The wallet holds less than this.');
}

/** Where what is captured goes on to from the escrow, in the same moment. */
export type Onward = Omit<Transfer, 'debit' | 'paymentId'>;

/** Locks these accounts in the order that all transactions keep. */
export function lockAccounts(tx: Tx, ids: string[]): void {
  tx.write('select from ledger_accounts where id = any($1) order by id desc for no key update', [ids]);
}

/** The one outcome of a hold. Only `posted` may be of a part; the rest is free again. */
export type Outcome =
  { phase: 'posted'; amountMicros: MicroUsdc; onward: Onward[] } | { phase: 'voided' | 'expired' };

interface Resolution {
  holdKey: string;
  key: string;
  outcome: Outcome;
}

/**
 * Ends a hold, in one round trip. Throws already_posted, already_voided or already_expired when it has another outcome,
 * amount_over_hold when more is to be posted than is held, not_found when there is no such hold.
 */
export async function resolveHold(tx: Tx, wish: Resolution): Promise<Recorded> {
  const { holdKey, key, outcome } = wish;
  // Two that end one hold are one after the other here, and the second reads what the first has written.
  tx.write(
    `select from ledger_accounts where id = (select debit_account from ledger_transfers where key = $1 and phase = 'pending')
        for no key update`,
    [holdKey],
  );
  const posted = outcome.phase === 'posted' ? outcome : null;
  const made = await tx.query(
    `with held as (
       select id, kind, debit_account, credit_account, coalesce($5::bigint, amount_micros) as amount, payment_id, owner_id
         from ledger_transfers h
        where key = $2 and phase = 'pending' and coalesce($5::bigint, 0) <= amount_micros
          and not exists (select from ledger_transfers e where e.pending_id = h.id offset 0))
     insert into ledger_transfers (${COLUMNS})
     select $3, $4, id, case when $4 <> 'posted' then 'void' when kind = 'hold' then 'capture' else kind end,
            debit_account, credit_account, amount, payment_id, owner_id from held
      union all
     select t.key, 'single', null, t.kind, h.credit_account, t.credit, t."amountMicros", h.payment_id, t."ownerId"
       from held h, ${LEGS}
     returning id`,
    [asJson(posted?.onward ?? []), holdKey, key, outcome.phase, posted?.amountMicros ?? null],
  );
  if (made.length > 0) return 'created';
  return explain(tx, wish);
}

const ALREADY = {
  posted: 'already_posted',
  voided: 'already_voided',
  expired: 'already_expired',
} as const satisfies Record<Outcome['phase'], ErrorCode>;

/** Why a hold could not be ended, or that it was, by this very cause. */
async function explain(tx: Tx, { holdKey, key, outcome }: Resolution): Promise<Recorded> {
  const [held] = await tx.query<{
    amount: MicroUsdc;
    escrow: string;
    paymentId: string | null;
    endKey: string | null;
    phase: Outcome['phase'];
    ended: MicroUsdc;
  }>(
    `select h.amount_micros as amount, h.credit_account as escrow, h.payment_id as "paymentId",
            e.key as "endKey", e.phase, e.amount_micros as ended
       from ledger_transfers h
       left join lateral (select * from ledger_transfers where pending_id = h.id offset 0) e on true
      where h.key = $1 and h.phase = 'pending'`,
    [holdKey],
  );
  if (held === undefined) throw new MooringError('not_found', 'There is no such hold.');
  const wished = outcome.phase === 'posted' ? outcome.amountMicros : held.amount;
  if (held.endKey === null) {
    // It was made while this was asked.
    if (wished <= held.amount) return resolveHold(tx, { holdKey, key, outcome });
    throw new MooringError('amount_over_hold', 'More is to be captured than was held; nothing has moved.');
  }
  if (held.endKey === key && held.phase === outcome.phase && held.ended === wished) {
    const onward = outcome.phase === 'posted' ? outcome.onward : [];
    const legs = onward.map((part) => ({ ...part, debit: held.escrow, paymentId: held.paymentId }));
    if (!(await isRecorded(tx, asJson(legs), legs.length))) throw usedOtherwise();
    return 'exists';
  }
  throw new MooringError(ALREADY[held.phase], `This hold is ${held.phase} already; nothing has moved.`);
}

/** Whether these were recorded before, to the letter. A look-up by each key, however many transfers there are. */
async function isRecorded(tx: Tx, rows: string, count: number): Promise<boolean> {
  const same = await tx.query(
    `select from ${LEGS}
      where exists (select from ledger_transfers r
                     where r.key = t.key
                       and (r.kind, r.debit_account, r.credit_account, r.amount_micros, r.owner_id)
                             = (t.kind, t.debit, t.credit, t."amountMicros", t."ownerId")
                       and r.payment_id is not distinct from t."paymentId"
                    offset 0)`,
    [rows],
  );
  return same.length === count;
}

const usedOtherwise = (): MooringError =>
  new MooringError('idempotency_conflict', 'This key was used for another transfer; nothing has moved.');

const asJson = (transfers: Partial<Transfer>[]): string =>
  JSON.stringify(transfers, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));

/** The account's own constraint refuses it, under its row lock. */
async function refusedByBalance<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const byBalance = cause instanceof Error && 'constraint' in cause && cause.constraint === NOT_NEGATIVE;
    if (sqlState(cause) !== '23514' || !byBalance) throw cause;
    throw new MooringError('insufficient_funds', 'An account holds less than this.', { cause });
  }
}

const NOT_NEGATIVE = 'ledger_accounts_not_negative';

/** In micro-USDC. */
interface Balance {
  balanceMicros: MicroUsdc;
  heldMicros: MicroUsdc;
}

/** What an account can spend and what is held of it; one that was never opened has nothing. */
export async function balanceOf(tx: Tx, account: string): Promise<Balance> {
  const [row] = await tx.query<Balance>(
    `select posted_micros - held_micros as "balanceMicros", held_micros as "heldMicros"
       from ledger_accounts where id = $1`,
    [account],
  );
  return row ?? { balanceMicros: 0n, heldMicros: 0n };
}

export const wallet = (tx: Tx, userId: string): Promise<Balance> => balanceOf(tx, userAccount(userId));
