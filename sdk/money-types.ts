import type { AgentHealth, ListingStatus } from '../domain/agent';
import type { PaymentState, RefundState } from '../domain/payment';
import type { TaskStatus } from '../domain/task';
import type { MoveState, MoveStep, RefusalCode } from '../domain/wallet';

export { isSettled, PAYMENT_STATES } from '../domain/payment';
export type { MoveStep, PaymentState, RefusalCode };

export interface Wallet {
  balance_usdc: string;
  held_usdc: string;
  /** the parts of it */
  held: { waiting_usdc: string; working_usdc: string; unknown_usdc: string };
  unknown: UnknownPayment[];
}

/** A transfer of which nobody knows whether it was made, or that the network refused after money had moved. */
export interface UnknownMove {
  step: MoveStep | null;
  /** of the transfer; null: none was written down */
  move_usdc: string | null;
  /** the network has said no: people make it */
  refused: boolean;
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
  /** by refunds that are pending */
  returning_usdc: string;
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
  refunds: {
    amount_usdc: string;
    reason: string;
    state: RefundState;
    failure: RefusalCode | null;
    /** its transfer is one of which nobody knows, or that the network refused after a part had moved */
    unknown: UnknownMove | null;
    at: string;
  }[];
}

export interface PaymentList {
  payments: PaymentItem[];
  next_cursor: string | null;
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
  /**
   * what comes of it that this transfer was not made: two admins decide so; the platform may still send it, or the network
   * has it and has not ended it, so nobody makes another one; or it has to be made, since other money has moved already
   */
  if_not_made: 'decides' | 'may_be_sent' | 'on_its_way' | 'must_be_made';
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
    /** the network has said no: it has to be made by people */
    refused: boolean;
    reference: string | null;
    /** by which the wallet service is searched for it */
    ref_id: string;
    submitted_at: string;
    /** from then on the platform sends it no more */
    sure_at: string;
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
  /** by refunds that are pending */
  returning_usdc: string;
  created_at: string;
}

export interface ReceivedPage {
  payments: ReceivedPayment[];
  next_cursor: string | null;
}
