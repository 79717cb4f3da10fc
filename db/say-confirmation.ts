import type { LogFrame } from '../domain/frames';
import type { RiskLevel } from '../domain/task';
import type { Tx } from './database';
import { appendFrames } from './events';
import { getToolCall } from './tool-calls';
import { sayStatus } from './tool-status';
import type { Task } from './tasks';

type RequestFrame = Extract<LogFrame, { type: 'CONFIRMATION_REQUEST' }>;

interface Asked {
  id: string;
  taskId: string;
  turnId: string;
  callId: string;
  agentId: string;
  agentName: string;
  action: string;
  riskLevel: RiskLevel;
  riskReasons: string[];
  arguments: Record<string, unknown>;
  expiresAt: string;
}

const SELECT = `select c.id, c.task_id as "taskId", t.turn_id as "turnId", t.tool_call_id as "callId",
    t.to_agent_id as "agentId", n.agent_name as "agentName", t.action, t.risk_level as "riskLevel",
    t.risk_reasons as "riskReasons", t.arguments, c.expires_at as "expiresAt"
  from confirmations c join tasks t on t.id = c.task_id
  join connections n on n.session_id = t.session_id and n.agent_id = t.to_agent_id`;

const frameOf = (asked: Asked): RequestFrame => ({
  type: 'CONFIRMATION_REQUEST',
  data: {
    confirmation_id: asked.id,
    task_id: asked.taskId,
    turn_id: asked.turnId,
    call_id: asked.callId,
    agent_id: asked.agentId,
    agent_name: asked.agentName,
    action: asked.action,
    risk_level: asked.riskLevel,
    risk_reasons: asked.riskReasons,
    summary: `${asked.agentName} is to ${asked.action.replaceAll('_', ' ')} for you.`,
    arguments: asked.arguments,
    expires_at: asked.expiresAt,
    url: `/approvals/${asked.id}`,
  },
});

/** Says in its chat that a task waits for its person. */
export async function sayAsked(tx: Tx, { id, sessionId, userId }: Task): Promise<void> {
  if (sessionId === null || userId === null) return;
  const [asked] = await tx.query<Asked>(`${SELECT} where c.task_id = $1`, [id]);
  if (asked !== undefined) await appendFrames(tx, { id: sessionId, userId }, [frameOf(asked)]);
}

/** What of a session still waits for a decision, oldest first, as it was first sent. */
export async function openConfirmations(tx: Tx, sessionId: string): Promise<RequestFrame[]> {
  const open = await tx.query<Asked>(
    `${SELECT} where t.session_id = $1 and c.state = 'OPEN' and c.expires_at > now() order by c.created_at, c.id`,
    [sessionId],
  );
  return open.map(frameOf);
}

const OUTCOMES = {
  APPROVED: 'approved',
  REFUSED: 'declined',
  EXPIRED: 'expired',
  WITHDRAWN: 'withdrawn',
} as const;
const STEPS = {
  approved: { state: 'now', text: 'You confirmed it; the agent works' },
  declined: { state: 'done', text: 'You declined; nothing was done' },
  expired: { state: 'failed', text: 'Nobody confirmed it in time; nothing was done' },
  withdrawn: { state: 'done', text: 'It was taken back before anybody confirmed it; nothing was done' },
} as const;

/** Says in its chat, if it has one, what became of the question whether the task may run. */
export async function sayResolved(tx: Tx, task: Task): Promise<void> {
  const { id, sessionId, userId, turnId, toolCallId } = task;
  if (sessionId === null || userId === null || turnId === null || toolCallId === null) return;
  const [row] = await tx.query<{ id: string; state: keyof typeof OUTCOMES }>(
    'select id, state from confirmations where task_id = $1',
    [id],
  );
  if (row === undefined) return;
  const outcome = OUTCOMES[row.state];
  await appendFrames(tx, { id: sessionId, userId }, [
    {
      type: 'CONFIRMATION_RESOLVED',
      data: { confirmation_id: row.id, task_id: id, turn_id: turnId, outcome },
    },
  ]);
  await sayStatus(tx, await getToolCall(tx, toolCallId), {
    ...STEPS[outcome],
    agent_id: task.toAgentId,
    task_id: id,
  });
}
