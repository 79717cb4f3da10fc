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
  const told = parkedAt === null ? {} : { parked: true as const };
  return { kind: 'open', status, seen, ...told, ...(isToBeTold(task) ? { untold: true as const } : {}) };
}

/** A chat's task is the call itself; an agent of the network is told once that there is one for it. */
export const isToBeTold = ({ action, status, callbackUntil }: Task): boolean =>
  action === null ? status === 'pending_delivery' : status === 'in_progress' && callbackUntil === null;
