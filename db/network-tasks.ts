import { MooringError } from '../domain/errors';
import { NOT_A_CURSOR } from '../domain/network';
import type { TaskType } from '../domain/network';
import type { Risk } from '../domain/risk';
import { needsHuman } from '../domain/task';
import type { RiskLevel, TaskStatus } from '../domain/task';
import { newId } from '../lib/ids';
import type { Tx } from './database';
import { recordSignal } from './outbox';
import { IS_LATE, startOf } from './tasks';
import type { Task } from './tasks';

/** What came of a task beside its result, as both sides read it: with a url where its bytes lie elsewhere. */
export interface ArtifactView {
  id: string;
  name: string;
  content_type: string;
  size: number | null;
  sha256: string | null;
  url: string | null;
}

/** A task as its two sides see it. */
export interface NetworkTask {
  id: string;
  fromAgentId: string;
  toAgentId: string;
  taskType: TaskType;
  description: string | null;
  payloadRef: string | null;
  payloadInline: Record<string, unknown> | null;
  action: string | null;
  riskLevel: RiskLevel;
  riskReasons: string[];
  status: TaskStatus;
  deliveryAttempts: number;
  result: unknown;
  resultText: string | null;
  notes: string | null;
  artifacts: ArtifactView[];
  /** the sender's, of a task that is over */
  rating: number | null;
  errorCode: string | null;
  /** null: its chat was erased, or there is no error */
  errorMessage: string | null;
  /** whether the same task may succeed later, as the receiver says that failed; null: it has not said */
  retryable: boolean | null;
  traceId: string | null;
  humanConfirmDeadline: string | null;
  expiresAt: string;
  createdAt: string;
  updatedAt: string;
  completedAt: string | null;
  cancelledAt: string | null;
  /** its time is over, and nobody has said so yet */
  late: boolean;
}

const COLUMNS = `id, from_agent_id as "fromAgentId", to_agent_id as "toAgentId", task_type as "taskType", description,
  payload_ref as "payloadRef", coalesce(payload_inline, arguments) as "payloadInline", action,
  risk_level as "riskLevel", risk_reasons as "riskReasons", status,
  (select count(*)::int from task_attempts a where a.task_id = tasks.id and a.kind = 'attempt') as "deliveryAttempts",
  result, result_text as "resultText", notes,
  (select coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'name', a.name, 'content_type', a.content_type,
                                                'size', a.size, 'sha256', a.sha256, 'url', a.url)
                             order by a.created_at, a.id), '[]')
     from task_artifacts a where a.task_id = tasks.id) as artifacts,
  (select i.rating from interactions i where i.task_id = tasks.id) as rating, error_code as "errorCode",
  error_message as "errorMessage", retryable, trace_id as "traceId",
  human_confirm_deadline as "humanConfirmDeadline",
  expires_at as "expiresAt", created_at as "createdAt", updated_at as "updatedAt", completed_at as "completedAt",
  cancelled_at as "cancelledAt", ended_at is null and ${IS_LATE} as late`;

export const noSuchTask = (): MooringError => new MooringError('not_found', 'There is no such task.');

/** A task of the agent whose transaction this is, on either side. Throws not_found. */
export async function getNetworkTask(tx: Tx, id: string): Promise<NetworkTask> {
  const [task] = await tx.query<NetworkTask>(`select ${COLUMNS} from tasks where id = $1`, [id]);
  if (task === undefined) throw noSuchTask();
  return task;
}

export interface TaskWish {
  toAgentId: string;
  taskType: TaskType;
  description: string | null;
  payloadRef: string | null;
  payloadInline: Record<string, unknown> | null;
  risk: Risk;
  ttlSeconds: number;
  traceId: string;
}

/** Who a task would be between: the person behind the sender, the receiver's standing. */
interface Sides {
  userId: string | null;
  standing: string | null;
}

/**
 * Makes a task of the agent whose transaction this is, if its sides allow it. Its receiver is told by its workflow, or
 * finds it in the inbox; what sends a person's tasks of chats has neither, and takes none. Throws not_found, invalid_request, human_channel_missing.
 */
export async function createNetworkTask(tx: Tx, wish: TaskWish): Promise<NetworkTask> {
  const asks = needsHuman(wish.risk.level);
  const [made] = await tx.query<Sides & NetworkTask>(
    `with sides as (
       select s.owner_id as user_id, t.status as standing,
              case p.told_by when 'webhook' then 'pending_delivery' else 'pending_accept' end as first
         from agents s left join agents t on t.id = $3 and t.kind = 'network'
         left join network_profiles p on p.agent_id = t.id
        where s.id = $2),
     made as (
       insert into tasks (id, user_id, from_agent_id, to_agent_id, task_type, description, payload_ref, payload_inline,
                          risk_level, risk_reasons, status, trace_id, expires_at)
       select $1, user_id, $2, $3, $4, $5, $6, $7, $8, $9, first, $10, now() + $11 * interval '1 second'
         from sides where standing = 'ACTIVE' and (user_id is not null or not $12)
       returning *),
     born as (
       insert into task_events (task_id, number, user_id, from_status, to_status, actor)
       select id, 1, user_id, null, 'pending_delivery', 'agent' from made
       union all
       select id, 2, user_id, 'pending_delivery', status, 'rules' from made where status = 'pending_accept')
     select sides.user_id as "userId", sides.standing, task.*
       from sides left join lateral (select ${COLUMNS} from made as tasks) as task on true`,
    [
      newId('tsk'),
      tx.principalId,
      wish.toAgentId,
      wish.taskType,
      wish.description,
      wish.payloadRef,
      wish.payloadInline,
      wish.risk.level,
      wish.risk.reasons,
      wish.traceId,
      wish.ttlSeconds,
      asks,
    ],
  );
  checkSides(made, wish.risk);
  const untold = made.status === 'pending_delivery';
  recordSignal(tx, { ...startOf(made), signal: null, signalInput: null, untold });
  return made;
}

function checkSides(sides: Sides | undefined, risk: Risk): asserts sides is Sides {
  const standing = sides?.standing ?? null;
  if (sides === undefined || standing === null || standing === 'DELETED') {
    throw new MooringError('not_found', 'Agent not found', { details: { field: 'to_agent_id' } });
  }
  if (standing !== 'ACTIVE') {
    throw new MooringError('invalid_request', `The target agent is ${standing.toLowerCase()}.`, {
      details: { field: 'to_agent_id', rule: 'must be an active agent' },
    });
  }
  if (needsHuman(risk.level) && sides.userId === null) {
    throw new MooringError(
      'human_channel_missing',
      `A task of risk ${risk.level} needs a person to confirm it, and nobody stands behind this agent: give it an owner_email and verify it.`,
      { details: { risk_level: risk.level, reasons: risk.reasons } },
    );
  }
}

export interface InboxQuery {
  statuses: readonly string[];
  taskType: string | null;
  riskLevel: string | null;
  /** the last of the page before */
  after: string | null;
  limit: number;
}

/** Tasks for the agent whose transaction this is, newest first. Throws invalid_request: no page ended with `after`. */
export async function readInbox(tx: Tx, query: InboxQuery): Promise<NetworkTask[]> {
  const found = await tx.query<NetworkTask>(
    `select ${COLUMNS} from tasks
      where to_agent_id = $1 and status = any($2) and not (ended_at is null and ${IS_LATE}) and ($3::text is null or task_type = $3)
        and ($4::text is null or risk_level = $4)
        and ($5::text is null or (created_at, id) < (select created_at, id from tasks where id = $5))
      order by created_at desc, id desc limit $6`,
    [tx.principalId, query.statuses, query.taskType, query.riskLevel, query.after, query.limit],
  );
  if (found.length > 0 || query.after === null) return found;
  const last = await tx.query('select 1 from tasks where id = $1 and to_agent_id = $2', [
    query.after,
    tx.principalId,
  ]);
  if (last.length > 0) return found;
  throw new MooringError('invalid_request', `cursor: ${NOT_A_CURSOR}`, {
    details: { field: 'cursor', rule: NOT_A_CURSOR },
  });
}

/** Whether the agent of this transaction is on that side of the task. */
export const isSide = (tx: Tx, task: Task, side: 'from' | 'to'): boolean =>
  tx.principalId === (side === 'from' ? task.fromAgentId : task.toAgentId);
