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
