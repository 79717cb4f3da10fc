import type { Tx } from '../db/database';
import { completeRefund, failRefund, lockRefund, markRefundSeen } from '../db/refunds';
import type { Refund } from '../db/refunds';
import { hasMoved, requireNetwork } from '../db/wallet-moves';
import { SYSTEM } from '../domain/principal';
import type { RefundActivities, RefundProgress } from '../domain/workflows';
import { activity } from './activity';
import type { Step } from './payment-words';
import { withMoves } from './wallets/carry-on';
import type { CarryDeps } from './wallets/carry-on';
import type { WalletDriver } from './wallets/driver';
import { makeMoves, refundMoves } from './wallets/payment-moves';
import type { Awaited } from './wallets/payment-moves';

export const createRefundActivities = (deps: CarryDeps): RefundActivities => ({
  settleRefund: activity('settleRefund', ({ refundId }) =>
    withMoves(deps, () =>
      deps.db.withTx(SYSTEM, 'refund.settle', (tx) => settle(tx, deps.wallets, refundId)),
    ),
  ),
});

/**
 * Goes on with a refund from where it is. A refusal before anything has moved ends it; after that the rest still has to be
 * made, by people where the network refuses it.
 */
async function settle(tx: Tx, wallets: WalletDriver, refundId: string): Promise<Step<RefundProgress>> {
  const { refund, payment } = await lockRefund(tx, refundId);
  await markRefundSeen(tx, refund);
  if (refund.state !== 'pending') return at(refund);
  await requireNetwork(tx, payment, wallets.network);
  const awaited = await makeMoves(tx, wallets, refundMoves(payment, refund));
  if (awaited === null) return at(await completeRefund(tx, payment, refund));
  if (awaited.kind === 'refused' && !(await hasMoved(tx, refundId))) {
    return at(await failRefund(tx, { payment, refund }, awaited.code));
  }
  return at(refund, awaited);
}

const at = ({ state, wakeVersion }: Refund, awaited: Awaited | null = null): Step<RefundProgress> => ({
  progress: { state, seen: wakeVersion },
  awaited,
});
