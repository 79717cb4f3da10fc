import type { Context, Info } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure, defaultPayloadConverter } from '@temporalio/common';
import type { Headers } from '@temporalio/common';
import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';
import { ORIGIN_HEADER, readTraceparent } from '../domain/origin';
import type { Origin } from '../domain/origin';
import type { WorkflowSinks } from '../domain/workflows';
import type { Logger } from '../lib/log';
import { metrics } from '../lib/metrics';
import { beginActivity, beginActivityOfRows, codeOf, currentOrigin, recordAt } from '../lib/telemetry';
import type { OpenWork } from '../lib/telemetry';
import { createAttempts } from './attempts';
import type { AttemptEnd, AttemptInfo } from './attempts';

/**
 * Each attempt at an activity is counted and is work of the request it goes back to: its log lines and its span say so,
 * and a failure carries the request's id into the history. `origins` says where the request is found: with the
 * workflow's header, or (a chat, which works for one message after the other) in the rows that the activity reads.
 */
export function observeActivities(log: Logger, origins: 'header' | 'rows'): ActivityInterceptorsFactory {
  const attempts = createAttempts<Attempt>(({ workflow, runId: run, activity, attempt }) => {
    metrics.falseTimeouts.inc({ activity });
    log.warn({ workflow, run, activity, attempt }, 'an attempt was given up though its process lives');
  });
  return (context) => ({
    inbound: {
      async execute(input, next) {
        const attempt = attemptOf(context.info);
        const work = workOf(attempt, { origins, headers: input.headers });
        const stopTimer = metrics.activitySeconds.startTimer({ activity: attempt.activity });
        if (attempt.attempt > 1) metrics.activityRetries.inc({ activity: attempt.activity });
        attempts.begin(attempt);
        return work.run(async () => {
          let error: string | null = null;
          try {
            return await next(input);
          } catch (thrown) {
            error = codeOf(thrown);
            if (!(thrown instanceof CancelledFailure)) {
              log.warn({ attempt: attempt.attempt, code: error, err: thrown }, 'an activity failed');
            }
            throw withRequest(thrown);
          } finally {
            const outcome = outcomeOf(context, error);
            attempts.end(attempt, outcome);
            stopTimer({ outcome });
            work.end({ error });
          }
        });
      },
    },
  });
}

function outcomeOf({ cancellationDetails, cancellationSignal }: Context, error: string | null): AttemptEnd {
  if (cancellationDetails?.timedOut === true) return 'timed_out';
  if (error === null) return 'completed';
  return cancellationSignal.aborted ? 'cancelled' : 'failed';
}

interface Attempt extends AttemptInfo {
  workflow: string;
  activity: string;
}

const attemptOf = (info: Info): Attempt => ({
  workflow: info.workflowExecution?.workflowId ?? '',
  runId: info.workflowExecution?.runId ?? '',
  activityId: info.activityId,
  activity: info.activityType,
  attempt: info.attempt,
});

function workOf(
  { workflow, runId, activity, attempt }: Attempt,
  { origins, headers }: { origins: 'header' | 'rows'; headers: Headers },
): OpenWork {
  const opening = {
    name: `activity ${activity}`,
    kind: 'consumer' as const,
    attributes: { 'mooring.attempt': attempt },
    fields: { workflow, run: runId, activity },
  };
  return origins === 'rows'
    ? beginActivityOfRows(workflow, opening)
    : beginActivity(originOf(headers), opening);
}

/** The failure as it is, and the request it goes back to as its details, for whoever reads the history. */
function withRequest(error: unknown): unknown {
  const origin = currentOrigin();
  if (!(error instanceof ApplicationFailure) || origin === null) return error;
  const details: unknown[] = error.details ?? [];
  return Object.assign(error, { details: [...details, { request_id: origin.request_id }] });
}

function originOf(headers: Headers): Origin | null {
  const payload = headers[ORIGIN_HEADER];
  return payload === undefined ? null : defaultPayloadConverter.fromPayload<Origin>(payload);
}

/** What workflows say of themselves becomes spans of theirs. */
export const workflowSinks: InjectedSinks<WorkflowSinks> = {
  trace: {
    tookUp: {
      fn({ workflowId, runId, workflowType }, { traceparent, parentId, signal, startMs }) {
        const place = readTraceparent(traceparent);
        if (place === null) return;
        recordAt(place, parentId, {
          name: `workflow ${workflowType}${signal === null ? '' : `.${signal}`}`,
          kind: 'consumer',
          startMs,
          endMs: Math.max(startMs, Date.now()),
          attributes: { 'mooring.workflow': workflowId, 'mooring.run': runId },
          error: null,
        });
      },
    },
  },
};
