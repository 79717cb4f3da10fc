import {
  condition,
  continueAsNew,
  defineSignal,
  proxyActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import { isSettled } from '../domain/payment';
import type { PaymentState } from '../domain/payment';
import type { PaymentActivities, PaymentInput, Wake } from '../domain/workflows';
import { isLong } from './history';
import { setPhase } from './phase';
import { millisUntil } from './time';

export const paymentDecided = defineSignal<[Wake]>('paymentDecided');
export const taskEnded = defineSignal<[Wake]>('taskEnded');
export const walletMoved = defineSignal<[Wake]>('walletMoved');
export const abandoned = defineSignal<[Wake]>('abandoned');

const { authorizePayment, settlePayment } = proxyActivities<PaymentActivities>({
  // Several calls to the network of the wallets.
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '2 seconds',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '10 seconds' },
});

/**
 * One payment: waits for the person's answer or the end of the offer, holds the amount, waits for the end of the
 * task that spends it, then captures or gives back. The rows decide; a signal only says that there is news.
 */
export async function payment({
  paymentId,
  userId,
  expiresAt,
  newest = 0,
}: PaymentInput): Promise<PaymentState> {
  const hear = ({ version }: Wake): void => {
    newest = Math.max(newest, version);
  };
  setHandler(paymentDecided, hear, { description: 'The person has approved or declined.' });
  setHandler(taskEnded, hear, { description: 'The task that spends this payment has ended.' });
  setHandler(abandoned, hear, {
    description: 'Its turn was cancelled or its chat closed before a task spent it.',
  });
  setHandler(walletMoved, hear, { description: 'The network of the wallets has told of its money.' });
  const now = (): string => new Date(Date.now()).toISOString();

  setCurrentDetails(`Waits for the person's answer until ${expiresAt}.`);
  await condition(() => newest > 0, millisUntil(expiresAt));
  let progress = await authorizePayment({ paymentId, asOf: now() });
  while (progress.state === 'AWAITING_APPROVAL') {
    // the row's clock is behind ours by a moment, or the signal was of a transaction not yet seen
    await condition(() => newest > progress.seen, 1_000);
    progress = await authorizePayment({ paymentId, asOf: now() });
  }
  while (!isSettled(progress.state)) {
    if (isLong()) await continueAsNew<typeof payment>({ paymentId, userId, expiresAt, newest });
    const { seen, state, captureDeadline, lookAt } = progress;
    setCurrentDetails(
      lookAt === undefined
        ? `Held until its task ends, or until ${captureDeadline} without a task.`
        : `${state}: asks the network of the wallets again at ${lookAt}.`,
    );
    await condition(() => newest > seen, millisUntil(lookAt ?? captureDeadline));
    progress = await settlePayment({ paymentId, asOf: now() });
  }
  setCurrentDetails(`${progress.state}.`);
  setPhase(progress.state);
  return progress.state;
}
