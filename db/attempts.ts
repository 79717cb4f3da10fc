import type { AttemptKind, AttemptOutcome } from '../domain/task';
import type { Tx } from './database';
import type { Task } from './tasks';

/** How many attempts were made that count against those a task has. */
export async function countAttempts(tx: Tx, taskId: string): Promise<number> {
  const [row] = await tx.query<{ count: number }>(
    `select count(*)::int as count from task_attempts where task_id = $1 and kind = 'attempt'`,
    [taskId],
  );
  return row?.count ?? 0;
}

/** Opens the next call of a locked task, before it is made; its number counts every call that may have been made. */
export async function openAttempt(
  tx: Tx,
  task: Pick<Task, 'id' | 'userId'>,
  kind: AttemptKind,
): Promise<number> {
  const [row] = await tx.query<{ attempt: number }>(
    `insert into task_attempts (task_id, attempt, user_id, kind)
     select $1, count(*) + 1, $2, $3 from task_attempts where task_id = $1 returning attempt`,
    [task.id, task.userId, kind],
  );
  if (row === undefined) throw new Error('no attempt was opened');
  return row.attempt;
}

export function closeAttempt(
  tx: Tx,
  taskId: string,
  row: {
    attempt: number;
    httpStatus: number | null;
    outcome: AttemptOutcome;
    head: string;
    latencyMs: number;
  },
): void {
  tx.write(
    `update task_attempts set ended_at = now(), http_status = $3, outcome = $4, response_head = $5, latency_ms = $6
      where task_id = $1 and attempt = $2`,
    [taskId, row.attempt, row.httpStatus, row.outcome, row.head, row.latencyMs],
  );
}

/** How often the agent gave no answer that can be used to this task, as the probe or in its turn. */
export async function countBadAnswers(tx: Tx, taskId: string, kind: 'probe' | 'drained'): Promise<number> {
  const [row] = await tx.query<{ count: number }>(
    `select count(*)::int as count from task_attempts
      where task_id = $1 and kind = $2 and outcome = 'retry' and http_status is not null`,
    [taskId, kind],
  );
  return row?.count ?? 0;
}
