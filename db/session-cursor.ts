import type { Tx } from './database';

/**
 * Where a session stands in the list, to the microsecond: rounded to the millisecond, as times are outside the
 * database, the next page would skip sessions of the same millisecond.
 */
export async function placeInList(tx: Tx, sessionId: string): Promise<string> {
  const [row] = await tx.query<{ at: string }>(
    'select last_message_at::text as at from sessions where id = $1',
    [sessionId],
  );
  if (row === undefined) throw new Error('the session was listed a moment ago');
  return row.at;
}
