import type { Tx } from './database';

/** What the caller of this transaction may not see itself: read or written by the system, within the same transaction. */
export async function asSystem<T>(tx: Tx, work: () => Promise<T>): Promise<T> {
  const become = (who: string): Promise<unknown> =>
    tx.query(`select set_config('mooring.principal', $1, true)`, [who]);
  await become('system');
  const done = await work();
  await become(tx.principalId);
  return done;
}
