import type { Tx } from '../../db/database';
import { appendFrames } from '../../db/events';
import { transitionTask } from '../../db/tasks';
import type { Task } from '../../db/tasks';
import { getToolCall } from '../../db/tool-calls';
import { sayStatus } from '../../db/tool-status';
import type { ErrorCode } from '../../domain/errors';
import { isLegalEdge } from '../../domain/task';
import type { TaskProgress } from '../../domain/workflows';
import { chatError, isAgentFault } from '../chat-error';
import { progressOf } from './progress';

/** Ends a task that its agent will not end. */
export async function endByPlatform(
  tx: Tx,
  task: Task,
  { to, code, message }: { to: 'failed' | 'expired'; code: ErrorCode; message: string },
): Promise<TaskProgress> {
  await transitionTask(tx, task, { path: [to], actor: 'delivery', error: { code, message } });
  const money = task.paymentId === null ? '' : ' What was held comes back to you.';
  await tellStep(tx, task, { state: 'failed', text: `${message}${money}` });
  const { sessionId, turnId, userId } = task;
  if (isAgentFault(code) && sessionId !== null && turnId !== null && userId !== null) {
    await appendFrames(tx, { id: sessionId, userId }, [chatError({ code, message, turnId })]);
  }
  return { kind: 'ended', status: to };
}

/** Ends what nobody has ended by then: at its deadline, when its agent has not reported, or because it could not be delivered. */
export function endInTime(
  tx: Tx,
  task: Task,
  { asOf, undeliverable }: { asOf: string; undeliverable: boolean },
): TaskProgress | Promise<TaskProgress> {
  const { status, humanConfirmDeadline, callbackUntil, expiresAt } = task;
  const until = status === 'waiting_human_confirm' ? humanConfirmDeadline : null;
  if ((until ?? expiresAt) <= asOf) {
    const message = 'Nobody ended the task in its time.';
    return endByPlatform(tx, task, { to: 'expired', code: 'agent_unavailable', message });
  }
  if (callbackUntil !== null && callbackUntil <= asOf) {
    const message = 'The agent took the work and did not say in its time what came of it.';
    return endByPlatform(tx, task, { to: 'failed', code: 'agent_unavailable', message });
  }
  // A decision that was faster than the timer has its own time.
  if (!undeliverable || !isLegalEdge(status, 'failed')) return progressOf(task);
  const message = 'The task could not be delivered.';
  return endByPlatform(tx, task, { to: 'failed', code: 'internal_error', message });
}

export const noAttemptLeft = (tx: Tx, task: Task): Promise<TaskProgress> =>
  endByPlatform(tx, task, {
    to: 'failed',
    code: 'agent_unavailable',
    message: 'The agent could not be reached in all its attempts.',
  });

/** Deleted, rejected, or moved to an address that nobody has reviewed yet. */
export const agentGone = (tx: Tx, task: Task): Promise<TaskProgress> =>
  endByPlatform(tx, task, {
    to: 'failed',
    code: 'agent_unavailable',
    message: 'The agent is not listed any more.',
  });

/** The approval was for something else (design.md: it is bound to the hash of what was shown). */
export const changedSinceApproved = (tx: Tx, task: Task): Promise<TaskProgress> =>
  endByPlatform(tx, task, {
    to: 'failed',
    code: 'confirmation_void',
    message: 'What would run is no longer what was approved, so it was not run.',
  });

/** Says in the chat that the task belongs to, if it has one, how its step goes on. */
export async function tellStep(
  tx: Tx,
  task: Task,
  { state, text }: { state: 'now' | 'done' | 'failed'; text: string },
): Promise<void> {
  if (task.toolCallId === null) return;
  await sayStatus(tx, await getToolCall(tx, task.toolCallId), {
    state,
    text,
    agent_id: task.toAgentId,
    task_id: task.id,
  });
}

/** Its time was over before the platform's timer, or anybody's call, said so. */
export const expireLate = (tx: Tx, task: Task): Promise<TaskProgress> =>
  endByPlatform(tx, task, {
    to: 'expired',
    code: 'agent_unavailable',
    message: 'The task’s time ran out before the agent could answer.',
  });
