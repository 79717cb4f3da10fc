import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MooringError } from '../domain/errors';
import { failpoint } from '../lib/failpoints';

const BEAT_MS = 500;

/**
 * An activity: it beats while it lasts, so that a process that dies is noticed in two seconds (a beat is a write of
 * Temporal's, so a short one has none); its expected errors
 * reach the workflow by their code, retryable or not as the table says. `signal` ends its work early. `name` is the
 * one the workflow calls it by, and gives it its two failpoints: `<name>.start` and `<name>.report`.
 */
export function activity<I, O>(
  name: string,
  work: (input: I, signal: AbortSignal) => Promise<O>,
): (input: I) => Promise<O> {
  return async (input) => {
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), BEAT_MS);
    const startedAt = performance.now();
    try {
      failpoint(name, 'start');
      const result = await work(input, context.cancellationSignal);
      failpoint(name, 'report');
      context.log.info('done', { ms: Math.round(performance.now() - startedAt) });
      return result;
    } catch (error) {
      throw failureOf(error, context);
    } finally {
      clearInterval(beat);
    }
  };
}

/** Histories get codes and our own sentences; what others wrote, and stacks, go to the log. */
function failureOf(error: unknown, { log }: Context): unknown {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof MooringError) {
    return ApplicationFailure.create({
      message: error.message,
      type: error.code,
      nonRetryable: !error.retryable,
    });
  }
  log.error('an activity failed unexpectedly', { error });
  return ApplicationFailure.create({ message: 'unexpected; the log says more', type: 'internal_error' });
}
