import type { RiskLevel, TaskStatus } from '../domain/task';
import type { Tx } from './database';
import { noSuchConfirmation } from './confirmations';

/** What a person is asked, as they read it in a mail and on the page. */
export interface Question {
  taskId: string;
  taskType: string;
  fromAgentId: string;
  fromName: string;
  fromSlug: string;
  toName: string;
  toSlug: string;
  description: string | null;
  payloadRef: string | null;
  payload: Record<string, unknown> | null;
  action: string | null;
  riskLevel: RiskLevel;
  riskReasons: string[];
  status: TaskStatus;
  createdAt: string;
  expiresAt: string;
  endedAt: string | null;
  /** the chat that asks; null: an agent asks */
  sessionId: string | null;
  chatTitle: string | null;
  personName: string;
  personEmail: string;
}

/** For the system: whoever is asked need not be signed in. */
export async function getQuestion(tx: Tx, taskId: string): Promise<Question> {
  const [question] = await tx.query<Question>(
    `select t.id as "taskId", t.task_type as "taskType", f.id as "fromAgentId", f.name as "fromName",
            f.slug as "fromSlug", r.name as "toName", r.slug as "toSlug", t.description,
            t.payload_ref as "payloadRef", coalesce(t.payload_inline, t.arguments) as payload, t.action,
            t.risk_level as "riskLevel", t.risk_reasons as "riskReasons", t.status, t.created_at as "createdAt",
            t.expires_at as "expiresAt", t.ended_at as "endedAt", t.session_id as "sessionId", s.title as "chatTitle", u.name as "personName", u.email as "personEmail"
       from tasks t join agents f on f.id = t.from_agent_id join agents r on r.id = t.to_agent_id
       join confirmations c on c.task_id = t.id join users u on u.id = c.user_id
       left join sessions s on s.id = t.session_id
      where t.id = $1`,
    [taskId],
  );
  if (question === undefined) throw noSuchConfirmation();
  return question;
}
