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

/** What a task's sides have said, as far as this run has heard. */
function listen() {
  let newest = 0;
  let end: TaskStatus | null = null;
  let isAsked = false;
  const hear = ({ version }: Wake): void => {
    newest = Math.max(newest, version);
  };
  setHandler(
    taskAsked,
    (wake) => {
      hear(wake);
      isAsked = true;
    },
    { description: 'Its agent has accepted; a person is to confirm it.' },
  );
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
  return {
    after: (seen: number) => condition(() => newest > seen),
    afterOrFor: (seen: number, ms: number) => condition(() => newest > seen, ms),
    end: (): TaskStatus | null => end,
    /** whether its person is to be asked; who asks this asks them */
    takeAsked: (): boolean => {
      const was = isAsked;
      isAsked = false;
      return was;
    },
  };
}

/**
 * One task: tells its agent, with the waits that the activity names; asks the person who confirms it; and ends it at its
 * deadline. What its sides say is a fact before it is heard here; an accept that needs no person is not heard at all.
 */
export async function task(input: TaskInput): Promise<TaskStatus> {
  const { taskId, expiresAt } = input;
  const { after, afterOrFor, end, takeAsked } = listen();
  // One timer for its whole life, never cancelled: that would be an event more in every history.
  let expiry: Promise<false> | null = null;
  /** Whether there was news before the task's time was over. */
  const news = (seen: number): Promise<boolean> => {
    expiry ??= sleep(millisUntil(expiresAt)).then(() => false);
    return Promise.race([after(seen).then(() => true), expiry]);
  };
  const expire = (): Promise<TaskProgress> => expireTask({ taskId, asOf: now() });
  /** The person was faster than the mail, or than the timer: now the agent is told. */
  const thenTell = (next: TaskProgress): TaskProgress | Promise<TaskProgress> =>
    next.kind === 'open' && next.untold === true && end() === null ? deliver(input) : next;
  const ask = async (): Promise<TaskProgress> => thenTell(await askHuman({ taskId, asOf: now() }));
  const goOn = (): Promise<TaskProgress> => (takeAsked() ? ask() : deliver(input));

  const early = end();
  if (early !== null) return over(early);
  let progress = input.first ?? (await goOn());
  for (;;) {
    const ended = end();
    if (ended !== null) return over(ended);
    if (progress.kind === 'ended') return over(progress.status);
    setCurrentDetails(`${said(progress)} Expires at ${expiresAt}.`);
    switch (progress.kind) {
      case 'retry':
        await afterOrFor(progress.seen, Math.min(progress.inMs, millisUntil(expiresAt)));
        if (end() === null) progress = await deliver(input);
        break;
      case 'open':
        if (!(await news(progress.seen))) progress = await expire();
        else if (end() === null) progress = await goOn();
        break;
      case 'promised': {
        const heard = await afterOrFor(progress.seen, millisUntil(progress.until));
        if (end() === null) progress = await (heard ? deliver(input) : expire());
        break;
      }
      case 'asking': {
        const { mailed, until, remindAt, seen } = progress;
        const heard = mailed && (await afterOrFor(seen, millisUntil(remindAt ?? until)));
        if (end() !== null) break;
        takeAsked();
        if (heard) progress = await deliver(input);
        else if (mailed && remindAt === null) progress = await thenTell(await expire());
        else progress = await ask();
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
      return `A person was asked to confirm it until ${progress.until}.`;
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
