import type { MicroUsdc } from './money';

export const PAYMENT_STATES = [
  'AWAITING_APPROVAL',
  'AUTHORIZING',
  'HELD',
  'CAPTURED',
  'VOIDED',
  'RECLAIMED',
  'REFUNDED',
  'DISPUTED',
  'UNKNOWN',
  'DECLINED',
  'EXPIRED',
  'FAILED',
] as const;
export type PaymentState = (typeof PAYMENT_STATES)[number];

/**
 * One payment's way. A hold has one outcome: captured, voided or reclaimed. UNKNOWN: a transfer may have been submitted
 * and nobody knows; only what is found out leads on from there.
 */
export const PAYMENT_EDGES: Record<PaymentState, readonly PaymentState[]> = {
  AWAITING_APPROVAL: ['AUTHORIZING', 'DECLINED', 'EXPIRED'],
  AUTHORIZING: ['HELD', 'FAILED', 'UNKNOWN'],
  HELD: ['CAPTURED', 'VOIDED', 'RECLAIMED', 'UNKNOWN'],
  CAPTURED: ['REFUNDED', 'DISPUTED'],
  VOIDED: [],
  RECLAIMED: [],
  REFUNDED: [],
  DISPUTED: [],
  UNKNOWN: ['HELD', 'FAILED', 'CAPTURED', 'VOIDED', 'RECLAIMED'],
  DECLINED: [],
  EXPIRED: [],
  FAILED: [],
};

/** Something must still come of it by itself; what is captured may still be refunded, by a person. */
export const OPEN_PAYMENT_STATES: readonly PaymentState[] = [
  'AWAITING_APPROVAL',
  'AUTHORIZING',
  'HELD',
  'UNKNOWN',
];
export const isSettled = (state: PaymentState): boolean => !OPEN_PAYMENT_STATES.includes(state);

/** A refund at a network is pending until its money has moved there; failed: nothing has. */
export type RefundState = 'pending' | 'done' | 'failed';

/** The platform's part of a price, in hundredths of a percent of it, rounded down: quoted once, and kept. */
export const platformFee = (amountMicros: MicroUsdc, basisPoints: number): MicroUsdc =>
  (amountMicros * BigInt(basisPoints)) / 10_000n;

/** The same part of what is captured, when that is less than the price. */
export const partOfFee = (
  { amountMicros, feeMicros }: { amountMicros: MicroUsdc; feeMicros: MicroUsdc },
  capturedMicros: MicroUsdc,
): MicroUsdc => (feeMicros * capturedMicros) / amountMicros;
