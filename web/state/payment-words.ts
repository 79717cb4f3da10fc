import type { PaymentItem, PaymentPage, PaymentState, RefusalCode } from '../../sdk/money-types';
import { isSettled } from '../../sdk/money-types';
import { isTerminal } from '../../sdk/task-types';
import { timeInWords } from '../../sdk/time-words';
import { timeOfDay } from './clock';
import { isNothing, lessUsdc } from './money';
import { unknownRefund, unknownWords } from './unknown-words';

export interface Badge {
  words: string;
  tone: '' | 'ok' | 'wait' | 'do' | 'fog' | 'bad';
  icon: 'clock' | 'lock' | 'check' | 'ask' | 'retry' | 'x' | 'alert';
}

export const BADGES: Record<PaymentState, Badge> = {
  AWAITING_APPROVAL: { words: 'Asked', tone: 'wait', icon: 'clock' },
  AUTHORIZING: { words: 'Approved', tone: 'do', icon: 'clock' },
  HELD: { words: 'Held', tone: 'do', icon: 'lock' },
  CAPTURED: { words: 'Paid', tone: 'ok', icon: 'check' },
  VOIDED: { words: 'Came back', tone: '', icon: 'retry' },
  RECLAIMED: { words: 'Came back', tone: '', icon: 'retry' },
  REFUNDED: { words: 'Refunded', tone: '', icon: 'retry' },
  DISPUTED: { words: 'Paid, disputed', tone: 'wait', icon: 'alert' },
  UNKNOWN: { words: 'Outcome not known yet', tone: 'fog', icon: 'ask' },
  DECLINED: { words: 'Declined', tone: '', icon: 'x' },
  EXPIRED: { words: 'Ran out', tone: '', icon: 'x' },
  FAILED: { words: 'Not paid', tone: 'bad', icon: 'alert' },
};

/** Paid, and a refund of it is pending. */
export const RETURNING: Badge = { words: 'Paid, being refunded', tone: 'ok', icon: 'retry' };

/** What a filter calls a state. */
export const STATE_NAMES: Record<PaymentState, string> = {
  ...(Object.fromEntries(Object.entries(BADGES).map(([state, { words }]) => [state, words])) as Record<
    PaymentState,
    string
  >),
  AUTHORIZING: 'Approved, not held yet',
  RECLAIMED: 'Came back, no task was made',
};

/** Where a hold moves at its network, since its task has ended or nothing is to come of it; null: it rests. */
export function wayOfHold({
  state,
  task_status: status,
  withdrawn,
}: PaymentItem): 'to the owner' | 'back' | null {
  if (state !== 'HELD') return null;
  if (status === null) return withdrawn === null ? null : 'back';
  if (!isTerminal(status)) return null;
  return status === 'completed' ? 'to the owner' : 'back';
}

/** A state in a word or two. Asked, held and paid are three things. */
export function badgeOf(payment: PaymentItem): Badge {
  const { state, captured_usdc: captured, withdrawn } = payment;
  const badge = BADGES[state];
  if (state === 'AWAITING_APPROVAL')
    return { ...badge, words: `Asked, until ${timeOfDay(payment.expires_at).slice(0, 5)}` };
  if (state === 'HELD' && payment.task_status === 'waiting_human_confirm')
    return { words: 'Held, waits for you', tone: 'wait', icon: 'lock' };
  const way = wayOfHold(payment);
  if (way === 'to the owner') return { ...badge, words: 'Work done, being paid', icon: 'clock' };
  if (way === 'back') return { ...badge, words: 'On its way back', icon: 'retry' };
  if (state === 'CAPTURED' && isReturning(payment)) return RETURNING;
  if (state === 'CAPTURED' && !isNothing(payment.refunded_usdc))
    return { ...badge, words: 'Paid, in part refunded' };
  if (state === 'CAPTURED' && captured !== payment.amount_usdc) return { ...badge, words: 'Paid in part' };
  if (state === 'DECLINED' && withdrawn !== null) return { ...badge, words: 'Taken back' };
  return badge;
}

const NOTHING = 'nothing was taken';

/** The number of a row, and what stands under it. */
export function amountOf(payment: PaymentItem): { amount: string; sub: string | null } {
  const { state, amount_usdc: amount, captured_usdc: captured, refunded_usdc: refunded } = payment;
  switch (state) {
    case 'CAPTURED':
    case 'DISPUTED':
      if (!isNothing(refunded)) return { amount: captured ?? amount, sub: `${refunded} of it came back` };
      return { amount: captured ?? amount, sub: captured === amount ? null : `of ${amount} held` };
    case 'REFUNDED':
      return { amount: captured ?? amount, sub: 'all of it came back' };
    case 'VOIDED':
      return { amount, sub: payment.task_status === 'failed' ? 'the agent failed' : 'nothing was paid' };
    case 'RECLAIMED':
      return { amount, sub: 'nothing was paid' };
    case 'DECLINED':
    case 'EXPIRED':
    case 'FAILED':
      return { amount, sub: NOTHING };
    default:
      return { amount, sub: null };
  }
}

export const TAKEN_BACK = {
  turn_cancelled: 'the turn was stopped',
  session_closed: 'the chat was closed',
  offer_changed: 'the agent had changed its offer',
} as const;

export const payeeOf = ({ side, agent_name: agent }: PaymentPage): string =>
  side === 'owner' ? 'you' : `the owner of ${agent}`;

/** The transfer of a payment of which none is told. */
export const NO_MOVE = { step: null, move_usdc: null, refused: false };

/** Whether money has moved, and what comes next, to whoever looks at it. */
export function fateWords(payment: PaymentPage): string {
  const { state, amount_usdc: amount, captured_usdc: captured, unknown } = payment;
  const why = payment.withdrawn === null ? null : TAKEN_BACK[payment.withdrawn];
  const back = payment.side === 'payer' ? 'came back' : 'went back to the payer';
  switch (state) {
    case 'AWAITING_APPROVAL':
      if (payment.side !== 'payer') return 'Nothing is held or paid yet: the payer has not answered.';
      return 'Nothing is held or paid yet. You answer in the chat; without an answer the offer ends and nothing is paid.';
    case 'AUTHORIZING':
      return `${amount} USDC is approved and about to be held. Nothing is paid yet.`;
    case 'HELD':
      return heldWords(payment);
    case 'CAPTURED':
      return `${captured ?? amount} USDC is paid${partsOf(payment)}. ${backWords(payment)}${restWords(payment)}`;
    case 'VOIDED':
      return `All ${amount} USDC ${back}${why === null ? '' : `: ${why}`}. Nothing was paid.`;
    case 'RECLAIMED':
      return `All ${amount} USDC ${back}: no work was begun for it in time. Nothing was paid.`;
    case 'REFUNDED':
      return `${captured ?? amount} USDC was paid, and all of it was given back.`;
    case 'DISPUTED':
      return `${captured ?? amount} USDC was paid, and this is disputed. Nothing moves until that is decided.`;
    case 'UNKNOWN':
      return unknownWords(payment, unknown ?? { ...NO_MOVE, since: payment.created_at });
    case 'DECLINED':
      return `It was ${why === null ? 'declined' : `taken back: ${why}`}. Nothing was held or paid.`;
    case 'EXPIRED':
      return 'Nobody answered in time. Nothing was held or paid.';
    case 'FAILED':
      return why === null
        ? 'The amount could not be held. Nothing was paid.'
        : `It was taken back before anything was held: ${why}. Nothing was paid.`;
  }
}

function heldWords(payment: PaymentPage): string {
  const { task_id: task, task_status: status, agent_name: agent, amount_usdc: amount } = payment;
  const isPayer = payment.side === 'payer';
  switch (wayOfHold(payment)) {
    case 'to the owner':
      return (
        `The work is done: what ${agent} charged for it is on its way to ${payeeOf(payment)}, and any rest of the ` +
        `${amount} USDC comes back. Until it has moved it stays held.`
      );
    case 'back':
      return `Nothing is paid: all ${amount} USDC is on its way back to ${isPayer ? 'you' : 'the payer'}. Until it has moved it stays held.`;
    case null:
  }
  const held = `${amount} USDC is held, and not paid.`;
  if (task === null)
    return `${held} It comes back at ${timeInWords(payment.capture_deadline, 'short')} if no work is begun for it.`;
  const who = isPayer ? 'you confirm' : 'the payer confirms';
  const waits = status === 'waiting_human_confirm' ? ` ${agent} waits until ${who} the task.` : '';
  return `${held}${waits} It is paid when ${agent} has done the work; if it fails or ends in any other way, all of it comes back.`;
}

const isReturning = (payment: PaymentItem): boolean => !isNothing(payment.returning_usdc);

/** Something of it still moves, or waits, without anybody who looks at its page. */
export const goesOn = (payment: PaymentPage): boolean => !isSettled(payment.state) || isReturning(payment);

/** Where the money of a pending refund is; null: it is not pending. */
function refundWords(
  { side }: PaymentPage,
  { state, unknown, amount_usdc: amount }: PaymentPage['refunds'][number],
): string | null {
  if (state !== 'pending') return null;
  const to = side === 'payer' ? 'you' : 'the payer';
  return unknown === null
    ? `${amount} USDC of it is on its way back to ${to} by itself; until it has moved it is held.`
    : unknownRefund({ side, amount_usdc: amount }, unknown);
}

function restWords(payment: PaymentPage): string {
  if (isReturning(payment)) {
    return payment.refunds.flatMap((refund) => refundWords(payment, refund) ?? []).join(' ');
  }
  const last = payment.refunds.at(-1);
  const failed =
    last?.state === 'failed'
      ? `${last.amount_usdc} USDC was to be refunded, and was not. ${refundEnd(payment, last)} `
      : '';
  return `${failed}Nothing more moves by itself.`;
}

const REFUSED: Record<RefusalCode, string> = {
  wallet_failed: 'The network of the wallets could not make the transfer',
  wallet_denied: 'The network of the wallets denied the transfer',
  wallet_cancelled: 'The transfer was cancelled at the network of the wallets',
  wallet_rejected: 'The network of the wallets did not take the transfer',
  wallet_not_made: 'Two admins found that the transfer was never made',
};

/** Why a refund failed, where its money is, and who can try again. */
export function refundEnd(payment: PaymentPage, { failure }: PaymentPage['refunds'][number]): string {
  const why = failure === null ? 'The transfer was not made' : REFUSED[failure];
  const { side, agent_name: agent } = payment;
  if (side === 'owner')
    return `${why}; nothing moved, and the amount is yours again. You can refund it again.`;
  const again = side === 'platform' ? 'they, or you, can' : 'who can';
  return `${why}; nothing moved. The amount is with the owner of ${agent} again, ${again} refund it again.`;
}

/** To whom. An owner gets what is left of the price after the fee. */
function partsOf(payment: PaymentPage): string {
  const { side, amount_usdc: amount, captured_usdc: captured, fee_usdc: fee } = payment;
  if (side !== 'owner' || isNothing(fee)) return ` to ${payeeOf(payment)}`;
  // Of less than the price the fee is less, too.
  if (captured !== amount) return ', to you after the platform’s part of it';
  return `, ${lessUsdc(amount, fee)} of it to you, ${fee} to the platform`;
}

/** What of a hold was not charged, and what was given back of what was. */
function backWords({
  amount_usdc: amount,
  captured_usdc: captured,
  refunded_usdc: refunded,
}: PaymentPage): string {
  const free =
    captured === null || captured === amount
      ? ''
      : `It charged less than the ${amount} that was held; ${lessUsdc(amount, captured)} USDC came back. `;
  return isNothing(refunded) ? free : `${free}${refunded} USDC of it was refunded. `;
}
