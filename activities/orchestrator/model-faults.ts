import Anthropic from '@anthropic-ai/sdk';
import { ApplicationFailure } from '@temporalio/common';
import type { ErrorCode } from '../../domain/errors';
import { BadAnswer } from './answer-so-far';

/** So often is a model asked that does not answer; then the turn ends in words. */
const TRIES = 6;

/** Never asked sooner than it says; for a longer wait the turn ends. */
const LONGEST_WAIT_MS = 300_000;

/**
 * Faults of the model as failures that say whether, and when, to try again: as it asks, or after half a second,
 * doubling. Its own words stay out of the history.
 */
export function modelFailure(error: unknown, attempt: number): ApplicationFailure {
  const { status, type, headers, error: body } = faultOf(error);
  const fail = (code: ErrorCode, delayMs: number | null) =>
    ApplicationFailure.create({
      message: `the model: ${code} (HTTP ${status ?? 'none'}, ${type ?? 'no type'})`,
      type: code,
      nonRetryable: delayMs === null || attempt >= TRIES,
      ...(delayMs === null ? {} : { nextRetryDelay: delayMs }),
    });
  const backoff = Math.min(500 * 2 ** (attempt - 1), 15_000);
  const said = JSON.stringify(body ?? '');
  if (isBadAnswer(error)) return fail('model_bad_answer', backoff);
  if (status === 429 && said.includes('enforced_spend_limit_reached')) return fail('model_spend_limit', null);
  if (status === 402 || said.includes('credit balance is too low')) return fail('model_no_credit', null);
  if (status === 413 || said.includes('prompt is too long')) return fail('chat_too_long', null);
  if ([401, 403, 404].includes(status ?? 0)) return fail('model_settings', null);
  // Without a status the connection broke, or an error came inside the stream.
  const passing = status === undefined ? type !== 'invalid_request_error' : status >= 500;
  if (passing || [408, 409, 429].includes(status ?? 0)) {
    const delayMs = retryAfter(headers) ?? backoff;
    return fail('model_overloaded', delayMs > LONGEST_WAIT_MS ? null : delayMs);
  }
  return fail('model_refused', null);
}

/** What is no answer at all: events that are no JSON, or a message that breaks the protocol. */
function isBadAnswer(error: unknown): boolean {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return cause instanceof BadAnswer || cause instanceof SyntaxError;
}

interface ApiFault {
  status?: number | undefined;
  type?: string | null;
  headers?: Headers | undefined;
  error?: unknown;
}

const faultOf = (error: unknown): ApiFault =>
  error instanceof Anthropic.APIError ? (error as ApiFault) : {};

/** When the model wants to be asked again, in seconds or as a time by its own clock; undefined: it does not say. */
function retryAfter(headers: Headers | undefined): number | undefined {
  const said = headers?.get('retry-after') ?? '';
  const clock = Date.parse(headers?.get('date') ?? '') || Date.now();
  const ms = /^\s*\d/.test(said) ? Number(said) * 1_000 : Date.parse(said) - clock;
  return ms > 0 ? ms : undefined;
}
