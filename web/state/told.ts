import { ApiError } from '../../sdk/errors';

/** What went wrong, as a person is told it; code and request are what an operator asks for. */
export interface Told {
  message: string;
  code?: string;
  requestId?: string;
}

export function toldOf(thrown: unknown): Told {
  if (!(thrown instanceof Error)) return { message: 'It was refused.' };
  const { message } = thrown;
  if (!(thrown instanceof ApiError) || thrown.requestId === undefined) return { message };
  return { message, code: thrown.code, requestId: thrown.requestId };
}
