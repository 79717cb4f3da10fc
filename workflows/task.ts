import {
  ActivityFailure,
  ApplicationFailure,
  proxyActivities,
  setCurrentDetails,
  sleep,
} from '@temporalio/workflow';
import type { TaskActivities, TaskInput } from '../domain/workflows';
import type { TaskStatus } from '../domain/task';
import { setFinalPhase } from './phase';
import { millisUntil } from './time';

const { expireTask } = proxyActivities<TaskActivities>({
  startToCloseTimeout: '10 seconds',
  heartbeatTimeout: '2 seconds',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '10 seconds' },
});

/**
 * One task of a service agent, in progress from its first moment: calls the agent until it has answered for good,
 * with the waits that the activity names. Attempts are counted in PostgreSQL, so a crash burns none twice.
 * Ends with the task: completed, failed, or expired at its deadline.
 */
export async function task(input: TaskInput): Promise<TaskStatus> {
  const status = await deliver(input);
  setCurrentDetails(`${status}.`);
  setFinalPhase(status);
  return status;
}

async function deliver({ taskId, expiresAt }: TaskInput): Promise<TaskStatus> {
  // The activity's own retries are for our faults (a crash, a database that is away), never for the agent's.
  const { deliverTask } = proxyActivities<TaskActivities>({
    startToCloseTimeout: '2 minutes',
    scheduleToCloseTimeout: millisUntil(expiresAt),
    heartbeatTimeout: '2 seconds',
    retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '10 seconds' },
  });
  for (let attempt = 1; ; attempt += 1) {
    setCurrentDetails(`Calls the agent (${attempt}); the task expires at ${expiresAt}.`);
    try {
      const { status, retryInMs } = await deliverTask({ taskId });
      if (retryInMs === null) return status;
      setCurrentDetails(`The agent could not answer; tried again in ${retryInMs} ms.`);
      await sleep(Math.min(retryInMs, millisUntil(expiresAt)));
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      const final = error.cause instanceof ApplicationFailure && error.cause.nonRetryable === true;
      // What we could not even try (our database was away all the time) is the task's to expire, not to fail.
      if (!final) await sleep(millisUntil(expiresAt));
      const { status } = await expireTask({ taskId, asOf: new Date(Date.now()).toISOString() });
      return status;
    }
  }
}
