import { defaultPayloadConverter } from '@temporalio/common';
import type { Headers } from '@temporalio/common';
import { proxySinks, workflowInfo } from '@temporalio/workflow';
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { ORIGIN_HEADER, readTraceparent, workflowPlace, writeTraceparent } from '../domain/origin';
import type { Origin } from '../domain/origin';
import type { WorkflowSinks } from '../domain/workflows';

const { trace } = proxySinks<WorkflowSinks>();

/**
 * The origin that a start or a signal carries becomes a span of this workflow and, until the next one comes, the origin
 * of its activities. Nothing of it is a command, so a replay neither sees nor says anything of it.
 */
export function interceptors(): WorkflowInterceptors {
  let current: Origin | null = null;
  let latest = '';
  const takeUp = (headers: Headers, signal: string | null): void => {
    const origin = originOf(headers);
    const cause = readTraceparent(origin?.traceparent);
    if (origin !== null) current = origin;
    if (origin === null || cause === null) return;
    const { workflowId } = workflowInfo();
    const place = workflowPlace(cause, workflowId);
    // A signal-with-start brings the same origin twice.
    if (place.spanId !== latest) {
      trace.tookUp({
        traceparent: writeTraceparent(place),
        parentId: cause.spanId,
        signal,
        startMs: Date.now(),
      });
    }
    latest = place.spanId;
    current = { ...origin, traceparent: writeTraceparent(place) };
  };
  return {
    inbound: [
      {
        execute(input, next) {
          takeUp(input.headers, null);
          return next(input);
        },
        handleSignal(input, next) {
          takeUp(input.headers, input.signalName);
          return next(input);
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) =>
          next(
            current === null
              ? input
              : {
                  ...input,
                  headers: { ...input.headers, [ORIGIN_HEADER]: defaultPayloadConverter.toPayload(current) },
                },
          ),
      },
    ],
  };
}

function originOf(headers: Headers): Origin | null {
  const payload = headers[ORIGIN_HEADER];
  return payload === undefined ? null : defaultPayloadConverter.fromPayload<Origin>(payload);
}
