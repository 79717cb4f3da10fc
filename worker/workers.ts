import { existsSync } from 'node:fs';
import { Runtime, Worker, makeTelemetryFilterString } from '@temporalio/worker';
import type { LogMetadata, NativeConnection, WorkflowBundleOption } from '@temporalio/worker';
import { QUEUES } from '../domain/workflows';
import type {
  AgentActivities,
  AuditActivities,
  ChatActivities,
  LedgerActivities,
  MailActivities,
  PaymentActivities,
  RefundActivities,
  TaskActivities,
} from '../domain/workflows';
import type { Logger } from '../lib/log';
import { observeActivities, workflowSinks } from './observe';

export interface Activities {
  chat: ChatActivities;
  tasks: TaskActivities & MailActivities;
  money: PaymentActivities & RefundActivities & LedgerActivities & AuditActivities;
  agents: AgentActivities;
}

// Names and units as Prometheus has them.
const CONVENTIONAL = { countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true };

/** Temporal's own lines go to our log, with the ids of the run. Its own figures are served at `metricsAddress`. Once a process, before the first connection. */
export function installRuntime(log: Logger, metricsAddress: string | undefined): void {
  Runtime.install({
    telemetryOptions: {
      // The SDK's core writes lines of its own between ours: of errors only. Forwarded to our log, its lines and those of
      // activities would come later, and without the request they go back to.
      logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }), console: {} },
      ...(metricsAddress === undefined
        ? {}
        : { metrics: { prometheus: { ...CONVENTIONAL, bindAddress: metricsAddress } } }),
    },
    // Shutdown is ours (platform.ts).
    shutdownSignals: [],
    logger: {
      log: () => undefined,
      trace: () => undefined,
      debug: () => undefined,
      // Of the many only those of activities say what was done for whom.
      info: (message, meta) => {
        if (meta?.['sdkComponent'] === 'activity') log.info(fieldsOf(meta), message);
      },
      // A failed activity has said so itself, with the request it goes back to (observe.ts).
      warn: (message, meta) => {
        if (message !== 'Activity failed') log.warn({ ...fieldsOf(meta), err: meta?.['error'] }, message);
      },
      error: (message, meta) => log.error({ ...fieldsOf(meta), err: meta?.['error'] }, message),
    },
  });
}

const fieldsOf = (meta: LogMetadata | undefined): Record<string, unknown> => ({
  workflow: meta?.['workflowId'] as unknown,
  // The worker's own lines have it under one name, those of an activity under the other.
  run: (meta?.['workflowRunId'] ?? meta?.['runId']) as unknown,
  activity: meta?.['activityType'] as unknown,
  attempt: meta?.['attempt'] as unknown,
  ms: meta?.['ms'] as unknown,
  // What an alarm is about.
  step: meta?.['step'] as unknown,
  problems: meta?.['problems'] as unknown,
});

/** What every worker of ours is run with. */
export const WORKER_OPTIONS = {
  maxCachedWorkflows: 1_000,
  workflowThreadPoolSize: 1,
  stickyQueueScheduleToStartTimeout: '1 second',
  maxHeartbeatThrottleInterval: '1 second',
  // The supervisor gives the process less than two seconds.
  shutdownGraceTime: '500ms',
  shutdownForceTime: '1200ms',
} as const;

/** One worker a queue. Caches are small: a session that was evicted is replayed from its short history. */
export async function createWorkers(options: {
  connection: NativeConnection;
  namespace: string;
  bundlePath: string;
  activities: Activities;
  log: Logger;
}): Promise<Worker[]> {
  const { connection, namespace, bundlePath, activities, log } = options;
  if (!existsSync(bundlePath)) throw new Error(`${bundlePath} is missing: run npm run build`);
  const workflowBundle: WorkflowBundleOption = { codePath: bundlePath };
  const of = (queue: string, own: object, origins: 'header' | 'rows') =>
    Worker.create({
      connection,
      namespace,
      taskQueue: queue,
      workflowBundle,
      activities: own,
      interceptors: { activity: [observeActivities(log, origins)] },
      sinks: workflowSinks,
      ...WORKER_OPTIONS,
    });
  return Promise.all([
    of(QUEUES.chatSession, activities.chat, 'rows'),
    of(QUEUES.task, activities.tasks, 'header'),
    of(QUEUES.payment, activities.money, 'header'),
    of(QUEUES.agentMonitor, activities.agents, 'header'),
  ]);
}
