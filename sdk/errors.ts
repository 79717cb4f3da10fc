import { isRecord } from './json';

/** A refusal by the server. Branch on `code`; `requestId` is what its operator asks for. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    status: number,
    error: { code: string; message: string; requestId?: string; details?: Record<string, unknown> },
  ) {
    super(error.message);
    this.name = 'ApiError';
    this.status = status;
    this.code = error.code;
    this.requestId = error.requestId;
    this.details = error.details;
  }

  /** The same call may succeed later, unchanged. */
  get retryable(): boolean {
    return this.status === 429 || this.status >= 500;
  }
}

/** Nobody answered, or not in time. Whether the server did what was asked is not known. */
export class NetworkError extends Error {
  constructor(cause: unknown) {
    super('The server did not answer.', { cause });
    this.name = 'NetworkError';
  }
}

/** The refusal in an answer's body; bodies that are not ours (a proxy's page) get a code by their status. */
export function refusalOf(status: number, body: unknown): ApiError {
  const error = isRecord(body) && isRecord(body['error']) ? body['error'] : {};
  const { code, message, request_id: requestId, details } = error;
  return new ApiError(status, {
    code: typeof code === 'string' ? code : status >= 500 ? 'unavailable' : 'invalid_request',
    message: typeof message === 'string' ? message : `The server answered ${status}.`,
    ...(typeof requestId === 'string' ? { requestId } : {}),
    ...(isRecord(details) ? { details } : {}),
  });
}
