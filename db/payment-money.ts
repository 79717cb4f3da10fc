import type { MicroUsdc } from '../domain/money';
import { partOfFee } from '../domain/payment';
import type { Tx } from './database';
import {
  escrowAccount,
  feeAccount,
  hold,
  openAccounts,
  ownerAccount,
  PLATFORM,
  resolveHold,
  userAccount,
} from './ledger';
import type { Payment } from './payments';

const keyOf = ({ id }: Payment, step: string): string => `payment/${id}/${step}`;

/** Reserves the whole amount of the person's wallet. Throws insufficient_funds; its transaction can go on. */
export async function holdPayment(tx: Tx, payment: Payment): Promise<void> {
  const { id, userId, agentOwnerId, amountMicros } = payment;
  openAccounts(tx, [
    { id: escrowAccount(userId), kind: 'escrow', ownerId: userId },
    { id: ownerAccount(agentOwnerId), kind: 'owner', ownerId: agentOwnerId },
    { id: feeAccount(id), kind: 'fees', ownerId: PLATFORM },
  ]);
  await hold(tx, {
    key: keyOf(payment, 'hold'),
    kind: 'hold',
    debit: userAccount(userId),
    credit: escrowAccount(userId),
    amountMicros,
    ownerId: userId,
    paymentId: id,
  });
}

/** Pays so much of the hold: to the owner, and the platform's part of it. The rest is free again. */
export async function capturePayment(tx: Tx, payment: Payment, micros: MicroUsdc): Promise<void> {
  const { id, agentOwnerId } = payment;
  const fee = partOfFee(payment, micros);
  const onward = [
    {
      key: keyOf(payment, 'paid'),
      kind: 'capture' as const,
      credit: ownerAccount(agentOwnerId),
      amountMicros: micros - fee,
      ownerId: agentOwnerId,
    },
    {
      key: keyOf(payment, 'fee'),
      kind: 'fee' as const,
      credit: feeAccount(id),
      amountMicros: fee,
      ownerId: PLATFORM,
    },
  ];
  await resolveHold(tx, {
    holdKey: keyOf(payment, 'hold'),
    key: keyOf(payment, 'capture'),
    outcome: { phase: 'posted', amountMicros: micros, onward: onward.filter(isSomething) },
  });
}

/** All of the hold is free again: its task came to nothing, or (expired) nobody made one. */
export async function releasePayment(tx: Tx, payment: Payment, phase: 'voided' | 'expired'): Promise<void> {
  await resolveHold(tx, { holdKey: keyOf(payment, 'hold'), key: keyOf(payment, phase), outcome: { phase } });
}

const isSomething = ({ amountMicros }: { amountMicros: MicroUsdc }): boolean => amountMicros > 0n;
