import { condition, defineSignal, proxyActivities, setHandler, sleep } from '@temporalio/workflow';

export interface BareTaskActivities {
  deliver: (input: { taskId: string; url: string }) => Promise<void>;
  complete: (taskId: string) => Promise<void>;
}

export const accepted = defineSignal('accepted');
export const confirmed = defineSignal('confirmed');
export const completed = defineSignal('completed');

const { deliver, complete } = proxyActivities<BareTaskActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumAttempts: 4 },
});

/** The reference: a task as one would write it first, every step a signal or an activity, a deadline beside each wait. */
export async function bareTask(taskId: string, url: string, asksHuman: boolean): Promise<string> {
  let step = 0;
  const reach = (number: number) => (): void => {
    step = Math.max(step, number);
  };
  setHandler(accepted, reach(1));
  setHandler(confirmed, reach(2));
  setHandler(completed, reach(3));
  await deliver({ taskId, url });
  const expiry = sleep('3 days').then(() => 'expired');
  const until = (number: number): Promise<unknown> => Promise.race([condition(() => step >= number), expiry]);
  if ((await until(1)) === 'expired') return 'expired';
  if (asksHuman && (await until(2)) === 'expired') return 'expired';
  if ((await until(3)) === 'expired') return 'expired';
  await complete(taskId);
  return 'completed';
}
