import { ERRORS, publishedType } from '../domain/errors';
import type { ErrorCode } from '../domain/errors';
import type { LogFrame } from '../domain/frames';
import { currentOrigin } from '../lib/telemetry';

/** An error as part of the chat; clients that know no other frame learn from it what went wrong. */
export const chatError = ({
  code,
  message,
  turnId,
}: {
  code: ErrorCode;
  message: string;
  turnId: string;
}): LogFrame => ({
  type: 'ERROR',
  data: {
    error_type: publishedType(code),
    code,
    message,
    retryable: ERRORS[code].retryable,
    fatal: false,
    turn_id: turnId,
    request_id: currentOrigin()?.request_id ?? turnId,
  },
});

/** It tells of an agent that cannot be reached, or does not do what it should. */
export const isAgentFault = (code: ErrorCode): boolean => publishedType(code) === 'agent_unavailable';
