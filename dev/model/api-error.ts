const TYPES = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  529: 'overloaded_error',
} as const;

export type ApiStatus = keyof typeof TYPES;

/** A failure as the Messages API words it. */
export class ApiError extends Error {
  readonly status: ApiStatus;
  readonly headers: Record<string, string>;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    status: ApiStatus,
    message: string,
    extra: { headers?: Record<string, string>; details?: Record<string, unknown> } = {},
  ) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.headers = extra.headers ?? {};
    this.details = extra.details;
  }
}

export function errorBody(error: ApiError, requestId: string): Record<string, unknown> {
  const details = error.details === undefined ? {} : { details: error.details };
  return {
    type: 'error',
    error: { type: TYPES[error.status], message: error.message, ...details },
    request_id: requestId,
  };
}
