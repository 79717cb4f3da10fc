import type { Task } from '../../db/tasks';
import { isTerminal } from '../../domain/task';
import type { TaskProgress } from '../../domain/workflows';

/** What the workflow has to wait for, as the row says. */
export function progressOf(task: Task, { mailed }: { mailed: boolean } = { mailed: false }): TaskProgress {
  const { status, wakeVersion: seen, humanConfirmDeadline, parkedAt, callbackUntil } = task;
  if (isTerminal(status)) return { kind: 'ended', status };
  if (status === 'waiting_human_confirm' && humanConfirmDeadline !== null) {
    return { kind: 'asking', mailed, until: humanConfirmDeadline, remindAt: null, seen };
  }
  if (callbackUntil !== null) return { kind: 'promised', until: callbackUntil, seen };
  return { kind: 'open', status, seen, ...(parkedAt === null ? {} : { parked: true }) };
}
