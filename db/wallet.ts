import type { MicroUsdc } from '../domain/money';
import type { Tx } from './database';
import { openAccounts, OUTSIDE, PLATFORM, transfer, userAccount } from './ledger';
import type { Recorded } from './ledger';

/** Test money from outside into a wallet, once for each key. */
export function topUp(
  tx: Tx,
  { userId, amountMicros, key }: { userId: string; amountMicros: MicroUsdc; key: string },
): Promise<Recorded> {
  openAccounts(tx, [{ id: OUTSIDE, kind: 'outside', ownerId: PLATFORM }]);
  return transfer(tx, [
    {
      key,
      kind: 'top_up',
      debit: OUTSIDE,
      credit: userAccount(userId),
      amountMicros,
      ownerId: userId,
      paymentId: null,
    },
  ]);
}

/** What is held, by what it waits for. */
export interface HeldParts {
  /** the person is to confirm what the agent wants to do */
  waitingMicros: MicroUsdc;
  workingMicros: MicroUsdc;
  /** nobody knows whether it moved */
  unknownMicros: MicroUsdc;
}

export async function heldParts(
  tx: Tx,
  { userId, heldMicros }: { userId: string; heldMicros: MicroUsdc },
): Promise<HeldParts> {
  const none = { waitingMicros: 0n, workingMicros: 0n, unknownMicros: 0n };
  if (heldMicros === 0n) return none;
  const [row = none] = await tx.query<Omit<HeldParts, 'workingMicros'>>(
    `select coalesce(sum(p.amount_micros) filter (where p.state = 'HELD'), 0)::bigint as "waitingMicros",
            coalesce(sum(p.amount_micros) filter (where p.state = 'UNKNOWN'), 0)::bigint as "unknownMicros"
       from payments p left join tasks t on t.payment_id = p.id
      where p.user_id = $1 and (p.state = 'UNKNOWN' or p.state = 'HELD' and t.status = 'waiting_human_confirm')`,
    [userId],
  );
  const { waitingMicros, unknownMicros } = row;
  const rest = heldMicros - waitingMicros - unknownMicros;
  return { waitingMicros, unknownMicros, workingMicros: rest < 0n ? 0n : rest };
}
