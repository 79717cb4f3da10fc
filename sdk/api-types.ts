import type { AgentHealth, ListingStatus } from '../domain/agent';
import type { SessionPhase } from '../domain/session';
import type { ConfirmationState } from '../domain/confirmation';
import type { PendingPrompt } from '../domain/frames';
import type { PaymentState, RefundState } from '../domain/payment';
import type { MoveState, MoveStep } from '../domain/wallet';
import type { RiskLevel, TaskAttempt, TaskEvent, TaskStatus } from '../domain/task';

export { isTerminal, RISK_LEVELS, TASK_STATUSES } from '../domain/task';
export { TASK_TYPES } from '../domain/network';
export { isSettled, PAYMENT_STATES } from '../domain/payment';
export type {
  AgentHealth,
  ListingStatus,
  PaymentState,
  RiskLevel,
  SessionPhase,
  TaskStatus,
  TaskAttempt,
  TaskEvent,
};

export interface About {
  version: string;
  model: { name: string; stand_in: boolean };
  sign_in: { development: boolean; test_email?: string };
  limits: { agents_a_turn: number };
  temporal_ui?: string;
}

export interface Me {
  user_id: string;
  email: string;
  name: string;
  /** who reviews agents, and decides what nobody knows of payments */
  role: 'user' | 'admin';
}

export interface Wallet {
  balance_usdc: string;
  held_usdc: string;
  /** the parts of it */
  held: { waiting_usdc: string; working_usdc: string; unknown_usdc: string };
  unknown: UnknownPayment[];
}

/** A transfer of which nobody knows whether it was made. */
export interface UnknownMove {
  step: 'hold' | 'capture' | 'fee' | 'void' | 'refund' | null;
  since: string;
}

export interface UnknownPayment extends UnknownMove {
  payment_id: string;
  agent_name: string;
  action: string;
  amount_usdc: string;
}

export interface Spent {
  paid_usdc: string;
  held_usdc: string;
  unknown_usdc: string;
}

/** What a person may approve in a day and in a month of UTC (null: all there is), and what they have approved in both. */
export interface Budgets {
  day_usdc: string | null;
  month_usdc: string | null;
  approved_day_usdc: string;
  approved_month_usdc: string;
  day: Spent;
  month: Spent;
}

export interface StandingRule {
  id: string;
  agent_id: string | null;
  agent_name: string | null;
  payment_usdc: string;
  day_usdc: string | null;
  created_at: string;
}

export interface PaymentItem {
  id: string;
  state: PaymentState;
  agent_id: string;
  agent_name: string;
  action: string;
  amount_usdc: string;
  fee_usdc: string;
  captured_usdc: string | null;
  refunded_usdc: string;
  decided_by: 'person' | 'standing' | null;
  /** why nothing was to come of it any more */
  withdrawn: 'turn_cancelled' | 'session_closed' | 'offer_changed' | null;
  session_id: string;
  task_id: string | null;
  task_status: TaskStatus | null;
  created_at: string;
  expires_at: string;
  capture_deadline: string;
}

export interface PaymentPage extends PaymentItem {
  side: 'payer' | 'owner' | 'platform';
  /** what this person may give back of it; null: nothing */
  refundable_usdc: string | null;
  unknown: UnknownMove | null;
  events: { state: PaymentState; at: string }[];
  refunds: { amount_usdc: string; reason: string; state: RefundState; failure: string | null; at: string }[];
}

export interface PaymentList {
  payments: PaymentItem[];
  next_cursor: string | null;
}

export interface SessionListItem {
  id: string;
  title: string | null;
  phase: SessionPhase;
  created_at: string;
  last_message_at: string | null;
  /** USDC, of the model and of the agents */
  cost: string;
  /** something in it waits for the person */
  waiting: boolean;
}

export interface SessionPage {
  sessions: SessionListItem[];
  next_cursor: string | null;
}

export interface SessionAgent {
  agent_id: string;
  name: string;
  health: AgentHealth | null;
  paid_usdc: string;
}

export interface SessionBudget {
  limit_usdc: string;
  /** payments of at most so much are approved beforehand */
  auto_approve_usdc: string;
  spent_usdc: string;
  held_usdc: string;
  asked_usdc: string;
  model_usdc: string;
}

export interface SessionView {
  id: string;
  title: string | null;
  phase: SessionPhase;
  pending: PendingPrompt[];
  agents: SessionAgent[];
  budget: SessionBudget;
}

/** What opens the socket of a session, for `expires_in` seconds. */
export interface Admission {
  token: string;
  ws_url: string;
  expires_in: number;
}

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

/** What a person can spend, or what their agents have earned. */
export type StatementAccount = 'wallet' | 'earnings';

export interface StatementEntry {
  id: string;
  at: string;
  kind: 'top_up' | 'hold' | 'void' | 'capture' | 'fee' | 'refund' | 'deposit' | 'withdrawal';
  /** the signed change of what can be spent */
  amount_usdc: string;
  payment_id?: string;
  task_id?: string;
  counterparty?: string;
}

export interface Statement {
  balance_usdc: string;
  held_usdc: string;
  /** newest first */
  entries: StatementEntry[];
  next_cursor: string | null;
}

/** What became of money, as somebody has found out. */
export type FoundOut = 'made' | 'not_made';

/** A payment, or a refund of one, of which nobody knows whether its money moved. */
export interface UnknownTransfer {
  /** by which it is decided */
  id: string;
  payment_id: string;
  /** null: it is the payment's own transfer */
  refund_id: string | null;
  /** money has moved already that this transfer has to follow: it can only be found made */
  must_be_made: boolean;
  user_id: string;
  user_name: string;
  agent_name: string;
  action: string;
  amount_usdc: string;
  move: {
    step: MoveStep;
    amount_usdc: string;
    network: string;
    from: string;
    to: string;
    state: MoveState;
    reference: string | null;
    /** by which the wallet service is searched for it */
    ref_id: string;
    submitted_at: string;
    unknown_since: string | null;
  };
  decisions: { admin: string; outcome: FoundOut; reason: string; at: string }[];
}

/** Paid work of the last seven days that has ended. */
export interface Jobs {
  delivered: number;
  came_back: number;
}

export interface AgentEarnings {
  id: string;
  slug: string;
  name: string;
  status: ListingStatus;
  health: AgentHealth | null;
  /** the least it takes, as its owner says */
  price_usdc: string | null;
  earned_usdc: string;
  jobs: Jobs;
}

/** What a person's agents have earned. */
export interface Earnings {
  /** the beginning of this month, of UTC */
  month_since: string;
  /** after the fee, less what was refunded */
  earned_usdc: string;
  held_usdc: string;
  held_payments: number;
  unknown_usdc: string;
  unknown_payments: number;
  balance_usdc: string;
  fee_percent: string;
  jobs: Jobs;
  agents: AgentEarnings[];
}

/** A payment as the owner of its agent looks at it. */
export interface ReceivedPayment {
  id: string;
  state: PaymentState;
  agent_id: string;
  agent_name: string;
  action: string;
  amount_usdc: string;
  fee_usdc: string;
  captured_usdc: string | null;
  refunded_usdc: string;
  created_at: string;
}

export interface ReceivedPage {
  payments: ReceivedPayment[];
  next_cursor: string | null;
}
