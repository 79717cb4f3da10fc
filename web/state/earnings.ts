import type { ListingStatus } from '../../sdk/api-types';
import type { AgentEarnings, Earnings, ReceivedPayment } from '../../sdk/money-types';
import { monthName } from './clock';
import { healthOf } from './health';
import type { HealthMark } from './health';
import { isNothing } from './money';
import { BADGES, RETURNING } from './payment-words';
import type { Badge } from './payment-words';

/** “November”, of the month that the sums are of. */
export const monthOf = ({ month_since: since }: Pick<Earnings, 'month_since'>): string =>
  monthName(new Date(since));

/** “yours when two payments …”; what nobody knows of stands apart. */
export function heldWords(earnings: Earnings): string {
  const { held_payments: held, unknown_payments: unknown, unknown_usdc: unknownUsdc } = earnings;
  const work =
    held === 0 ? 'no work is under way' : `yours when ${held === 1 ? 'one job is' : `${held} jobs are`} done`;
  return unknown === 0 ? work : `${work}; ${unknownUsdc} more not known yet`;
}

/** A state in a word or two, to the owner of the agent. */
export function receivedBadge({ state, ...amounts }: ReceivedPayment): Badge {
  const badge = BADGES[state];
  if (state !== 'CAPTURED') return badge;
  if (!isNothing(amounts.returning_usdc)) return RETURNING;
  if (!isNothing(amounts.refunded_usdc)) return { ...badge, words: 'Paid, in part refunded' };
  return amounts.captured_usdc === amounts.amount_usdc ? badge : { ...badge, words: 'Paid in part' };
}

/** The number of a row, before the fee, and what stands under it. */
export function receivedAmount(payment: ReceivedPayment): { amount: string; sub: string | null } {
  const { amount_usdc: amount, captured_usdc: captured, refunded_usdc: refunded } = payment;
  if (captured === null) return { amount, sub: null };
  if (!isNothing(refunded)) return { amount: captured, sub: `${refunded} of it refunded` };
  return { amount: captured, sub: captured === amount ? null : `of ${amount} held` };
}

const STANDING: Partial<Record<ListingStatus, HealthMark>> = {
  PENDING: { word: 'In review', mark: 'pending' },
  SUSPENDED: { word: 'Suspended', mark: 'suspended' },
  REJECTED: { word: 'Rejected', mark: 'suspended' },
};

/** How an agent is: what its listing is, where that is not simply open, else its last health. */
export const standingOf = ({ status, health }: Pick<AgentEarnings, 'status' | 'health'>): HealthMark =>
  STANDING[status] ?? healthOf(health);
