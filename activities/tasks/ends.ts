import type { Tx } from '../../db/database';
import { appendFrames } from '../../db/events';
import { transitionTask } from '../../db/tasks';
import type { Task } from '../../db/tasks';
import { getToolCall } from '../../db/tool-calls';
import { sayStatus } from '../../db/tool-status';
import type { ErrorCode } from '../../domain/errors';
import type { TaskProgress } from '../../domain/workflows';
import { chatError, isAgentFault } from '../chat-error';

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
