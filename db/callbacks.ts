import type { Tx } from './database';

/** What an agent said of a task that it had taken with 202. `body` null: erased. */
export interface Callback {
  bodyHash: Buffer;
  body: unknown;
}

export async function findCallback(tx: Tx, taskId: string): Promise<Callback | null> {
  const [row] = await tx.query<Callback>(
    'select body_hash as "bodyHash", body from task_callbacks where task_id = $1',
    [taskId],
  );
  return row ?? null;
}

export const recordCallback = (
  tx: Tx,
  taskId: string,
  { bodyHash, body }: { bodyHash: Buffer; body: unknown },
): Promise<unknown> =>
  tx.query('insert into task_callbacks (task_id, body_hash, body) values ($1, $2, $3)', [
    taskId,
    bodyHash,
    JSON.stringify(body),
  ]);

/** From now on the agent has so long to say what came of it, at most until the task's own time. Gives until when. */
export async function awaitCallback(tx: Tx, taskId: string, waitMs: number): Promise<string> {
  const [row] = await tx.query<{ until: string }>(
    `update tasks set callback_until = least(expires_at, now() + $2 * interval '1 millisecond'), parked_at = null
      where id = $1 returning callback_until as until`,
    [taskId, waitMs],
  );
  if (row === undefined) throw new Error('no such task');
  return row.until;
}
