import type { Unknown } from '../db/payment-pages';
import { formatUsdc } from '../domain/money';

/** The transfer that holds a payment or a refund up, as those read it whose money it is. */
export const unknownMoveView = ({ step, moveMicros, refused, since }: Unknown) => ({
  step,
  move_usdc: moveMicros === null ? null : formatUsdc(moveMicros),
  refused,
  since,
});
