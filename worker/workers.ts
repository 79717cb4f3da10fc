import { existsSync } from 'node:fs';
import { Runtime, Worker } from '@temporalio/worker';
import type { NativeConnection, WorkflowBundleOption } from '@temporalio/worker';
import { QUEUES } from '../domain/workflows';
import type { ChatActivities, PaymentActivities, TaskActivities } from '../domain/workflows';
import type { Logger } from '../lib/log';

export interface Activities {
  chat: ChatActivities;
  tasks: TaskActivities;
  money: PaymentActivities;
}

/** Temporal's own lines go to our log. Once a process, before the first connection. */
export function installRuntime(log: Logger): void {
  Runtime.install({
    // Shutdown is ours (worker/platform.ts).
    shutdownSignals: [],
    logger: {
      log: () => undefined,
      trace: () => undefined,
      debug: () => undefined,
      info: () => undefined,
      warn: (message, meta) => log.warn({ temporal: meta }, message),
      error: (message, meta) => log.error({ temporal: meta }, message),
    },
  });
}

/** One worker a queue. Caches are small: a session that was evicted is replayed from its short history. */
export async function createWorkers(options: {
  connection: NativeConnection;
  namespace: string;
  bundlePath: string;
  activities: Activities;
}): Promise<Worker[]> {
  const { connection, namespace, bundlePath, activities } = options;
  if (!existsSync(bundlePath)) throw new Error(`${bundlePath} is missing: run npm run build`);
  const workflowBundle: WorkflowBundleOption = { codePath: bundlePath };
  const of = (queue: string, own: object) =>
    Worker.create({
      connection,
      namespace,
      taskQueue: queue,
      workflowBundle,
      activities: own,
      maxCachedWorkflows: 1_000,
      workflowThreadPoolSize: 1,
      stickyQueueScheduleToStartTimeout: '1 second',
      maxHeartbeatThrottleInterval: '1 second',
      shutdownGraceTime: '2 seconds',
      shutdownForceTime: '4 seconds',
    });
  return Promise.all([
    of(QUEUES.chatSession, activities.chat),
    of(QUEUES.task, activities.tasks),
    of(QUEUES.payment, activities.money),
  ]);
}
