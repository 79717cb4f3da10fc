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
  setHandler(taskDecided, hear, {
    description: 'Its person has confirmed it, or its agent has said what came of it.',
  });
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

  const heardIn = (ms: number, seen: number): Promise<boolean> => condition(() => newest > seen, ms);
  const expire = (): Promise<TaskProgress> => expireTask({ taskId, asOf: now() });

  let progress = await deliver(input);
  for (;;) {
    if (end !== null) return over(end);
    if (progress.kind === 'ended') return over(progress.status);
    setCurrentDetails(`${said(progress)} Expires at ${expiresAt}.`);
    switch (progress.kind) {
      case 'retry':
        await heardIn(Math.min(progress.inMs, millisUntil(expiresAt)), progress.seen);
        if (end === null) progress = await deliver(input);
        break;
      case 'open':
        if (!(await news(progress.seen))) progress = await expire();
        else if (end === null) progress = await deliver(input);
        break;
      case 'promised': {
        const heard = await heardIn(millisUntil(progress.until), progress.seen);
        if (end === null) progress = await (heard ? deliver(input) : expire());
        break;
      }
      case 'asking': {
        const { mailed, until, remindAt, seen } = progress;
        const heard = mailed && (await heardIn(millisUntil(remindAt ?? until), seen));
        if (end !== null) break;
        if (heard) progress = await deliver(input);
        else if (mailed && remindAt === null) progress = await expire();
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

function over(status: TaskStatus): TaskStatus {
  setCurrentDetails(`${status}.`);
  // A record in the search index costs as much as all else of the end: a run that completed says so itself.
  if (status !== 'completed') setPhase(status);
  return status;
}

/** What is waited for, for whoever looks at the Temporal UI. */
function said(progress: Exclude<TaskProgress, { kind: 'ended' }>): string {
  switch (progress.kind) {
    case 'retry':
      return `The agent could not be told; tried again in ${progress.inMs} ms.`;
    case 'open':
      return progress.parked === true
        ? 'Parked: the agent is down, and its monitor delivers the task when it is back.'
        : `${progress.status}.`;
    case 'promised':
      return `The agent works, and says until ${progress.until} what came of it.`;
    case 'asking':
      return `A person is asked to confirm it until ${progress.until}.`;
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
