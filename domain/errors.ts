/**
 * Every error a caller can meet, by its stable code. Callers branch on the code, never on the message.
 * `status` is the HTTP status; `retryable` says whether the same call may succeed later unchanged.
 */
export const ERRORS = {
  invalid_request: { status: 400, retryable: false },
  body_too_large: { status: 413, retryable: false },
  auth_failed: { status: 401, retryable: false },
  unauthorized: { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  not_found: { status: 404, retryable: false },
  conflict: { status: 409, retryable: false },
  invalid_state_transition: { status: 409, retryable: false },
  human_channel_missing: { status: 409, retryable: false },
  step_up_required: { status: 403, retryable: false },
  confirmation_not_open: { status: 409, retryable: false },
  confirmation_expired: { status: 410, retryable: false },
  confirmation_void: { status: 409, retryable: false },
  idempotency_in_flight: { status: 409, retryable: true },
  session_not_found: { status: 404, retryable: false },
  session_closed: { status: 409, retryable: false },
  idempotency_conflict: { status: 409, retryable: false },
  payment_not_open: { status: 409, retryable: false },
  prompt_not_open: { status: 409, retryable: false },
  listing_not_open: { status: 409, retryable: false },
  listing_changed: { status: 409, retryable: false },
  agent_already_listed: { status: 409, retryable: false },
  too_many_agents: { status: 409, retryable: false },
  too_many_keys: { status: 409, retryable: false },
  too_many_rules: { status: 409, retryable: false },
  agent_not_checked: { status: 409, retryable: false },
  already_posted: { status: 409, retryable: false },
  already_voided: { status: 409, retryable: false },
  already_expired: { status: 409, retryable: false },
  amount_over_hold: { status: 409, retryable: false },
  amount_over_capture: { status: 409, retryable: false },
  payment_unknown: { status: 409, retryable: false },
  payment_declined: { status: 402, retryable: false },
  insufficient_funds: { status: 402, retryable: false },
  budget_exceeded: { status: 402, retryable: false },
  rate_limited: { status: 429, retryable: true },
  wallet_unavailable: { status: 503, retryable: true },
  mail_unavailable: { status: 503, retryable: true },
  mail_refused: { status: 502, retryable: false },
  agent_unavailable: { status: 503, retryable: true },
  agent_refused: { status: 502, retryable: false },
  agent_bad_answer: { status: 502, retryable: false },
  address_blocked: { status: 400, retryable: false },
  model_overloaded: { status: 503, retryable: true },
  model_refused: { status: 502, retryable: false },
  model_bad_answer: { status: 502, retryable: true },
  chat_too_long: { status: 409, retryable: false },
  model_settings: { status: 502, retryable: false },
  model_spend_limit: { status: 503, retryable: false },
  model_no_credit: { status: 503, retryable: false },
  fence_lost: { status: 409, retryable: false },
  turn_limit: { status: 409, retryable: false },
  unavailable: { status: 503, retryable: true },
  internal_error: { status: 500, retryable: true },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** Error types of the ERROR frame that clients of the first contract know; the code beside it is finer. */
export type PublishedErrorType =
  'agent_unavailable' | 'payment_declined' | 'session_not_found' | 'auth_failed' | 'internal_error';

const PUBLISHED: Partial<Record<ErrorCode, PublishedErrorType>> = {
  auth_failed: 'auth_failed',
  forbidden: 'auth_failed',
  session_not_found: 'session_not_found',
  session_closed: 'session_not_found',
  payment_declined: 'payment_declined',
  payment_not_open: 'payment_declined',
  payment_unknown: 'payment_declined',
  insufficient_funds: 'payment_declined',
  budget_exceeded: 'payment_declined',
  agent_unavailable: 'agent_unavailable',
  agent_refused: 'agent_unavailable',
  agent_bad_answer: 'agent_unavailable',
  address_blocked: 'agent_unavailable',
};

/** The rest are internal errors to them. */
export const publishedType = (code: ErrorCode): PublishedErrorType => PUBLISHED[code] ?? 'internal_error';

/** An expected failure. `details` is safe to show to the caller; `cause` is not. */
export class MooringError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options?: { details?: Record<string, unknown>; cause?: unknown },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MooringError';
    this.code = code;
    this.details = options?.details;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}
