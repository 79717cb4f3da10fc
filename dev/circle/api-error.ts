/** A refusal as Circle words it: an HTTP status, and a code of its own. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const badRequest = (message: string): ApiError => new ApiError(400, 2, message);
export const notFound = (): ApiError => new ApiError(404, 404, 'Not Found');
