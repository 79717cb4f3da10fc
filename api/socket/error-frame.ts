import { publishedType } from '../../domain/errors';
import type { MooringError } from '../../domain/errors';
import type { MomentFrame } from '../../domain/frames';

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
      error_type: publishedType(error.code),
      code: error.code,
      message: error.message,
      retryable: error.retryable,
      fatal,
      ...(typeof retryAfterMs === 'number' ? { retry_after_ms: retryAfterMs } : {}),
      request_id: requestId,
    },
  };
}
