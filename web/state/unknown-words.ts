import type { PaymentPage, UnknownMove, UnknownPayment } from '../../sdk/money-types';
import { timeInWords } from '../../sdk/time-words';
import type { Payment, PendingFate } from './conversation';

type Held = Pick<UnknownPayment, 'agent_name' | 'action' | 'amount_usdc'> & {
  side?: PaymentPage['side'];
};
type Move = Pick<UnknownMove, 'step' | 'refused'> & { move_usdc?: string | null };

const isPayer = ({ side = 'payer' }: Held): boolean => side === 'payer';

/** “We do not know yet whether Fairpost was paid 0.40 USDC”: by the transfer that holds the payment up, and how. */
export function unknownTitle(held: Held, { step, move_usdc: moved = null, refused }: Move): string {
  const { agent_name: agent } = held;
  const amount = `${moved ?? held.amount_usdc} USDC`;
  const [whose, whom] = isPayer(held) ? ['your', 'you'] : ['the payer’s', 'the payer'];
  switch (step) {
    case 'hold':
      return `We do not know yet whether ${amount} for ${agent} has left ${whose} wallet`;
    case 'void':
      return refused
        ? `${amount} for ${agent} has not come back to ${whom} yet: the network refused the transfer`
        : `We do not know yet whether ${amount} for ${agent} came back to ${whom}`;
    case 'fee':
      return refused
        ? `${agent} is paid; only the platform’s fee has not moved: the network refused it`
        : `${agent} is paid; only whether the platform got its fee is not known yet`;
    default:
      return refused
        ? `${agent} is not paid yet: the network refused the transfer of ${amount}`
        : `We do not know yet whether ${agent} was paid ${amount}`;
  }
}

/** Since when, what is done about it, and what cannot happen meanwhile. */
export function unknownWords(held: Held, { step, move_usdc: moved, since, refused }: UnknownMove): string {
  const { agent_name: agent, amount_usdc: amount } = held;
  // What is not charged goes back once the rest is paid.
  const isPaid = step === 'void' && moved !== null && moved !== amount;
  const paid = isPaid ? `${agent} is paid; this is what it did not charge. ` : '';
  const sent = timeInWords(since, 'short');
  const now = refused
    ? `The network said no to the transfer of ${sent}, so the people who operate this platform make it by hand. Until then`
    : `The transfer of ${sent} has no clear answer. We look for it again and again, and it is never sent as a second one. ` +
      'Until it is found out';
  const stays = step === 'fee' || isPaid ? `${amount} USDC stays held in our books` : 'the amount stays held';
  const rest = held.side === 'platform' ? 'It stands among the unknown payments.' : 'You need do nothing.';
  return `${paid}${now} ${stays}, and no second payment to ${agent} for ${held.action.replaceAll('_', ' ')} can start. ${rest}`;
}

/** What is known of a refund whose transfer was lost, or was refused after a part had moved. */
export function unknownRefund(
  { side, amount_usdc: amount }: Pick<PaymentPage, 'side' | 'amount_usdc'>,
  { move_usdc: moved, since, refused }: UnknownMove,
): string {
  const whom = side === 'payer' ? 'you' : 'the payer';
  const sent = timeInWords(since, 'short');
  if (refused) {
    return (
      `Of ${amount} USDC that is given back ${moved ?? amount} has not come back to ${whom} yet: the network said no to the ` +
      `transfer of ${sent}, so the people who operate this platform make it by hand. Until then it stays held.`
    );
  }
  return (
    `We do not know yet whether ${moved ?? amount} of the ${amount} USDC that is given back has come back to ${whom}: the transfer ` +
    `of ${sent} has no clear answer. We look for it again and again, and it is never sent as a second one. Until it is ` +
    'found out it stays held.'
  );
}

/** Around the amount of the transfer, in a chat: what stands before it and after it. */
export function pendingWords(
  { agentName, amount }: Pick<Payment, 'agentName' | 'amount'>,
  { step, refused, moveUsdc }: Pick<PendingFate, 'step' | 'refused' | 'moveUsdc'>,
): [before: string, after: string] {
  const agent = agentName ?? '';
  const rest = 'It stays held; no second payment can start.';
  const doubt = 'We do not know yet whether ';
  const no = 'the network refused the transfer';
  switch (step) {
    case 'hold':
      return [doubt, ` for ${agent} has left your wallet. ${rest}`];
    case 'void': {
      // What is not charged goes back once the rest is paid.
      const paid = moveUsdc === null || moveUsdc === amount ? '' : `${agent} is paid what it charged. `;
      return refused
        ? [paid, ` for ${agent} has not come back yet: ${no}. ${rest}`]
        : [`${paid}${doubt}`, ` for ${agent} came back. ${rest}`];
    }
    case 'fee':
      return refused
        ? [`${agent} is paid. Only the platform’s fee of `, ` has not moved: ${no}. ${rest}`]
        : [`${agent} is paid. Only whether the platform got its fee of `, ` is not known yet. ${rest}`];
    default:
      return refused
        ? ['', ` is not paid to ${agent} yet: ${no}. ${rest}`]
        : [doubt, ` was paid to ${agent}. ${rest}`];
  }
}
