import { MooringError } from '../domain/errors';
import type { MicroUsdc } from '../domain/money';
import { isAgainst, isFinal, MOVE_RANKS, refusalOf } from '../domain/wallet';
import type { ByHand, MoveOutcome, MoveState, SubmittedMove, WalletMove } from '../domain/wallet';
import type { Tx } from './database';
import type { Payment } from './payments';

export interface OutsideWallet {
  account: string;
  walletId: string;
  address: string;
}

/** The wallet behind an account at a network, if one was opened. */
export async function findWallet(tx: Tx, network: string, account: string): Promise<OutsideWallet | null> {
  const [row] = await tx.query<OutsideWallet>(
    'select account, wallet_id as "walletId", address from wallets where account = $1 and network = $2',
    [account, network],
  );
  return row ?? null;
}

/** Keeps the wallet that was opened for an account; the one that was there first stays, and is given back. */
export async function keepWallet(tx: Tx, network: string, wallet: OutsideWallet): Promise<OutsideWallet> {
  await tx.query(
    'insert into wallets (account, network, wallet_id, address) values ($1, $2, $3, $4) on conflict (account, network) do nothing',
    [wallet.account, network, wallet.walletId, wallet.address],
  );
  return (await findWallet(tx, network, wallet.account)) ?? wallet;
}

export interface StoredMove extends SubmittedMove {
  state: MoveState;
  unknownSince: string | null;
  endedAt: string | null;
  /** as two people have found out; null: they were not asked, or do not agree */
  byHand: ByHand | null;
}

const SELECT = `select key, payment_id as "paymentId", step, refund_id as "refundId", from_account as "from", to_account as "to",
    amount_micros as "amountMicros", submitted_at as "submittedAt", reference, state,
    unknown_since as "unknownSince", ended_at as "endedAt", by_hand as "byHand"
  from wallet_moves`;

/**
 * Writes a move down before anybody is asked to make it: null. Written before, it stays as it was, and what is known of it
 * is told.
 */
export async function recordMove(tx: Tx, network: string, move: WalletMove): Promise<MoveOutcome | null> {
  const fresh = await tx.query(
    `insert into wallet_moves (key, payment_id, user_id, step, refund_id, network, from_account, to_account, amount_micros)
     select $1, $2, user_id, $3, $4, $5, $6, $7, $8 from payments where id = $2
         on conflict (key) do nothing returning key`,
    [move.key, move.paymentId, move.step, move.refundId, network, move.from, move.to, move.amountMicros],
  );
  return fresh.length === 1 ? null : knownOutcome(await lockMove(tx, move.key));
}

function knownOutcome({ key, state, reference, unknownSince, byHand }: StoredMove): MoveOutcome {
  if (byHand === 'made') return { kind: 'done', reference: reference ?? key };
  if (byHand === 'not_made') {
    return { kind: 'refused', state: 'FAILED', reference, code: 'wallet_not_made' };
  }
  if (unknownSince !== null) return { kind: 'unknown', why: 'its answer was lost' };
  const code = refusalOf({ state, reference });
  if (code !== null) return { kind: 'refused', state, reference, code };
  return state === 'COMPLETE'
    ? { kind: 'done', reference: reference ?? key }
    : { kind: 'pending', state, reference };
}

export async function lockMove(tx: Tx, key: string): Promise<StoredMove> {
  const [row] = await tx.query<StoredMove>(`${SELECT} where key = $1 for no key update`, [key]);
  if (row === undefined) throw new Error(`no move ${key}`);
  return row;
}

/** The move of a payment that has not come to its end; at most one has not. */
export async function openMove(tx: Tx, paymentId: string): Promise<StoredMove | null> {
  const [row] = await tx.query<StoredMove>(
    `${SELECT} where payment_id = $1 and ended_at is null order by submitted_at limit 1`,
    [paymentId],
  );
  return row ?? null;
}

/** Writes down what is known of a locked move now. What is older than what was known changes nothing. */
export async function recordOutcome(tx: Tx, move: StoredMove, outcome: MoveOutcome): Promise<StoredMove> {
  if (move.endedAt !== null || move.byHand !== null) return move;
  if (outcome.kind === 'unknown') {
    await tx.query('update wallet_moves set unknown_since = coalesce(unknown_since, now()) where key = $1', [
      move.key,
    ]);
    return lockMove(tx, move.key);
  }
  // What one call was refused says nothing of another one under the same key.
  const mayBeMade = move.reference !== null || move.unknownSince !== null;
  if (outcome.kind === 'refused' && outcome.reference === null && mayBeMade) return move;
  const told = outcome.kind === 'done' ? 'COMPLETE' : outcome.state;
  const state = MOVE_RANKS[told] > MOVE_RANKS[move.state] ? told : move.state;
  await tx.query(
    `update wallet_moves set state = $2, reference = coalesce(reference, $3),
            unknown_since = case when coalesce(reference, $3) is null and not $4 then unknown_since end,
            ended_at = case when $4 then now() end
      where key = $1`,
    [move.key, state, outcome.reference, isFinal(state)],
  );
  return lockMove(tx, move.key);
}

/** What an account of the ledger can spend. */
export async function accountBalance(tx: Tx, account: string): Promise<MicroUsdc> {
  const [row] = await tx.query<{ micros: MicroUsdc }>(
    'select posted_micros - held_micros as micros from ledger_accounts where id = $1',
    [account],
  );
  return row?.micros ?? 0n;
}

type NamedMove = Pick<WalletMove, 'key' | 'paymentId' | 'step' | 'refundId'>;

/** The move that a network tells of, by its own name of it, or, where that is not known yet, by ours. Null: none of ours. */
export async function findMove(
  tx: Tx,
  { reference, refId }: { reference: string; refId: string },
): Promise<NamedMove | null> {
  const [paymentId, step, refundId] = refId.split('/');
  const [found] = await tx.query<NamedMove>(
    `select key, payment_id as "paymentId", step, refund_id as "refundId" from wallet_moves where reference = $1
     union select key, payment_id, step, refund_id from wallet_moves
            where payment_id = $2 and step = $3 and refund_id is not distinct from $4 and reference is null`,
    [reference, paymentId, step ?? '', refundId ?? null],
  );
  return found ?? null;
}

/**
 * What a network has told of a move, once each: a state on the way is written down when it is newer; an end is not
 * believed: the network is to be asked now. `against`: two people have said otherwise.
 */
export async function hearOfMove(
  tx: Tx,
  told: { notificationId: string; reference: string; refId: string; state: MoveState },
): Promise<'kept' | 'ask' | 'against'> {
  const found = await findMove(tx, told);
  if (found === null) return 'kept';
  const move = await lockMove(tx, found.key);
  const fresh = await tx.query(
    `insert into wallet_notifications (id, network, move_key, reference, state)
     select $1, network, key, $3, $4 from wallet_moves where key = $2 on conflict (id) do nothing returning id`,
    [told.notificationId, move.key, told.reference, told.state],
  );
  if (fresh.length === 0 || move.endedAt !== null) return 'kept';
  if (move.byHand !== null) return isAgainst(move.byHand, told.state) ? 'against' : 'kept';
  // Of one whose answer was lost nothing is believed either: its transaction is yet to be found.
  if (!isFinal(told.state) && move.reference === told.reference) {
    const { reference, state } = told;
    await recordOutcome(tx, move, { kind: 'pending', state, reference });
    return 'kept';
  }
  return 'ask';
}

/** True once: a move that has taken longer than this is still without its end. */
export async function raiseAlarm(tx: Tx, { key }: StoredMove, alarmMs: number): Promise<boolean> {
  const raised = await tx.query(
    `update wallet_moves set alarmed_at = now()
      where key = $1 and alarmed_at is null and ended_at is null
        and coalesce(unknown_since, submitted_at) <= now() - $2 * interval '1 millisecond' returning key`,
    [key, alarmMs],
  );
  return raised.length === 1;
}

/** True once: a move was refused that must be made, since what goes before it has moved. */
export async function raiseRefusal(tx: Tx, { key }: StoredMove): Promise<boolean> {
  const raised = await tx.query(
    `update wallet_moves set alarmed_at = now()
      where key = $1 and alarmed_at is null and by_hand is null returning key`,
    [key],
  );
  return raised.length === 1;
}

/** Whether anything of a payment was written down to be moved at a network. */
export async function hasMoves(tx: Tx, paymentId: string): Promise<boolean> {
  const rows = await tx.query('select 1 from wallet_moves where payment_id = $1 limit 1', [paymentId]);
  return rows.length > 0;
}

/** The network that a payment was made at; null: our own ledger alone. */
export async function networkOf(tx: Tx, paymentId: string): Promise<string | null> {
  const [move] = await tx.query<{ network: string }>(
    'select network from wallet_moves where payment_id = $1 limit 1',
    [paymentId],
  );
  return move?.network ?? null;
}

/** Throws wallet_unavailable where the money of a payment lies elsewhere than the platform's wallets are now. */
export async function requireNetwork(
  tx: Tx,
  { id, state }: Pick<Payment, 'id' | 'state'>,
  network: string,
): Promise<void> {
  const moved = await networkOf(tx, id);
  // Nothing of it has been asked for anywhere.
  if (moved === null && state === 'AUTHORIZING') return;
  const own = moved ?? OWN_LEDGER;
  if (own === network) return;
  throw new MooringError(
    'wallet_unavailable',
    `This payment's money is at ${own}, and the platform's wallets are at ${network} now.`,
  );
}

/** The network of who has no moves written down. */
export const OWN_LEDGER = 'ledger';

/** Whether a part of a refund has moved: then the rest of it has to. */
export async function hasMoved(tx: Tx, refundId: string): Promise<boolean> {
  const rows = await tx.query(
    `select 1 from wallet_moves where refund_id = $1 and (state = 'COMPLETE' or by_hand = 'made') limit 1`,
    [refundId],
  );
  return rows.length > 0;
}

/** Whether the end of a payment is being made at a network, or was: a hold that nothing else may spend. */
export async function isEnding(tx: Tx, paymentId: string): Promise<boolean> {
  const rows = await tx.query(`select 1 from wallet_moves where payment_id = $1 and step <> 'hold' limit 1`, [
    paymentId,
  ]);
  return rows.length > 0;
}
