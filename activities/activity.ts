import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { MooringError } from '../domain/errors';

const BEAT_MS = 500;

/** Runs work that waits on the outside: beats while it lasts, and hands it the signal that ends it early. */
export async function beating<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  context.heartbeat();
  const beat = setInterval(() => context.heartbeat(), BEAT_MS);
  try {
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(beat);
  }
}

/** An activity whose expected errors reach the workflow by their code, retryable or not as the table says. */
export function typed<I, O>(activity: (input: I) => Promise<O>): (input: I) => Promise<O> {
  return async (input) => {
    try {
      return await activity(input);
    } catch (error) {
      if (!(error instanceof MooringError)) throw error;
      throw ApplicationFailure.create({
        message: error.message,
        type: error.code,
        nonRetryable: !error.retryable,
        cause: error,
      });
    }
  };
}
