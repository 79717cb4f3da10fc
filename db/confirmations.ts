import { createHash } from 'node:crypto';
import { newId } from '../lib/ids';
import type { Tx } from './database';
import { wakeTask } from './tasks';
import type { Task } from './tasks';

/**
 * Asks the sender's person for a task that was accepted: until when stands in the task, what they are asked for is bound
 * by its hash. The workflow sends the mail.
 */
export async function askForConfirmation(tx: Tx, task: Task, decideMs: number): Promise<void> {
  const [row] = await tx.query<{ deadline: string; asked: string }>(
    `update tasks set human_confirm_deadline = least(now() + $2 * interval '1 millisecond', expires_at)
      where id = $1
      returning human_confirm_deadline as deadline,
                jsonb_build_array(to_agent_id, description, payload_ref, payload_inline, action, arguments)::text as asked`,
    [task.id, decideMs],
  );
  if (row === undefined || task.userId === null)
    throw new Error('a task that nobody can confirm was accepted');
  await tx.query(
    `insert into confirmations (id, task_id, user_id, payload_hash, expires_at, remind_at)
     values ($1, $2, $3, $4, $5, now() + ($5::timestamptz - now()) / 2)`,
    [newId('hc'), task.id, task.userId, createHash('sha256').update(row.asked).digest(), row.deadline],
  );
  await wakeTask(tx, task, 'taskAsked');
}
