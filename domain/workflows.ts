import type { ListingStatus } from './agent';
import type { TurnOutcome } from './session';
import type { ToolName } from './session';
import type { PaymentState, RefundState } from './payment';
import type { TaskStatus } from './task';

/**
 * What workflows and activities say to each other: ids, versions and deadlines, as plain JSON. A workflow is woken
 * by a signal with a version; it goes by the newest it has seen, and an activity's answer says which version of
 * the row it has acted on (`seen`).
 */
export const QUEUES = {
  chatSession: 'chat',
  task: 'tasks',
  payment: 'money',
  refund: 'money',
  agentMonitor: 'agents',
  mail: 'tasks',
  ledgerProof: 'money',
  auditSeal: 'money',
} as const;
export type WorkflowType = keyof typeof QUEUES;

export interface Wake {
  version: number;
}

export interface ChatSessionInput {
  sessionId: string;
  userId: string;
  /** the newest version heard of; carried over continue-as-new */
  newest?: number;
}

export interface TaskInput {
  taskId: string;
  /** absent: nobody pays for it or confirms it */
  userId?: string;
  agentId: string;
  riskLevel: string;
  expiresAt: string;
  /** what its first delivery came to, which was made before the run began; absent: the run makes it */
  first?: TaskProgress;
}

/** A task has ended by a call of one of its sides, or of its person. */
export interface TaskEnd extends Wake {
  status: TaskStatus;
}

/** How far a task has come, as its row says. */
export type TaskProgress =
  | { kind: 'ended'; status: TaskStatus }
  /** the agent could not be told; once more after so long */
  | { kind: 'retry'; inMs: number; seen: number }
  /** nothing is to be done until somebody says something, or its time is over; `untold`: its agent is to be told first */
  | { kind: 'open'; status: TaskStatus; seen: number; parked?: true; untold?: true }
  /** its agent has taken it, and says until then what came of it */
  | { kind: 'promised'; until: string; seen: number }
  /** a person is to be asked, or has been: until then, with a reminder in between if it is still to come */
  | { kind: 'asking'; mailed: boolean; until: string; remindAt: string | null; seen: number };

export interface MailInput {
  mailId: string;
  until: string;
}

export interface MailActivities {
  /** Sends a code, unless it was sent or is worth nothing any more. */
  sendCode: (input: { mailId: string }) => Promise<void>;
}

export interface PaymentInput {
  paymentId: string;
  userId: string;
  expiresAt: string;
  /** of the run before this one: the newest version it has heard of */
  newest?: number;
}

interface OfTurn {
  seen: number;
  turn: number;
  /** the id of the request that the turn goes back to, for the words in the Temporal UI */
  request?: string;
}

/** How far a session's turn has come, as its rows say. */
export type TurnProgress =
  | { kind: 'idle'; seen: number; closesAt: string; questionEndsAt?: string }
  | (OfTurn & { kind: 'tools'; step: number; calls: { id: string; name: ToolName }[] })
  | (OfTurn & { kind: 'waiting'; until: string })
  | (OfTurn & { kind: 'ended'; outcome: TurnOutcome })
  | { kind: 'closed' };

export interface ChatActivities {
  askModel: (input: { sessionId: string; leaveWaits: boolean }) => Promise<TurnProgress>;
  searchAgents: (input: { callId: string }) => Promise<ToolRun>;
  connectAgent: (input: { callId: string }) => Promise<ToolRun>;
  requestPayment: (input: { callId: string }) => Promise<ToolRun>;
  hireAgent: (input: { callId: string }) => Promise<ToolRun>;
  askPerson: (input: { callId: string }) => Promise<ToolRun>;
  failToolCall: (input: { callId: string; code: string }) => Promise<void>;
  /** null: there was no turn to fail */
  failTurn: (input: { sessionId: string; code: string }) => Promise<FailedTurn | null>;
  closeIdleSession: (input: { sessionId: string; asOf: string }) => Promise<void>;
  /** Ends the questions whose time is over. */
  expirePrompts: (input: { sessionId: string; asOf: string }) => Promise<void>;
}

export interface FailedTurn {
  turn: number;
  request?: string;
}

/** A tool was answered, or now waits for a person or a task, at most until then. */
export type ToolRun = { waitsUntil: string | null };

export interface TaskActivities {
  /** One attempt to tell the agent, when it is to be told. */
  deliverTask: (input: { taskId: string }) => Promise<TaskProgress>;
  /** Asks the person who confirms, or reminds them when it is time. */
  askHuman: (input: { taskId: string; asOf: string }) => Promise<TaskProgress>;
  /** Ends what is still open by then: at its deadline, or because it could not be delivered. */
  /** `undeliverable`: it ends also before its time. */
  expireTask: (input: { taskId: string; asOf: string; undeliverable?: boolean }) => Promise<TaskProgress>;
}

export interface PaymentProgress {
  state: PaymentState;
  seen: number;
  captureDeadline: string;
  /** when a move of its money is to be looked at; absent: none is under way */
  lookAt?: string;
}

export interface PaymentActivities {
  /** Holds the amount when the person has approved, or ends the offer when its time is over. */
  authorizePayment: (input: { paymentId: string; asOf: string }) => Promise<PaymentProgress>;
  /** Captures or voids the hold as the task's end says; without a task, voids it after its deadline. */
  settlePayment: (input: { paymentId: string; asOf: string }) => Promise<PaymentProgress>;
}

export interface RefundInput {
  refundId: string;
  userId: string;
  /** of the run before this one: the newest version it has heard of */
  newest?: number;
}

export interface RefundProgress {
  state: RefundState;
  seen: number;
  /** when a move of its money is to be looked at; absent: it has ended */
  lookAt?: string;
}

export interface RefundActivities {
  /** Moves what a pending refund gives back, as far as that has come, and ends it when all of it or nothing has moved. */
  settleRefund: (input: { refundId: string }) => Promise<RefundProgress>;
}

export interface LedgerActivities {
  /** Proves the whole ledger; what is wrong is an alarm, and counted. */
  proveLedger: (input: Record<string, never>) => Promise<{ transfers: number; problems: number }>;
}

export interface AuditActivities {
  /** Seals what of the audit log is not sealed yet; whoever still adds to it is waited for. */
  sealAudit: (input: Record<string, never>) => Promise<{ rows: number; seals: number }>;
}

export interface AgentMonitorInput {
  agentId: string;
  /** absent: nobody stands behind it */
  userId?: string;
  /** carried over continue-as-new: the newest versions heard of, and those that were acted upon */
  newest?: MonitoredVersions;
  seen?: MonitoredVersions;
}

/** What a monitor is told of: what an owner lists, and the breaker that deliveries and checks open. */
export interface MonitoredVersions {
  listing: number;
  breaker: number;
}

/** `retryInMs` null: nothing is to be done until the owner, or a review, says something new. */
export type ProbeOutcome =
  { kind: 'probed'; seen: number; retryInMs: number | null } | { kind: 'closed'; status: ListingStatus };

/**
 * How far the parked tasks of an agent have come. `closed`: none is parked; `open`: the next probe is so far away;
 * `draining`: there are more.
 */
export type DrainProgress =
  | { kind: 'closed'; seen: number; status: ListingStatus }
  | { kind: 'open'; seen: number; inMs: number; parked: number; since: string }
  | { kind: 'draining'; seen: number; parked: number };

export interface AgentActivities {
  /** Tries an agent whose breaker is open when it is time, and delivers what is parked, in order, when it is back. */
  drainParked: (input: { agentId: string }) => Promise<DrainProgress>;
  /** Asks the agent how it is and what it offers, and records what it found. `attempt` counts from 1. */
  probeAgent: (input: { agentId: string; attempt: number }) => Promise<ProbeOutcome>;
}

/** What workflows tell the process around them, beside activities; never while they replay. */
export type WorkflowSinks = {
  trace: {
    /** The run has taken up what a start (signal null) or a signal told it: its span, that span's parent, since when. */
    tookUp: (span: { traceparent: string; parentId: string; signal: string | null; startMs: number }) => void;
  };
};
