import { MooringError } from '../domain/errors';
import type { ConfirmationState } from '../domain/confirmation';
import { asAgent, asUser } from '../domain/principal';
import type { Principal } from '../domain/principal';
import type { TaskAttempt, TaskEvent } from '../domain/task';
import type { Tx } from './database';
import { getNetworkTask, noSuchTask } from './network-tasks';
import type { NetworkTask } from './network-tasks';
import { messagesOfTask, MOST_MESSAGES } from './task-talk';
import type { TaskMessage } from './task-talk';

/** As whom a person looks at a task: as an agent of theirs on one of its sides, else as who confirms it. */
export interface Seat {
  principal: Principal;
  side: 'from' | 'to';
}

/** For the system. Throws not_found when the task is none of this person's, or they have erased its chat. */
export async function seatAt(tx: Tx, { taskId, userId }: { taskId: string; userId: string }): Promise<Seat> {
  const [row] = await tx.query<{
    own: boolean;
    erased: boolean;
    agentId: string | null;
    side: 'from' | 'to' | null;
  }>(
    `select coalesce(t.user_id = $2, false) as own, s.erased_at is not null as erased, a.id as "agentId",
            case when a.id = t.from_agent_id then 'from' when a.id = t.to_agent_id then 'to' end as side
       from tasks t left join agents a on a.id in (t.from_agent_id, t.to_agent_id) and a.owner_id = $2
       left join sessions s on s.id = t.session_id
      where t.id = $1 order by a.id = t.from_agent_id desc nulls last limit 1`,
    [taskId, userId],
  );
  if (row === undefined || (row.erased && row.side !== 'to')) throw noSuchTask();
  if (row.agentId !== null && row.side !== null) {
    return { principal: asAgent(row.agentId), side: row.side };
  }
  if (!row.own) throw noSuchTask();
  return { principal: asUser(userId), side: 'from' };
}

export interface TaskQuestion {
  id: string;
  userId: string;
  state: ConfirmationState;
  askedAt: string;
  mailedAt: string | null;
  remindedAt: string | null;
  expiresAt: string;
  decidedAt: string | null;
  note: string | null;
}

/** null: it is not to be seen any more */
export type SideName = { name: string; slug: string } | null;

/** The question to a person about a task, for the system: what they decided no agent reads. */
export async function questionOf(tx: Tx, taskId: string): Promise<TaskQuestion | null> {
  const [question] = await tx.query<TaskQuestion>(
    `select id, user_id as "userId", state, created_at as "askedAt", mailed_at as "mailedAt",
            reminded_at as "remindedAt", expires_at as "expiresAt", decided_at as "decidedAt", note
       from confirmations where task_id = $1`,
    [taskId],
  );
  return question ?? null;
}

export interface Timeline {
  task: NetworkTask;
  sessionId: string | null;
  /** since when it waits for its agent to be back */
  parkedAt: string | null;
  from: SideName;
  to: SideName;
  events: TaskEvent[];
  attempts: TaskAttempt[];
  messages: TaskMessage[];
}

/** All that happened to a task, as whoever's transaction this is may see it. Throws not_found. */
export async function readTimeline(
  tx: Tx,
  { id, userId }: { id: string; userId: string },
): Promise<Timeline> {
  const task = await getNetworkTask(tx, id);
  const [more] = await tx.query<Pick<Timeline, 'sessionId' | 'parkedAt'>>(
    `select session_id as "sessionId", parked_at as "parkedAt"
       from tasks where id = $1`,
    [id],
  );
  const names = await namesOf(tx, { ids: [task.fromAgentId, task.toAgentId], userId });
  const events = await tx.query<TaskEvent>(
    `select number, from_status as "from", to_status as "to", actor, created_at as at
       from task_events where task_id = $1 order by number`,
    [id],
  );
  const attempts = await tx.query<TaskAttempt>(
    `select attempt, kind, started_at, ended_at, http_status, outcome, latency_ms, response_head as head
       from task_attempts where task_id = $1 order by attempt`,
    [id],
  );
  return {
    task,
    sessionId: more?.sessionId ?? null,
    parkedAt: more?.parkedAt ?? null,
    from: names.get(task.fromAgentId) ?? null,
    to: names.get(task.toAgentId) ?? null,
    events,
    attempts,
    messages: await messagesOfTask(tx, id, MOST_MESSAGES),
  };
}

/** The names of agents, as far as they are to be seen: the agent of a person would name that person. */
export async function namesOf(
  tx: Tx,
  { ids, userId }: { ids: string[]; userId: string },
): Promise<Map<string, { name: string; slug: string }>> {
  const rows = await tx.query<{ id: string; name: string; slug: string }>(
    `select id, name, slug from agents where id = any($1) and (kind <> 'personal' or owner_id = $2)`,
    [ids, userId],
  );
  return new Map(rows.map(({ id, name, slug }) => [id, { name, slug }]));
}

/** An agent whose person this is. Throws not_found. */
export async function getOwnAgent(
  tx: Tx,
  { id, userId }: { id: string; userId: string },
): Promise<{ id: string; name: string; slug: string }> {
  const [agent] = await tx.query<{ id: string; name: string; slug: string }>(
    'select id, name, slug from agents where id = $1 and owner_id = $2',
    [id, userId],
  );
  if (agent === undefined) throw new MooringError('not_found', 'There is no such agent.');
  return agent;
}
