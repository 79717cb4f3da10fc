import type { MicroUsdc } from '../domain/money';
import type { Tx } from './database';
import { openAccount, OUTSIDE, transfer, userAccount } from './ledger';

/** Test money from outside into a wallet. False when the key was used before. */
export async function topUp(
  tx: Tx,
  { userId, amountMicros, key }: { userId: string; amountMicros: MicroUsdc; key: string },
): Promise<boolean> {
  await openAccount(tx, { id: OUTSIDE, kind: 'outside', ownerId: 'platform' });
  return transfer(tx, {
    key,
    kind: 'top_up',
    debit: OUTSIDE,
    credit: userAccount(userId),
    amountMicros,
    ownerId: userId,
    paymentId: null,
  });
}
