import type { ConfirmationState } from '../domain/confirmation';
import type { RiskLevel, TaskAttempt, TaskEvent, TaskStatus } from '../domain/task';

export { isTerminal, RISK_LEVELS, TASK_STATUSES } from '../domain/task';
export { TASK_TYPES } from '../domain/network';
export type { RiskLevel, TaskAttempt, TaskEvent, TaskStatus };

/** One side of a task; its name is null when it is not to be seen any more. */
export interface TaskSide {
  id: string;
  name: string | null;
  slug: string | null;
}

export interface TaskItem {
  id: string;
  task_type: string;
  action: string | null;
  description: string | null;
  risk_level: RiskLevel;
  status: TaskStatus;
  from: TaskSide;
  created_at: string;
  expires_at: string;
}

export interface TaskConfirmation {
  state: ConfirmationState;
  asked_at: string;
  mailed_at: string | null;
  reminded_at: string | null;
  expires_at: string;
  decided_at: string | null;
  note: string | null;
  /** for the person who is asked */
  url: string | null;
}

export interface TaskArtifact {
  id: string;
  name: string;
  content_type: string;
  size: number | null;
  url: string | null;
}

/** What one side of a task said to the other. */
export interface TaskSaid {
  id: string;
  side: 'from' | 'to';
  type: 'text' | 'proposal' | 'counter' | 'accept' | 'reject' | 'info';
  content: string;
  data: unknown;
  at: string;
}

export interface TaskPage extends TaskItem {
  side: 'from' | 'to';
  to: TaskSide;
  payload_inline: unknown;
  data?: { payload_ref: string };
  risk_reasons: string[];
  result: unknown;
  result_text: string | null;
  notes: string | null;
  error: { code: string; message: string | null } | null;
  artifacts: TaskArtifact[];
  rating: number | null;
  session_id: string | null;
  /** since when it waits for its agent to be back */
  parked_at: string | null;
  events: TaskEvent[];
  attempts: TaskAttempt[];
  messages: TaskSaid[];
  confirmation: TaskConfirmation | null;
  /** for those who operate Mooring */
  run_url?: string;
}

export interface InboxFilter {
  status?: string;
  task_type?: string;
  risk_level?: string;
  cursor?: string;
}

export interface Inbox {
  agent: { id: string; name: string; slug: string };
  data: TaskItem[];
  next_cursor: string | null;
  has_more: boolean;
}
