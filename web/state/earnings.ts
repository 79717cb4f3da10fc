import type {
  AgentEarnings,
  Earnings,
  ListingStatus,
  PaymentState,
  ReceivedPayment,
} from '../../sdk/api-types';
import { healthOf } from './health';
import type { HealthMark } from './health';
import { isNothing } from './money';

/** “November”, of the month that the sums are of. */
export const monthOf = ({ month_since: since }: Pick<Earnings, 'month_since'>): string =>
  new Intl.DateTimeFormat('en-GB', { month: 'long', timeZone: 'UTC' }).format(new Date(since));

/** “yours when two payments …”; what nobody knows of stands apart. */
export function heldWords(earnings: Earnings): string {
  const { held_payments: held, unknown_payments: unknown, unknown_usdc: unknownUsdc } = earnings;
  const work =
    held === 0 ? 'no work is under way' : `yours when ${held === 1 ? 'one job is' : `${held} jobs are`} done`;
  return unknown === 0 ? work : `${work}; ${unknownUsdc} more not known yet`;
}

interface Badge {
  words: string;
  tone: '' | 'ok' | 'wait' | 'bad' | 'fog' | 'do';
}

const BADGES: Record<PaymentState, Badge> = {
  AWAITING_APPROVAL: { words: 'Asked', tone: 'wait' },
  AUTHORIZING: { words: 'Approved', tone: 'do' },
  HELD: { words: 'Held', tone: 'do' },
  CAPTURED: { words: 'Paid', tone: 'ok' },
  VOIDED: { words: 'Went back', tone: '' },
  RECLAIMED: { words: 'Went back', tone: '' },
  REFUNDED: { words: 'Refunded', tone: '' },
  DISPUTED: { words: 'Paid, disputed', tone: 'wait' },
  UNKNOWN: { words: 'Outcome not known yet', tone: 'fog' },
  DECLINED: { words: 'Declined', tone: '' },
  EXPIRED: { words: 'Ran out', tone: '' },
  FAILED: { words: 'Not paid', tone: 'bad' },
};

/** A state in a word or two, to the owner of the agent. */
export function receivedBadge({ state, refunded_usdc: refunded }: ReceivedPayment): Badge {
  const badge = BADGES[state];
  return state === 'CAPTURED' && !isNothing(refunded) ? { ...badge, words: 'Paid, in part refunded' } : badge;
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
