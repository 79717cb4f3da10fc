import { AsyncLocalStorage } from 'node:async_hooks';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Headers } from '@temporalio/common';
import { ORIGIN_HEADER } from '../domain/origin';
import type { Origin } from '../domain/origin';

// The client's methods take no headers; interceptors do, and this is how they learn whose.
const origins = new AsyncLocalStorage<Origin>();

/** Starts and signals made in `fn` carry the origin to the run. */
export const withOrigin = <T>(origin: Origin | null, fn: () => Promise<T>): Promise<T> =>
  origin === null ? fn() : origins.run(origin, fn);

export const originHeader: WorkflowClientInterceptor = {
  startWithDetails: (input, next) => next({ ...input, headers: withHeader(input.headers) }),
  signalWithStart: (input, next) => next({ ...input, headers: withHeader(input.headers) }),
};

function withHeader(headers: Headers): Headers {
  const origin = origins.getStore();
  return origin === undefined
    ? headers
    : { ...headers, [ORIGIN_HEADER]: defaultPayloadConverter.toPayload(origin) };
}
