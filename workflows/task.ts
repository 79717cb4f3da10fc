import {
  ActivityFailure,
  ApplicationFailure,
  condition,
  defineSignal,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import type { TaskActivities, TaskEnd, TaskInput, TaskProgress, Wake } from '../domain/workflows';
import type { TaskStatus } from '../domain/task';
import { setPhase } from './phase';
import { millisUntil } from './time';

export const taskAsked = defineSignal<[Wake]>('taskAsked');
export const taskDecided = defineSignal<[Wake]>('taskDecided');
export const taskEnded = defineSignal<[TaskEnd]>('taskEnded');

const { askHuman, expireTask } = proxyActivities<TaskActivities>({
  startToCloseTimeout: '30 seconds',
  heartbeatTimeout: '2 seconds',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '10 seconds' },
});

const PARKED = 'Parked: the agent is down, and its monitor delivers the task when it is back';

const now = (): string => new Date(Date.now()).toISOString();

/**
 * One task: tells its agent, with the waits that the activity names; asks the person who confirms it; and ends it at its
 * deadline. What its sides say is a fact before it is heard here; an accept that needs no person is not heard at all.
 */
export async function task(input: TaskInput): Promise<TaskStatus> {
  const { taskId, expiresAt } = input;
  let newest = 0;
  let end: TaskStatus | null = null;
  const hear = ({ version }: Wake): void => {
    newest = Math.max(newest, version);
  };
  setHandler(taskAsked, hear, { description: 'Its agent has accepted; a person is to confirm it.' });
  setHandler(taskDecided, hear, { description: 'The person has confirmed it.' });
  setHandler(
    taskEnded,
    ({ version, status }) => {
      hear({ version });
      end = status;
    },
    { description: 'One of its sides has ended it.' },
  );
  // One timer for its whole life, never cancelled: that would be an event more in every history.
  let expiry: Promise<false> | null = null;
  /** Whether there was news before the task's time was over. */
  const news = (seen: number): Promise<boolean> => {
    expiry ??= sleep(millisUntil(expiresAt)).then(() => false);
    return Promise.race([condition(() => newest > seen).then(() => true), expiry]);
  };

  let progress = await deliver(input);
  for (;;) {
    if (end !== null || progress.kind === 'ended') {
      const status: TaskStatus = end ?? (progress.kind === 'ended' ? progress.status : 'expired');
      setCurrentDetails(`${status}.`);
      setPhase(status);
      return status;
    }
    switch (progress.kind) {
      case 'retry': {
        const { inMs, seen } = progress;
        setCurrentDetails(`The agent could not be told; tried again in ${inMs} ms. Expires at ${expiresAt}.`);
        await condition(() => newest > seen, Math.min(inMs, millisUntil(expiresAt)));
        if (end === null) progress = await deliver(input);
        break;
      }
      case 'open':
        setCurrentDetails(`${progress.parked === true ? PARKED : progress.status}; expires at ${expiresAt}.`);
        if (!(await news(progress.seen))) progress = await expireTask({ taskId, asOf: now() });
        else if (end === null) progress = await deliver(input);
        break;
      case 'asking': {
        const { mailed, until, remindAt, seen } = progress;
        setCurrentDetails(`A person is asked to confirm it until ${until}.`);
        const heard = mailed && (await condition(() => newest > seen, millisUntil(remindAt ?? until)));
        if (end !== null) break;
        if (heard) progress = await deliver(input);
        else if (mailed && remindAt === null) progress = await expireTask({ taskId, asOf: now() });
        else progress = await askHuman({ taskId, asOf: now() });
        // The person was faster than the mail, or than the timer.
        if (progress.kind === 'open' && end === null) progress = await deliver(input);
        break;
      }
      default:
        return progress satisfies never;
    }
  }
}

async function deliver({ taskId, expiresAt }: TaskInput): Promise<TaskProgress> {
  // The activity's own retries are for our faults (a crash, a database that is away), never for the agent's.
  const { deliverTask } = proxyActivities<TaskActivities>({
    startToCloseTimeout: '2 minutes',
    scheduleToCloseTimeout: millisUntil(expiresAt),
    heartbeatTimeout: '2 seconds',
    retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '10 seconds' },
  });
  try {
    return await deliverTask({ taskId });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    const final = error.cause instanceof ApplicationFailure && error.cause.nonRetryable === true;
    // What we could not even try (our database was away all the time) is the task's to expire, not to fail.
    if (!final) await sleep(millisUntil(expiresAt));
    return expireTask({ taskId, asOf: now(), undeliverable: final });
  }
}
