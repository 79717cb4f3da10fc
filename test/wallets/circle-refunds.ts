import { randomUUID } from 'node:crypto';
import type { Tx } from '../../db/database';
import { balanceOf, ownerAccount } from '../../db/ledger';
import { getPayment } from '../../db/payments';
import { refundPayment } from '../../db/refunds';
import type { Refund } from '../../db/refunds';
import { formatUsdc, parseUsdc } from '../../domain/money';
import { SYSTEM } from '../../domain/principal';
import type { RefundProgress } from '../../domain/workflows';
import { run } from '../activities/stage';
import { PLACE } from './circle-desk';
import { setCirclePayments } from './circle-payments';
import type { Asked, CirclePayments } from './circle-payments';

/** Payments of 0.05 USDC at the stand-in for Circle, of which the owner got 0.0475 and the platform 0.0025, and their refunds. */
export interface CircleRefunds extends CirclePayments {
  inTx: <T>(fn: (tx: Tx) => Promise<T>) => Promise<T>;
  ownerId: () => Promise<string>;
  paid: () => Promise<Asked>;
  giveBack: (asked: Asked, wish?: { key?: string; amount?: string; reason?: string }) => Promise<Refund>;
  settleRefund: (refund: Refund) => Promise<RefundProgress>;
  /** As the workflow does it: looks until it has ended, or this often. */
  untilOver: (refund: Refund, looks?: number) => Promise<string>;
  /** What the owner can spend, and what is held of it, in the ledger. */
  owner: () => Promise<{ balance: string; held: string }>;
}

const MOST_LOOKS = 300;

export async function setCircleRefunds(): Promise<CircleRefunds> {
  const payments = await setCirclePayments({ feeBasisPoints: 500 });
  const { stage, goodId } = payments;
  const inTx: CircleRefunds['inTx'] = (fn) => stage.t.db.withTx(SYSTEM, 'test', fn);
  const world: CircleRefunds = {
    ...payments,
    inTx,
    ownerId: () =>
      inTx(async (tx) => {
        const [agent] = await tx.query<{ id: string }>('select owner_id as id from agents where id = $1', [
          goodId,
        ]);
        return agent?.id ?? '';
      }),
    async paid() {
      const asked = await payments.approved();
      await payments.until(asked, 'HELD');
      await payments.work(asked);
      expect(await payments.until(asked, 'CAPTURED')).toBe('CAPTURED');
      return asked;
    },
    giveBack: ({ paymentId }, { key = randomUUID(), amount, reason = 'the result was wrong' } = {}) =>
      inTx(async (tx) => {
        const { agentOwnerId: refundedBy } = await getPayment(tx, paymentId);
        const amountMicros = amount === undefined ? null : parseUsdc(amount);
        const network = PLACE.blockchain;
        return (await refundPayment(tx, { paymentId, key, amountMicros, reason, refundedBy, network }))
          .refund;
      }),
    settleRefund: ({ id }) => run(stage.activities.settleRefund, { refundId: id }),
    async untilOver(refund, looks = MOST_LOOKS) {
      let { state } = await world.settleRefund(refund);
      for (let left = looks; left > 0 && state === 'pending'; left -= 1) {
        ({ state } = await world.settleRefund(refund));
      }
      return state;
    },
    async owner() {
      const account = ownerAccount(await world.ownerId());
      const { balanceMicros, heldMicros } = await inTx((tx) => balanceOf(tx, account));
      return { balance: formatUsdc(balanceMicros), held: formatUsdc(heldMicros) };
    },
  };
  return world;
}
