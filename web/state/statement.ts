import type { StatementAccount, StatementEntry } from '../../sdk/money-types';
import { timeInWords } from '../../sdk/time-words';
import { isNothing } from './money';

type Words = Record<StatementEntry['kind'], string>;

const OF_WALLET: Words = {
  top_up: 'Money added',
  hold: 'Held',
  void: 'Came back',
  capture: 'Paid, of what was held',
  fee: 'Fee',
  refund: 'Refunded to you',
  deposit: 'Money came in',
  withdrawal: 'Money went out',
};
// Of what is earned only a refund is held, while it moves at a network.
const OF_EARNINGS: Words = {
  ...OF_WALLET,
  hold: 'Held, to be refunded',
  void: 'Yours again, not refunded',
  capture: 'Earned',
  refund: 'Refunded by you',
};

/** What happened, as a person says it. */
export function whatHappened({ kind, amount_usdc: amount }: StatementEntry, of: StatementAccount): string {
  if (of === 'earnings') {
    return kind === 'refund' && isNothing(amount) ? 'Refunded by you, of what was held' : OF_EARNINGS[kind];
  }
  if (kind === 'capture' && !isNothing(amount)) return 'Paid in part, the rest came back';
  return OF_WALLET[kind];
}

/** A change says its direction: +5.00, −0.05, 0.00. */
export function signed(amount: string): string {
  if (amount.startsWith('-')) return `−${amount.slice(1)}`;
  return isNothing(amount) ? amount : `+${amount}`;
}

/** 21 Nov, 02:05; of another year 21 Nov 2025, 02:05. */
export function whenOf(iso: string, now: Date): string {
  const [day = '', clock = ''] = timeInWords(iso, 'short').split(', ');
  const year = new Date(iso).getFullYear();
  return year === now.getFullYear() ? `${day}, ${clock}` : `${day} ${year}, ${clock}`;
}
