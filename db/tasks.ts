import { MooringError } from '../domain/errors';
import type { ErrorCode } from '../domain/errors';
import type { Picture } from '../domain/frames';
import type { MicroUsdc } from '../domain/money';
import type { Risk } from '../domain/risk';
import { isLegalEdge, isTerminal, needsHuman } from '../domain/task';
import type { RiskLevel, TaskStatus } from '../domain/task';
import { newId } from '../lib/ids';
import { countAttempts } from './attempts';
import type { Tx } from './database';
import { forgetIfErased } from './erase';
import { appendFrames } from './events';
import { recordSignal } from './outbox';
import { wakePayment } from './payments';
import { sayResolved } from './say-confirmation';
import { answerToolCall } from './tool-calls';
import type { ToolResult } from './tool-calls';

export interface Task {
  id: string;
  /** the person who pays and confirms; null: there is none */
  userId: string | null;
  fromAgentId: string;
  toAgentId: string;
  sessionId: string | null;
  turnId: string | null;
  toolCallId: string | null;
  paymentId: string | null;
  /** of a chat's task: what the service agent is to do, with what; null: the task stands in words */
  action: string | null;
  arguments: Record<string, unknown> | null;
  riskLevel: RiskLevel;
  status: TaskStatus;
  expiresAt: string;
  /** its time is over, or that of the person who is to confirm it */
  expired: boolean;
  /** until when a person may confirm it; null: nobody is asked */
  humanConfirmDeadline: string | null;
  /** since when it waits for its agent's endpoint to be back; null: it does not */
  parkedAt: string | null;
  /** until when its agent, which has taken it, may say what came of it; null: it has not said that it will */
  callbackUntil: string | null;
  callbackLate: boolean;
  wakeVersion: number;
}

export const IS_LATE = `(expires_at <= now() or (status = 'waiting_human_confirm' and human_confirm_deadline <= now()))`;

const COLUMNS = `id, user_id as "userId", from_agent_id as "fromAgentId", to_agent_id as "toAgentId",
    session_id as "sessionId", turn_id as "turnId", tool_call_id as "toolCallId", payment_id as "paymentId",
    action, arguments, risk_level as "riskLevel", status, expires_at as "expiresAt",
    ${IS_LATE} as expired,
    human_confirm_deadline as "humanConfirmDeadline", parked_at as "parkedAt",
    callback_until as "callbackUntil", coalesce(callback_until <= now(), false) as "callbackLate",
    wake_version as "wakeVersion"`;

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
  risk: Risk;
  ttlMs: number;
}

/**
 * A task asked for in a chat. Connecting was the agent's standing accept, so an R0 or R1 task is in progress
 * when this commits, and its workflow makes the call; for R2 and R3 its person is still to be asked. The same tool call
 * again answers with the same task.
 */
export async function createInvocation(tx: Tx, wish: TaskWish): Promise<Task> {
  const id = newId('tsk');
  const inserted = await tx.query(
    `insert into tasks (id, user_id, from_agent_id, to_agent_id, session_id, turn_id, tool_call_id, payment_id, action,
                        arguments, risk_level, risk_reasons, status, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'pending_delivery', now() + $13 * interval '1 millisecond')
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
      wish.risk.level,
      wish.risk.reasons,
      wish.ttlMs,
    ],
  );
  if (inserted.length === 0) {
    return found(
      (await tx.query<Task>(`select ${COLUMNS} from tasks where tool_call_id = $1`, [wish.toolCallId]))[0],
    );
  }
  await recordBirth(tx, { id, userId: wish.userId, actor: 'chat' });
  const born = await lockTask(tx, id);
  const asks = needsHuman(born.riskLevel);
  const task = await transitionTask(tx, born, {
    path: ['accepted', asks ? 'waiting_human_confirm' : 'in_progress'],
    actor: 'standing accept',
  });
  await sayTask(tx, task);
  if (!asks) recordSignal(tx, { ...startOf(task), signal: null, signalInput: null });
  return task;
}

/** The first event of a task. */
export const recordBirth = (
  tx: Tx,
  { id, userId, actor }: { id: string; userId: string | null; actor: string },
): Promise<unknown> =>
  tx.query(
    `insert into task_events (task_id, number, user_id, to_status, actor) values ($1, 1, $2, 'pending_delivery', $3)`,
    [id, userId, actor],
  );

function found(task: Task | undefined): Task {
  if (task === undefined) throw new MooringError('not_found', 'There is no such task.');
  return task;
}

export async function getTask(tx: Tx, id: string): Promise<Task> {
  return found((await tx.query<Task>(`select ${COLUMNS} from tasks where id = $1`, [id]))[0]);
}

/** Locks the task's session if it has one, then the task. */
export async function lockTask(tx: Tx, id: string): Promise<Task> {
  const [, task] = await Promise.all([lockSessionOf(tx, id), lockOwnTask(tx, id)]);
  return task;
}

/** Of a task between agents there is none. */
const lockSessionOf = (tx: Tx, taskId: string): Promise<unknown> =>
  tx.query(
    'select id from sessions where id = (select session_id from tasks where id = $1) for no key update',
    [taskId],
  );

/** Locks a task that has no session: one between agents. */
export async function lockOwnTask(tx: Tx, id: string): Promise<Task> {
  return found(
    (await tx.query<Task>(`select ${COLUMNS} from tasks where id = $1 for no key update`, [id]))[0],
  );
}

interface Transition {
  /** one legal edge after the other, all at this moment */
  path: readonly TaskStatus[];
  actor: string;
  result?: unknown;
  resultText?: string;
  notes?: string;
  retryable?: boolean;
  pictures?: Picture[];
  /** what its agent charges, when that is less than its price */
  chargeMicros?: MicroUsdc;
  error?: { code: ErrorCode; message: string };
}

/**
 * The only way to change a task: along legal edges, under its row lock, with everything that follows from it
 * in the same transaction (events, interaction, frame, the waiting tool call, the payment it spends).
 * Throws invalid_state_transition with the state it met.
 */
export async function transitionTask(tx: Tx, task: Task, change: Transition): Promise<Task> {
  const edges = change.path.map((to, at) => ({ from: change.path[at - 1] ?? task.status, to }));
  const illegal = edges.find(({ from, to }) => !isLegalEdge(from, to));
  if (illegal !== undefined) throw notFrom(task.status, illegal.to);
  const to = edges.at(-1)?.to ?? task.status;
  const [moved] = await tx.query<Task>(
    `with moved as (
       update tasks set status = $2, result = $3, result_text = $4, notes = $5, retryable = $6, error_code = $7,
              error_message = $8, charge_micros = $13, parked_at = null, updated_at = now(), ended_at = case when $9 then now() end,
              completed_at = case when $2 = 'completed' then now() end,
              cancelled_at = case when $2 = 'cancelled' then now() end
        where id = $1 returning *),
     events as (
       insert into task_events (task_id, number, user_id, from_status, to_status, actor)
       select $1, (select count(*)::int from task_events where task_id = $1) + e.at, $10, e."from", e."to", $11
         from jsonb_to_recordset($12) as e(at integer, "from" text, "to" text)),
     ended as (
       insert into interactions (task_id, user_id, from_agent_id, to_agent_id, status, latency_ms)
       select id, user_id, from_agent_id, to_agent_id, status, extract(epoch from now() - created_at) * 1000
         from moved where $9)
     select ${COLUMNS} from moved`,
    [
      task.id,
      to,
      change.result === undefined ? null : JSON.stringify(change.result),
      change.resultText ?? null,
      change.notes ?? null,
      change.retryable ?? null,
      change.error?.code ?? null,
      change.error?.message ?? null,
      isTerminal(to),
      task.userId,
      change.actor,
      JSON.stringify(edges.map((edge, at) => ({ at: at + 1, ...edge }))),
      change.chargeMicros ?? null,
    ],
  );
  const changed = found(moved);
  if (task.status === 'waiting_human_confirm') {
    if (isTerminal(to)) await takeBackQuestion(tx, changed);
    await sayResolved(tx, changed);
  }
  if (isTerminal(to)) await endTask(tx, changed, change);
  if (isTerminal(to) && task.sessionId !== null) await forgetIfErased(tx, task.sessionId);
  return changed;
}

/** Nobody can decide any more what has ended; a decision that ended it stands already. */
const takeBackQuestion = (tx: Tx, { id, status }: Task): Promise<unknown> =>
  tx.query(`update confirmations set state = $2 where task_id = $1 and state = 'OPEN'`, [
    id,
    status === 'expired' ? 'EXPIRED' : 'WITHDRAWN',
  ]);

export const notFrom = (status: TaskStatus, to: TaskStatus): MooringError =>
  new MooringError('invalid_state_transition', `A task that is ${status} cannot become ${to}.`, {
    details: { status },
  });

/** The workflow of a locked task is told: a fact that it must act upon. */
export function wakeTask(tx: Tx, task: Task, signal: 'taskAsked' | 'taskDecided' | 'taskEnded'): void {
  const version = task.wakeVersion + 1;
  tx.write('update tasks set wake_version = $2, woken_at = now() where id = $1', [task.id, version]);
  recordSignal(tx, {
    ...startOf(task),
    signal,
    signalInput: signal === 'taskEnded' ? { version, status: task.status } : { version },
  });
}

/** The workflow's activities write back what they have seen. */
export async function markTaskSeen(tx: Tx, { id, wakeVersion }: Task): Promise<void> {
  if (wakeVersion === 0) return;
  await tx.query('update tasks set seen_version = $2 where id = $1 and seen_version < $2', [id, wakeVersion]);
}

export const startOf = (task: Pick<Task, 'id' | 'userId' | 'toAgentId' | 'riskLevel' | 'expiresAt'>) => ({
  workflow: 'task' as const,
  workflowId: `task/${task.id}`,
  input: {
    taskId: task.id,
    agentId: task.toAgentId,
    riskLevel: task.riskLevel,
    expiresAt: task.expiresAt,
    ...(task.userId === null ? {} : { userId: task.userId }),
  },
});

async function endTask(tx: Tx, task: Task, { result, pictures = [], error }: Transition): Promise<void> {
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
  const { id, status, riskLevel, sessionId, userId } = task;
  if (sessionId === null || userId === null) return;
  const attempt = await countAttempts(tx, id);
  await appendFrames(tx, { id: sessionId, userId }, [
    { type: 'TASK_UPDATE', data: { task_id: id, status, attempt, risk_level: riskLevel, ...more } },
  ]);
}
