export const TASK_STATUSES = [
  'draft',
  'pending_delivery',
  'delivered',
  'pending_accept',
  'accepted',
  'waiting_human_confirm',
  'in_progress',
  'completed',
  'declined',
  'failed',
  'expired',
  'cancelled',
] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** The legal edges. The database constraint, the docs and the tests are held against this table. */
export const TASK_EDGES: Record<TaskStatus, readonly TaskStatus[]> = {
  draft: ['pending_delivery', 'cancelled'],
  pending_delivery: ['delivered', 'pending_accept', 'accepted', 'declined', 'failed', 'expired', 'cancelled'],
  delivered: ['pending_accept', 'accepted', 'declined', 'expired', 'cancelled'],
  pending_accept: ['accepted', 'declined', 'expired', 'cancelled'],
  accepted: ['in_progress', 'waiting_human_confirm', 'failed', 'expired', 'cancelled'],
  waiting_human_confirm: ['in_progress', 'cancelled', 'expired'],
  in_progress: ['completed', 'failed', 'expired', 'cancelled'],
  completed: [],
  declined: [],
  failed: [],
  expired: [],
  cancelled: [],
};

export const isTerminal = (status: TaskStatus): boolean => TASK_EDGES[status].length === 0;
export const isLegalEdge = (from: TaskStatus, to: TaskStatus): boolean => TASK_EDGES[from].includes(to);

/** What a receiver has not taken yet: its inbox, when no status is asked for. */
export const OPEN_FOR_RECEIVER: TaskStatus[] = ['pending_delivery', 'delivered', 'pending_accept'];

/**
 * How an open task ends whose receiver has left: what it had not taken is declined, what it was at has failed, what a person
 * is asked about is cancelled.
 */
export function endWithoutReceiver(status: TaskStatus): TaskStatus {
  if (OPEN_FOR_RECEIVER.includes(status)) return 'declined';
  return status === 'accepted' || status === 'in_progress' ? 'failed' : 'cancelled';
}

/** What the sender reads of such an end. */
export const RECEIVER_LEFT = 'The agent that it was for has left the network.';

export const RISK_LEVELS = ['R0', 'R1', 'R2', 'R3'] as const;
export type RiskLevel = (typeof RISK_LEVELS)[number];

/** R2 and R3 wait for a person before anything is done. */
export const needsHuman = (risk: RiskLevel): boolean => risk === 'R2' || risk === 'R3';

/**
 * A call of an agent for a task: one that counts, the monitor's trial of an agent that was down, or one of what had waited;
 * and the agent's own call, when it says later what came of it.
 */
export type AttemptKind = 'attempt' | 'probe' | 'drained' | 'callback';
/** What such a call came to. */
export type AttemptOutcome = 'accepted' | 'completed' | 'delivered' | 'failed' | 'retry';

/** A step of a task along a legal edge, as its page tells it. */
export interface TaskEvent {
  number: number;
  from: TaskStatus | null;
  to: TaskStatus;
  actor: string;
  at: string;
}

/** A call for a task, as its page tells it. */
export interface TaskAttempt {
  attempt: number;
  kind: AttemptKind;
  started_at: string;
  ended_at: string | null;
  http_status: number | null;
  outcome: AttemptOutcome | null;
  latency_ms: number | null;
  /** the first KiB of the answer, or what went wrong on the way */
  head: string | null;
}
