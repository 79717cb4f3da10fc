import { MooringError } from '../domain/errors';
import type { ErrorCode } from '../domain/errors';
import type { Picture } from '../domain/frames';
import { isLegalEdge, isTerminal } from '../domain/task';
import type { RiskLevel, TaskStatus } from '../domain/task';
import { newId } from '../lib/ids';
import type { Tx } from './database';
import { forgetIfErased } from './erase';
import { appendFrames } from './events';
import { recordSignal } from './outbox';
import { wakePayment } from './payments';
import { lockSession } from './sessions';
import { answerToolCall } from './tool-calls';
import type { ToolResult } from './tool-calls';

export interface Task {
  id: string;
  userId: string;
  fromAgentId: string;
  toAgentId: string;
  sessionId: string | null;
  turnId: string | null;
  toolCallId: string | null;
  paymentId: string | null;
  action: string;
  arguments: Record<string, unknown>;
  riskLevel: RiskLevel;
  status: TaskStatus;
  expiresAt: string;
  expired: boolean;
}

const SELECT = `select id, user_id as "userId", from_agent_id as "fromAgentId", to_agent_id as "toAgentId",
    session_id as "sessionId", turn_id as "turnId", tool_call_id as "toolCallId", payment_id as "paymentId",
    action, arguments, risk_level as "riskLevel", status, expires_at as "expiresAt", expires_at <= now() as expired
  from tasks`;

interface TaskWish {
  userId: string;
  fromAgentId: string;
  toAgentId: string;
  sessionId: string;
  turnId: string;
  toolCallId: string;
  paymentId: string | null;
  action: string;
  arguments: Record<string, unknown>;
  riskLevel: RiskLevel;
  ttlMs: number;
}

/**
 * A task asked for in a chat. Connecting was the agent's standing accept, so an R0 or R1 task is in progress
 * when this commits; its workflow makes the call. The same tool call again answers with the same task.
 */
export async function createInvocation(tx: Tx, wish: TaskWish): Promise<Task> {
  const id = newId('tsk');
  const inserted = await tx.query(
    `insert into tasks (id, user_id, from_agent_id, to_agent_id, session_id, turn_id, tool_call_id, payment_id, action,
                        arguments, risk_level, status, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'pending_delivery', now() + $12 * interval '1 millisecond')
     on conflict (tool_call_id) do nothing returning id`,
    [
      id,
      wish.userId,
      wish.fromAgentId,
      wish.toAgentId,
      wish.sessionId,
      wish.turnId,
      wish.toolCallId,
      wish.paymentId,
      wish.action,
      wish.arguments,
      wish.riskLevel,
      wish.ttlMs,
    ],
  );
  if (inserted.length === 0) {
    return found((await tx.query<Task>(`${SELECT} where tool_call_id = $1`, [wish.toolCallId]))[0]);
  }
  await recordEvent(tx, { id, userId: wish.userId, from: null, to: 'pending_delivery', actor: 'chat' });
  await transitionTask(tx, id, { to: 'accepted', actor: 'standing accept' });
  const task = await transitionTask(tx, id, { to: 'in_progress', actor: 'rules' });
  await sayTask(tx, task);
  await recordSignal(tx, {
    workflow: 'task',
    workflowId: `task/${id}`,
    input: {
      taskId: id,
      userId: wish.userId,
      agentId: wish.toAgentId,
      riskLevel: wish.riskLevel,
      expiresAt: task.expiresAt,
    },
    signal: null,
    signalInput: null,
  });
  return task;
}

function found(task: Task | undefined): Task {
  if (task === undefined) throw new MooringError('not_found', 'There is no such task.');
  return task;
}

export async function getTask(tx: Tx, id: string): Promise<Task> {
  return found((await tx.query<Task>(`${SELECT} where id = $1`, [id]))[0]);
}

/** Locks the session, then the task. */
export async function lockTask(tx: Tx, id: string): Promise<Task> {
  const { sessionId } = await getTask(tx, id);
  if (sessionId !== null) await lockSession(tx, sessionId);
  return found((await tx.query<Task>(`${SELECT} where id = $1 for no key update`, [id]))[0]);
}

interface Transition {
  to: TaskStatus;
  actor: string;
  result?: unknown;
  pictures?: Picture[];
  error?: { code: ErrorCode; message: string };
}

/**
 * The only way to change a task: along a legal edge, under its row lock, with everything that follows from it
 * in the same transaction (event, interaction, frame, the waiting tool call, the payment it spends).
 */
export async function transitionTask(tx: Tx, id: string, change: Transition): Promise<Task> {
  const task = await lockTask(tx, id);
  if (!isLegalEdge(task.status, change.to)) {
    throw new MooringError('invalid_request', `A task that is ${task.status} cannot become ${change.to}.`, {
      details: { status: task.status },
    });
  }
  const ends = isTerminal(change.to);
  await tx.query(
    `update tasks set status = $2, result = $3, error_code = $4, error_message = $5,
            ended_at = case when $6 then now() end
      where id = $1`,
    [
      id,
      change.to,
      change.result === undefined ? null : JSON.stringify(change.result),
      change.error?.code ?? null,
      change.error?.message ?? null,
      ends,
    ],
  );
  await recordEvent(tx, { id, userId: task.userId, from: task.status, to: change.to, actor: change.actor });
  const changed = { ...task, status: change.to };
  if (ends) await endTask(tx, changed, change);
  if (ends && task.sessionId !== null) await forgetIfErased(tx, task.sessionId);
  return changed;
}

async function recordEvent(
  tx: Tx,
  event: { id: string; userId: string; from: TaskStatus | null; to: TaskStatus; actor: string },
): Promise<void> {
  await tx.query(
    `insert into task_events (task_id, number, user_id, from_status, to_status, actor)
     values ($1, 1 + (select count(*)::int from task_events where task_id = $1), $2, $3, $4, $5)`,
    [event.id, event.userId, event.from, event.to, event.actor],
  );
}

async function endTask(tx: Tx, task: Task, { result, pictures = [], error }: Transition): Promise<void> {
  await tx.query(
    `insert into interactions (task_id, user_id, from_agent_id, to_agent_id, status, latency_ms)
     select id, user_id, from_agent_id, to_agent_id, status, extract(epoch from now() - created_at) * 1000
       from tasks where id = $1`,
    [task.id],
  );
  await sayTask(tx, task, pictures.length === 0 ? {} : { result: { pictures } });
  if (task.paymentId !== null) await wakePayment(tx, task.paymentId, 'taskEnded');
  if (task.toolCallId !== null) {
    const answer: ToolResult = { status: task.status, task_id: task.id };
    if (result !== undefined) answer['output'] = result;
    if (error !== undefined) answer['error'] = error;
    await answerToolCall(tx, task.toolCallId, { result: answer, isError: task.status !== 'completed' });
  }
}

/** Where a task of a chat stands now. */
export async function sayTask(
  tx: Tx,
  task: Task,
  more: { next_attempt_at?: string; result?: { pictures: Picture[] } } = {},
): Promise<void> {
  if (task.sessionId === null) return;
  const { id, status, riskLevel } = task;
  const attempt = await countAttempts(tx, id);
  await appendFrames(tx, { id: task.sessionId, userId: task.userId }, [
    { type: 'TASK_UPDATE', data: { task_id: id, status, attempt, risk_level: riskLevel, ...more } },
  ]);
}

export async function countAttempts(tx: Tx, taskId: string): Promise<number> {
  const [row] = await tx.query<{ count: number }>(
    'select count(*)::int as count from task_attempts where task_id = $1',
    [taskId],
  );
  return row?.count ?? 0;
}

/** Opens the next delivery attempt of a locked task; its number counts every call that may have been made. */
export async function openAttempt(tx: Tx, task: Task): Promise<number> {
  const attempt = (await countAttempts(tx, task.id)) + 1;
  await tx.query('insert into task_attempts (task_id, attempt, user_id) values ($1, $2, $3)', [
    task.id,
    attempt,
    task.userId,
  ]);
  return attempt;
}

export async function closeAttempt(
  tx: Tx,
  taskId: string,
  row: {
    attempt: number;
    httpStatus: number | null;
    outcome: 'completed' | 'failed' | 'retry';
    head: string;
  },
): Promise<void> {
  await tx.query(
    `update task_attempts set ended_at = now(), http_status = $3, outcome = $4, response_head = $5
      where task_id = $1 and attempt = $2`,
    [taskId, row.attempt, row.httpStatus, row.outcome, row.head],
  );
}
