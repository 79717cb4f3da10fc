import type { ErrorCode, PublishedErrorType } from './errors';
import type { PaymentState } from './payment';
import type { SessionPhase, ToolName, TurnOutcome } from './session';
import type { RiskLevel, TaskStatus } from './task';
import type { MoveStep } from './wallet';

/** A step of the progress line. The frames of one step share `call_id`; the last one counts. */
export interface StatusData {
  phase: SessionPhase;
  turn_id: string;
  /** the step's id: a tool call, or `<turn_id>/answer` */
  call_id: string;
  state: 'now' | 'waiting' | 'done' | 'failed';
  text: string;
  tool?: ToolName;
  agent_id?: string;
  agent_name?: string;
  task_id?: string;
}

export interface PaymentRequestData {
  payment_id: string;
  turn_id: string;
  amount_usdc: string;
  /** the platform's part of the amount; absent in older logs */
  fee_usdc?: string;
  agent_id: string;
  agent_name: string;
  action: string;
  description: string;
  expires_at: string;
  capture_deadline: string;
  /** where the money lies: `ledger`, or the blockchain of the wallets */
  network: string;
  refund_policy: string;
}

/** Tokens: `input_tokens` beside those that the model's prompt cache spared or kept. */
export interface TokenUsage {
  input_tokens: number;
  output_tokens: number;
  cache_read_input_tokens?: number;
  cache_creation_input_tokens?: number;
}

/** Tokens of a turn, and of each time the model was asked in it. */
export interface TurnUsage extends TokenUsage {
  steps?: (TokenUsage & { cost_usdc: string })[];
}

/** A question of the orchestrator. Its step of the progress line has the same `call_id`. */
export interface UserPromptData {
  prompt_id: string;
  turn_id: string;
  call_id: string;
  question: string;
  /** answers to choose from; other words are taken too */
  options?: string[];
  expires_at: string;
}

/** A risky task that waits for its person. Its step of the progress line has the same `call_id`. */
export interface ConfirmationRequestData {
  confirmation_id: string;
  task_id: string;
  turn_id: string;
  call_id: string;
  agent_id: string;
  agent_name: string;
  action: string;
  risk_level: RiskLevel;
  /** why it is so, a sentence each */
  risk_reasons: string[];
  /** who is to do what, in one sentence */
  summary: string;
  /** what will run, to the character */
  arguments: Record<string, unknown>;
  expires_at: string;
  /** where it is decided on a page, by whoever is signed in as this person */
  url: string;
}

/** A picture that an agent made, as the agent wrote it: to be shown as an image and in no other way. */
export interface Picture {
  /** the field of the answer that it stood in */
  name: string;
  alt: string;
  svg: string;
}

/** The frames that are rows of a session's log: each has a dense `seq` and is replayed on resume. */
export type LogFrame =
  | { type: 'USER_MESSAGE'; data: { content: string; message_id: string } }
  | {
      type: 'AGENT_MESSAGE';
      data: {
        content: string;
        message_id: string;
        turn_id: string;
        agent_id?: string;
        agent_name?: string;
        /** the person has cancelled it: what was said until then */
        cancelled?: true;
      };
    }
  | {
      type: 'TURN_START';
      data: {
        turn_id: string;
        /** of the message it answers; without: it goes on from something that has ended late */
        message_id?: string;
      };
    }
  | { type: 'STATUS'; data: StatusData }
  | { type: 'PAYMENT_REQUEST'; data: PaymentRequestData }
  | { type: 'USER_PROMPT'; data: UserPromptData }
  | {
      type: 'USER_PROMPT_RESOLVED';
      data: {
        prompt_id: string;
        turn_id: string;
        outcome: 'answered' | 'expired' | 'withdrawn';
        answer?: string;
      };
    }
  | { type: 'CONFIRMATION_REQUEST'; data: ConfirmationRequestData }
  | {
      type: 'CONFIRMATION_RESOLVED';
      data: {
        confirmation_id: string;
        task_id: string;
        turn_id: string;
        outcome: 'approved' | 'declined' | 'expired' | 'withdrawn';
      };
    }
  | {
      type: 'PAYMENT_SUCCESSFUL';
      data: {
        payment_id: string;
        turn_id: string;
        amount_usdc: string;
        /** of the hold, what is free again: the agent charged less */
        returned_usdc?: string;
        agent_id: string;
        agent_name: string;
        tx_hash?: string;
      };
    }
  | {
      type: 'PAYMENT_FAILED' | 'PAYMENT_RELEASED';
      data: {
        payment_id: string;
        turn_id: string;
        state: PaymentState;
        amount_usdc: string;
        reason_code?: string;
      };
    }
  | {
      /**
       * UNKNOWN: nobody knows yet whether money moved; it stays held, and no second payment can start. Of which transfer
       * says `step`; `refused`: the network has said no to it, and people make it. HELD: it was found out that it is held.
       */
      type: 'PAYMENT_PENDING';
      data: {
        payment_id: string;
        turn_id: string;
        state: 'UNKNOWN' | 'HELD';
        step?: MoveStep;
        refused?: boolean;
        /** of that transfer: a part of the amount where only a part is charged, or it is the fee */
        move_usdc?: string;
        amount_usdc: string;
        agent_id: string;
        agent_name: string;
      };
    }
  | {
      type: 'PAYMENT_REFUNDED';
      data: {
        payment_id: string;
        turn_id: string;
        /** REFUNDED when all of it has come back by now, else CAPTURED */
        state: PaymentState;
        /** of this refund, and of all together */
        amount_usdc: string;
        refunded_usdc: string;
        reason_code: 'refunded_by_owner' | 'refunded_by_platform';
      };
    }
  | {
      type: 'TASK_UPDATE';
      data: {
        task_id: string;
        status: TaskStatus;
        attempt: number;
        risk_level: RiskLevel;
        next_attempt_at?: string;
        /** of the agent's answer, what is shown and not read */
        result?: { pictures: Picture[] };
      };
    }
  | {
      type: 'TURN_END';
      data: {
        turn_id: string;
        outcome: TurnOutcome;
        text?: string;
        usage: TurnUsage;
        cost_usdc: string;
      };
    }
  | { type: 'ERROR'; data: ErrorData }
  | { type: 'SESSION_CLOSED'; data: { reason: string; phase: 'CLOSED' } };

export interface ErrorData {
  /** the client's own id of the frame that was refused */
  for?: string;
  error_type: PublishedErrorType;
  code: ErrorCode;
  message: string;
  retryable: boolean;
  fatal: boolean;
  retry_after_ms?: number;
  /** the turn that failed; absent when it answers a frame */
  turn_id?: string;
  /** the request that this goes back to: an operator finds its log lines and its workflow by it */
  request_id: string;
}

/** An open prompt, as it was first sent, so that a reloaded page can answer it. */
export type PendingPrompt =
  | { type: 'PAYMENT_REQUEST'; data: PaymentRequestData }
  | { type: 'USER_PROMPT'; data: UserPromptData }
  | { type: 'CONFIRMATION_REQUEST'; data: ConfirmationRequestData };

/** The frames of one socket or of a moment: no `seq`, never replayed. */
export type MomentFrame =
  | { type: 'SESSION_READY'; data: { phase: SessionPhase; last_seq: number; pending: PendingPrompt[] } }
  | { type: 'ACK'; data: { for: string; seq: number | null } }
  | {
      type: 'AGENT_DELTA';
      data: { message_id: string; turn_id: string; attempt: number; index: number; text: string };
    }
  | { type: 'TURN_RESET'; data: { turn_id: string; attempt: number } }
  | { type: 'ERROR'; data: ErrorData };

/** What every server frame carries beside `type` and `data`. `seq` is there on rows of the log only. */
export interface Envelope {
  v: 1;
  id: string;
  ts: string;
  session_id: string;
  seq?: number;
}

export type PendingData = Extract<LogFrame, { type: 'PAYMENT_PENDING' }>['data'];

export type LoggedFrame = LogFrame & Envelope & { seq: number };
export type ServerFrame = LoggedFrame | (MomentFrame & Envelope);

/** What a client may send. `id` is the client's own; a repeated one is answered as the first was. */
export type ClientFrame =
  | { type: 'AUTH'; data: { token: string } }
  | { type: 'RESUME'; data: { after_seq: number } }
  | { type: 'USER_MESSAGE'; id?: string; data: { content: string } }
  | { type: 'PAYMENT_RESPONSE'; id?: string; data: { approved: boolean; payment_id?: string } }
  | { type: 'USER_PROMPT_RESPONSE'; id?: string; data: { prompt_id: string; answer: string } }
  | {
      type: 'CONFIRMATION_RESPONSE';
      id?: string;
      data: { confirmation_id: string; approved: boolean; note?: string };
    }
  | { type: 'CANCEL_TURN'; id?: string; data: { turn_id?: string } }
  | { type: 'CANCEL_SESSION'; id?: string; data: Record<string, never> };

/** The frames that become facts. */
export type ClientFact = Exclude<ClientFrame, { type: 'AUTH' | 'RESUME' }>;

/** Close codes of the socket, with what a client should do (contract: chat.md section 3). */
export const CLOSE_CODES = {
  1000: { meaning: 'closed by request', reconnect: 'no' },
  1001: { meaning: 'server leaving', reconnect: 'soon' },
  1007: { meaning: 'not UTF-8', reconnect: 'no' },
  1011: { meaning: 'internal error, try later', reconnect: 'backoff' },
  1012: { meaning: 'restart', reconnect: 'soon' },
  1013: { meaning: 'try later', reconnect: 'backoff' },
  4400: { meaning: 'malformed frame, or after_seq negative or ahead of the log', reconnect: 'no' },
  4401: { meaning: 'token missing, bad or expired', reconnect: 'new_token' },
  4403: { meaning: 'token of another session', reconnect: 'no' },
  4404: { meaning: 'session unknown', reconnect: 'no' },
  4408: { meaning: 'no auth in 5 s, no pong in 60 s, or 1 MiB unread', reconnect: 'soon' },
  4410: { meaning: 'session closed; its history is over REST', reconnect: 'no' },
  4413: { meaning: 'frame over 64 KiB', reconnect: 'no' },
  4429: { meaning: 'too many messages, or a sixth socket', reconnect: 'retry_after' },
} as const;
export type CloseCode = keyof typeof CLOSE_CODES;

/** Bounds of a socket that are no settings; docs/frames.md has this table, and a test holds it to it. */
export const SOCKET_LIMITS = {
  frameBytes: { limit: 64 * 1024, meaning: 'bytes of a frame; more closes with 4413' },
  textBytes: { limit: 16 * 1024, meaning: 'bytes of UTF-8 of a message’s text; more is `invalid_request`' },
  fragments: { limit: 32, meaning: 'pieces of a frame; more closes with 4400' },
  congestedBytes: {
    limit: 256 * 1024,
    meaning: 'bytes that a reader leaves unread before it gets no words as they are written',
  },
  unreadBytes: {
    limit: 1024 * 1024,
    meaning: 'bytes that a reader leaves unread before it is closed with 4408',
  },
} as const;
