import type { Tx } from '../../db/database';
import { ownerAccount, userAccount } from '../../db/ledger';
import type { Payment } from '../../db/payments';
import type { Refund } from '../../db/refunds';
import type { MicroUsdc } from '../../domain/money';
import type { MoveStep, RefusalCode, WalletMove } from '../../domain/wallet';
import { stableKey } from '../../lib/stable-key';
import type { WalletDriver } from './driver';

/** The platform's own: what is held for payments, and its fees. */
const ESCROW = 'platform/escrow';
const FEES = 'platform/fees';

/** A move that holds up what its payment is to become. `fresh`: it was written down just now and has never been sent. */
export type Awaited = { key: string; step: MoveStep; amountMicros: MicroUsdc; fresh: boolean } & (
  { kind: 'pending' | 'unknown' } | { kind: 'refused'; code: RefusalCode }
);

type Way = Pick<WalletMove, 'from' | 'to' | 'amountMicros'>;

const moveOf = ({ id }: Payment, step: MoveStep, way: Way): WalletMove => ({
  ...way,
  step,
  paymentId: id,
  refundId: null,
  key: stableKey('payment', id, step),
});

export const holdMoves = (payment: Payment): WalletMove[] => [
  moveOf(payment, 'hold', {
    from: userAccount(payment.userId),
    to: ESCROW,
    amountMicros: payment.amountMicros,
  }),
];

/** The owner first; then what is not charged, back to the person; then the platform. */
export function captureMoves(
  payment: Payment,
  { paidMicros, feeMicros }: { paidMicros: MicroUsdc; feeMicros: MicroUsdc },
): WalletMove[] {
  const moves = [
    moveOf(payment, 'capture', {
      from: ESCROW,
      to: ownerAccount(payment.agentOwnerId),
      amountMicros: paidMicros - feeMicros,
    }),
    moveOf(payment, 'void', {
      from: ESCROW,
      to: userAccount(payment.userId),
      amountMicros: payment.amountMicros - paidMicros,
    }),
    moveOf(payment, 'fee', { from: ESCROW, to: FEES, amountMicros: feeMicros }),
  ];
  return moves.filter(({ amountMicros }) => amountMicros > 0n);
}

export const releaseMoves = (payment: Payment): WalletMove[] => [
  moveOf(payment, 'void', {
    from: ESCROW,
    to: userAccount(payment.userId),
    amountMicros: payment.amountMicros,
  }),
];

/** The owner first, whose wallet may hold too little: then nothing has moved. */
export function refundMoves(
  { id, userId, agentOwnerId }: Payment,
  { id: refundId, amountMicros, feeMicros }: Pick<Refund, 'id' | 'amountMicros' | 'feeMicros'>,
): WalletMove[] {
  const moveBack = (step: MoveStep, way: Omit<Way, 'to'>): WalletMove => ({
    ...way,
    to: userAccount(userId),
    step,
    paymentId: id,
    refundId,
    key: stableKey('payment', id, step, refundId),
  });
  const moves = [
    moveBack('refund', { from: ownerAccount(agentOwnerId), amountMicros: amountMicros - feeMicros }),
    moveBack('refund_fee', { from: FEES, amountMicros: feeMicros }),
  ];
  return moves.filter(({ amountMicros: micros }) => micros > 0n);
}

const named = ({ key, step, amountMicros }: WalletMove) => ({ key, step, amountMicros });

/** Begins these moves, each when the one before it is done. Null: all are done. */
export async function makeMoves(tx: Tx, wallets: WalletDriver, moves: WalletMove[]): Promise<Awaited | null> {
  for (const move of moves) {
    const outcome = await wallets.begin(tx, move);
    if (outcome === null) return { ...named(move), fresh: true, kind: 'pending' };
    if (outcome.kind !== 'done') return { ...outcome, ...named(move), fresh: false };
  }
  return null;
}
