import { partOfFee } from '../domain/payment';
import type { MicroUsdc } from '../domain/money';
import type { Tx } from './database';
import {
  escrowAccount,
  feeAccount,
  hold,
  lockAccounts,
  ownerAccount,
  PLATFORM,
  resolveHold,
  transfer,
  userAccount,
} from './ledger';
import type { Onward, Transfer } from './ledger';
import type { Payment } from './payments';

export interface RefundMoney {
  id: string;
  amountMicros: MicroUsdc;
  /** of the amount, what the platform gives back of its fee */
  feeMicros: MicroUsdc;
}

/**
 * What of so much the platform gives back: of all refunds together the fee comes back as of the whole, however they are
 * cut. `before` are those that are done or pending.
 */
export function feeOfRefund(
  payment: Payment & { capturedMicros: MicroUsdc },
  before: { amountMicros: MicroUsdc; feeMicros: MicroUsdc },
  amountMicros: MicroUsdc,
): MicroUsdc {
  const { capturedMicros } = payment;
  const together =
    (partOfFee(payment, capturedMicros) * (before.amountMicros + amountMicros)) / capturedMicros;
  const fee = together - before.feeMicros;
  // One that failed in between may have taken a millionth more or less than its part.
  if (fee < 0n) return 0n;
  return fee > amountMicros ? amountMicros : fee;
}

/**
 * Gives so much of what was captured back to the person, the platform its part of the fee. Throws insufficient_funds when
 * the owner has less; its transaction is over then.
 */
export async function refundTransfers(tx: Tx, payment: Payment, refund: RefundMoney): Promise<void> {
  const debits = partsOf(payment, refund);
  await transfer(tx, [...debits, { ...onwardOf(payment, refund), ...toPerson(payment) }]);
}

/** Holds what is to come back. Throws insufficient_funds when the owner has less; its transaction can go on. */
export async function holdRefund(tx: Tx, payment: Payment, refund: RefundMoney): Promise<void> {
  for (const part of partsOf(payment, refund)) await hold(tx, part);
}

/** What was held comes back to the person. */
export async function postRefund(tx: Tx, payment: Payment, refund: RefundMoney): Promise<void> {
  const parts = partsOf(payment, refund);
  lockAccounts(tx, [userAccount(payment.userId), ...parts.map(({ debit }) => debit)]);
  const last = parts.at(-1);
  for (const part of parts) {
    const onward = part === last ? [onwardOf(payment, refund)] : [];
    const { amountMicros } = part;
    await resolveHold(tx, {
      holdKey: part.key,
      key: `${part.key}/posted`,
      outcome: { phase: 'posted', amountMicros, onward },
    });
  }
}

/** What was held is free again: nothing of it has moved at the network. */
export async function voidRefund(tx: Tx, payment: Payment, refund: RefundMoney): Promise<void> {
  for (const { key } of partsOf(payment, refund)) {
    await resolveHold(tx, { holdKey: key, key: `${key}/voided`, outcome: { phase: 'voided' } });
  }
}

const keyOf = (payment: Payment, refund: RefundMoney, part: string): string =>
  `payment/${payment.id}/refund/${refund.id}/${part}`;

/** Into the payer's escrow: out of the owner's account, and out of the platform's. */
function partsOf(payment: Payment, refund: RefundMoney): Transfer[] {
  const { id, userId, agentOwnerId } = payment;
  const into = { kind: 'refund' as const, credit: escrowAccount(userId), paymentId: id };
  const parts: Transfer[] = [
    {
      ...into,
      key: keyOf(payment, refund, 'owner'),
      debit: ownerAccount(agentOwnerId),
      amountMicros: refund.amountMicros - refund.feeMicros,
      ownerId: agentOwnerId,
    },
    {
      ...into,
      key: keyOf(payment, refund, 'fee'),
      debit: feeAccount(id),
      amountMicros: refund.feeMicros,
      ownerId: PLATFORM,
    },
  ];
  return parts.filter(({ amountMicros }) => amountMicros > 0n);
}

/** Out of the escrow, to the person. */
const onwardOf = (payment: Payment, refund: RefundMoney): Onward => ({
  key: keyOf(payment, refund, 'user'),
  kind: 'refund',
  credit: userAccount(payment.userId),
  amountMicros: refund.amountMicros,
  ownerId: payment.userId,
});

const toPerson = ({ id, userId }: Payment) => ({ debit: escrowAccount(userId), paymentId: id });
