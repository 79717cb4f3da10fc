import {
  condition,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { RefundState } from '../domain/payment';
import type { RefundActivities, RefundInput } from '../domain/workflows';
import { walletMoved } from './payment';
import { isLong } from './history';
import { setPhase } from './phase';
import { millisUntil } from './time';

const { settleRefund } = proxyActivities<RefundActivities>({
  // Several calls to the network of the wallets.
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '2 seconds',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '10 seconds' },
});

/** One refund at a network: looks again at what is on its way until all of it has moved, or nothing will. */
export async function refund({ refundId, userId, newest = 0 }: RefundInput): Promise<RefundState> {
  setHandler(
    walletMoved,
    ({ version }) => {
      newest = Math.max(newest, version);
    },
    { description: 'The network of the wallets has told of its money.' },
  );
  let progress = await settleRefund({ refundId });
  while (progress.lookAt !== undefined) {
    if (isLong()) await continueAsNew<typeof refund>({ refundId, userId, newest });
    const { seen, lookAt } = progress;
    setCurrentDetails(`On its way: asks the network of the wallets again at ${lookAt}.`);
    await condition(() => newest > seen, millisUntil(lookAt));
    progress = await settleRefund({ refundId });
  }
  setCurrentDetails(`${progress.state}.`);
  setPhase(progress.state);
  return progress.state;
}
