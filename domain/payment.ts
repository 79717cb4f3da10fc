export const PAYMENT_STATES = [
  'AWAITING_APPROVAL',
  'AUTHORIZING',
  'HELD',
  'CAPTURED',
  'VOIDED',
  'DECLINED',
  'EXPIRED',
  'FAILED',
] as const;
export type PaymentState = (typeof PAYMENT_STATES)[number];

/** One payment's way. A hold has one outcome: captured or voided. */
export const PAYMENT_EDGES: Record<PaymentState, readonly PaymentState[]> = {
  AWAITING_APPROVAL: ['AUTHORIZING', 'DECLINED', 'EXPIRED'],
  AUTHORIZING: ['HELD', 'FAILED'],
  HELD: ['CAPTURED', 'VOIDED'],
  CAPTURED: [],
  VOIDED: [],
  DECLINED: [],
  EXPIRED: [],
  FAILED: [],
};

export const isSettled = (state: PaymentState): boolean => PAYMENT_EDGES[state].length === 0;
