import { ApplicationFailure, CancelledFailure, defaultPayloadConverter } from '@temporalio/common';
import type { Headers } from '@temporalio/common';
import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';
import { ORIGIN_HEADER, readTraceparent } from '../domain/origin';
import type { Origin } from '../domain/origin';
import type { WorkflowSinks } from '../domain/workflows';
import type { Logger } from '../lib/log';
import { beginActivity, beginActivityOfRows, codeOf, currentOrigin, recordAt } from '../lib/telemetry';

/**
 * Each attempt at an activity is work of the request it goes back to: its log lines and its span say so, and a failure
 * carries the request's id into the history. `origins` says where the request is found: with the workflow's header, or
 * (a chat, which works for one message after the other) in the rows that the activity reads.
 */
export function observeActivities(log: Logger, origins: 'header' | 'rows'): ActivityInterceptorsFactory {
  return ({ info }) => ({
    inbound: {
      execute(input, next) {
        const { workflowId = '', runId = '' } = info.workflowExecution ?? {};
        const opening = {
          name: `activity ${info.activityType}`,
          kind: 'consumer' as const,
          attributes: { 'mooring.attempt': info.attempt },
          fields: { workflow: workflowId, run: runId, activity: info.activityType },
        };
        const work =
          origins === 'rows'
            ? beginActivityOfRows(workflowId, opening)
            : beginActivity(originOf(input.headers), opening);
        return work.run(async () => {
          let error: string | null = null;
          try {
            return await next(input);
          } catch (thrown) {
            error = codeOf(thrown);
            if (!(thrown instanceof CancelledFailure)) {
              log.warn({ attempt: info.attempt, code: error, err: thrown }, 'an activity failed');
            }
            throw withRequest(thrown);
          } finally {
            work.end({ error });
          }
        });
      },
    },
  });
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
