import type { ErrorCode, MooringError } from '../../domain/errors';
import type { MomentFrame, PublishedErrorType } from '../../domain/frames';

/** The published, coarse type of each code that clients of the first contract know; the rest are internal errors. */
const PUBLISHED: Partial<Record<ErrorCode, PublishedErrorType>> = {
  auth_failed: 'auth_failed',
  forbidden: 'auth_failed',
  session_not_found: 'session_not_found',
  session_closed: 'session_not_found',
  payment_declined: 'payment_declined',
  payment_not_open: 'payment_declined',
  insufficient_funds: 'payment_declined',
  budget_exceeded: 'payment_declined',
  agent_unavailable: 'agent_unavailable',
  agent_refused: 'agent_unavailable',
  agent_bad_answer: 'agent_unavailable',
};

/** The answer to a frame that was refused. `fatal`: the socket ends with it; `id`: the client's own of that frame. */
export function errorFrame(
  error: MooringError,
  { fatal, id, requestId }: { fatal: boolean; id: string | null; requestId: string },
): MomentFrame & { type: 'ERROR' } {
  const retryAfterMs = error.details?.['retry_after_ms'];
  return {
    type: 'ERROR',
    data: {
      ...(id === null ? {} : { for: id }),
      error_type: PUBLISHED[error.code] ?? 'internal_error',
      code: error.code,
      message: error.message,
      retryable: error.retryable,
      fatal,
      ...(typeof retryAfterMs === 'number' ? { retry_after_ms: retryAfterMs } : {}),
      request_id: requestId,
    },
  };
}
