import type {
  ConfirmationRequestData,
  PaymentRequestData,
  Picture,
  StatusData,
  UserPromptData,
} from '../../sdk/frames';
import type { SessionPhase } from '../../sdk/api-types';
import type { MoveStep } from '../../sdk/money-types';

/** A step of the progress line: the frames of one call, the last of which counts. */
export interface Step {
  kind: 'step';
  callId: string;
  state: StatusData['state'];
  text: string;
  tool: string | null;
  agentName: string | null;
  agentId: string | null;
  taskId: string | null;
  /** when the agent that could not answer is asked again */
  nextAttemptAt: string | null;
  /** the payment it asks for */
  paymentId: string | null;
  since: string;
  /** of the newest frame */
  at: string;
  /** since when it waits for a person, and how long it did before */
  waitingSince: string | null;
  waitedMs: number;
}

/** Words of the orchestrator. `text` grows with the deltas until the whole message comes. */
export interface Message {
  kind: 'message';
  id: string;
  text: string;
  whole: boolean;
  at: string;
  attempt: number;
  nextIndex: number;
  /** what an attempt that was given up had said; shown until the new text is as long */
  stale: string;
}

/** What the model has read and written, in tokens. */
export interface TokenCounts {
  read: number;
  fromCache: number;
  toCache: number;
  written: number;
}

export interface Tokens extends TokenCounts {
  /** of each time the model was asked; empty in an older log */
  steps: (TokenCounts & { costUsdc: string })[];
}

export interface TurnEnd {
  outcome: string;
  text: string | null;
  costUsdc: string;
  /** null: of an older log */
  tokens: Tokens | null;
  at: string;
}

export interface Turn {
  kind: 'turn';
  id: string;
  /** of the message it answers, or of the end of the turn before it; else of its own first frame */
  since: string;
  /** the message it answers; null when it goes on from something that has ended late */
  asked: string | null;
  parts: (Step | Message)[];
  paymentIds: string[];
  /** what agents made for it to be looked at */
  pictures: Picture[];
  end: TurnEnd | null;
  /** what an operator asks for when it failed */
  failure: { code: string; requestId: string } | null;
}

export interface Said {
  kind: 'said';
  id: string;
  content: string;
  at: string;
  /** a turn has taken it up */
  taken: boolean;
}

export interface PendingFate {
  kind: 'pending';
  isKnown: boolean;
  step: MoveStep | null;
  refused: boolean;
  /** of that transfer, where it is told */
  moveUsdc: string | null;
  at: string;
}

export type PaymentFate =
  | { kind: 'asked'; request: PaymentRequestData; askedAt: string }
  /** `refunded`: what came back of it afterwards */
  | { kind: 'paid'; at: string; refunded: string | null }
  /** a transfer held it up; `isKnown`: it was found out that the amount is held */
  | PendingFate
  | { kind: 'ended'; state: string; reason: string | null; at: string };

/** One that was approved beforehand is never asked for: its end is the first that is told of it. */
export interface Payment {
  id: string;
  turnId: string;
  amount: string;
  agentId: string | null;
  agentName: string | null;
  fate: PaymentFate;
}
export type AskedPayment = Payment & { fate: { kind: 'asked' } };

export type QuestionFate =
  | { kind: 'asked' }
  | { kind: 'answered'; answer: string }
  /** its time was over, or it was taken back */
  | { kind: 'expired' | 'withdrawn' };

/** A question of the orchestrator. */
export interface Question {
  prompt: UserPromptData;
  askedAt: string;
  fate: QuestionFate;
}

/** A risky task that waits, or has waited, for the person. */
export interface Confirmation {
  request: ConfirmationRequestData;
  askedAt: string;
  /** null: it is open */
  outcome: string | null;
}

export interface Transcript {
  items: (Said | Turn)[];
  payments: Record<string, Payment>;
  /** by the call of the step that asks */
  questions: Record<string, Question>;
  /** by the same */
  confirmations: Record<string, Confirmation>;
  phase: SessionPhase;
  closed: { reason: string } | null;
  /** of the log's newest row */
  lastSeq: number;
  /** the server's clock minus ours, in ms */
  clockOffset: number;
}

export const EMPTY: Transcript = {
  items: [],
  payments: {},
  questions: {},
  confirmations: {},
  phase: 'STARTED',
  closed: null,
  lastSeq: 0,
  clockOffset: 0,
};
