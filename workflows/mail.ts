import { ActivityFailure, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { MailActivities, MailInput } from '../domain/workflows';
import { setPhase } from './phase';
import { millisUntil } from './time';

/** One mail with a code: sent as soon as the mail server takes it, as long as the code is good. */
export async function mail({ mailId, until }: MailInput): Promise<void> {
  const { sendCode } = proxyActivities<MailActivities>({
    startToCloseTimeout: '30 seconds',
    scheduleToCloseTimeout: millisUntil(until),
    heartbeatTimeout: '2 seconds',
    retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10 seconds' },
  });
  setCurrentDetails(`Goes out until ${until}.`);
  try {
    await sendCode({ mailId });
    setPhase('sent');
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    setPhase('unsent');
  }
}
