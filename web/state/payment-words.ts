import type { PaymentItem, PaymentPage, PaymentState, UnknownMove } from '../../sdk/api-types';
import { isSettled } from '../../sdk/api-types';
import { timeInWords } from '../../sdk/time-words';
import { timeOfDay } from './clock';
import { isNothing, lessUsdc } from './money';

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

/** What a filter calls a state. */
export const STATE_NAMES: Record<PaymentState, string> = {
  ...(Object.fromEntries(Object.entries(BADGES).map(([state, { words }]) => [state, words])) as Record<
    PaymentState,
    string
  >),
  AUTHORIZING: 'Approved, not held yet',
  RECLAIMED: 'Came back, no task was made',
};

/** A state in a word or two. Asked, held and paid are three things. */
export function badgeOf(payment: PaymentItem): Badge {
  const { state, captured_usdc: captured, withdrawn } = payment;
  const badge = BADGES[state];
  if (state === 'AWAITING_APPROVAL')
    return { ...badge, words: `Asked, until ${timeOfDay(payment.expires_at).slice(0, 5)}` };
  if (state === 'HELD' && payment.task_status === 'waiting_human_confirm')
    return { words: 'Held, waits for you', tone: 'wait', icon: 'lock' };
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

/** “We do not know yet whether Fairpost was paid 0.40 USDC”, by the transfer of which nobody knows. */
export function unknownTitle(
  { agent_name: agent, amount_usdc: amount }: Pick<PaymentItem, 'agent_name' | 'amount_usdc'>,
  step: UnknownMove['step'],
): string {
  if (step === 'hold') return `We do not know yet whether ${amount} USDC for ${agent} has left your wallet`;
  if (step === 'void') return `We do not know yet whether ${amount} USDC for ${agent} came back to you`;
  return `We do not know yet whether ${agent} was paid ${amount} USDC`;
}

/** Since when, what is done about it, and what cannot happen meanwhile. */
export const unknownWords = ({
  agent_name: agent,
  action,
  since,
}: {
  agent_name: string;
  action: string;
  since: string;
}): string =>
  `The transfer of ${timeInWords(since, 'short')} has no clear answer. We look for it again and again, and it ` +
  `is never sent as a second one. Until it is found out the amount stays held, and no second payment to ${agent} ` +
  `for ${action.replaceAll('_', ' ')} can start. You need do nothing.`;

const TAKEN_BACK = {
  turn_cancelled: 'the turn was stopped',
  session_closed: 'the chat was closed',
  offer_changed: 'the agent had changed its offer',
} as const;

const payeeOf = ({ side, agent_name: agent }: PaymentPage): string =>
  side === 'owner' ? 'you' : `the owner of ${agent}`;

/** Whether money has moved, and what comes next, to whoever looks at it. */
export function fateWords(payment: PaymentPage): string {
  const { state, amount_usdc: amount, captured_usdc: captured, unknown } = payment;
  const why = payment.withdrawn === null ? null : TAKEN_BACK[payment.withdrawn];
  const payee = payeeOf(payment);
  const back = payment.side === 'payer' ? 'came back' : 'went back to the payer';
  switch (state) {
    case 'AWAITING_APPROVAL':
      if (payment.side !== 'payer') return 'Nothing is held or paid yet: the payer has not answered.';
      return 'Nothing is held or paid yet. You answer in the chat; without an answer the offer ends and nothing is paid.';
    case 'AUTHORIZING':
      return `${amount} USDC is approved and about to be held. Nothing is paid yet.`;
    case 'HELD':
      return `${amount} USDC is held, and not paid. ${heldWords(payment)}`;
    case 'CAPTURED':
      return `${captured ?? amount} USDC is paid to ${payee}. ${backWords(payment)}${restWords(payment)}`;
    case 'VOIDED':
      return `All ${amount} USDC ${back}${why === null ? '' : `: ${why}`}. Nothing was paid.`;
    case 'RECLAIMED':
      return `All ${amount} USDC ${back}: no work was begun for it in time. Nothing was paid.`;
    case 'REFUNDED':
      return `${captured ?? amount} USDC was paid, and all of it was given back.`;
    case 'DISPUTED':
      return `${captured ?? amount} USDC was paid, and this is disputed. Nothing moves until that is decided.`;
    case 'UNKNOWN':
      return unknownWords({ ...payment, since: unknown?.since ?? payment.created_at });
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

function heldWords({
  task_id: task,
  task_status: status,
  agent_name: agent,
  ...payment
}: PaymentPage): string {
  if (task === null)
    return `It comes back at ${timeInWords(payment.capture_deadline, 'short')} if no work is begun for it.`;
  const who = payment.side === 'payer' ? 'you confirm' : 'the payer confirms';
  const waits = status === 'waiting_human_confirm' ? `${agent} waits until ${who} the task. ` : '';
  return `${waits}It is paid when ${agent} has done the work; if it fails or ends in any other way, all of it comes back.`;
}

const restWords = ({ refunds }: PaymentPage): string =>
  refunds.some(({ state }) => state === 'pending')
    ? 'What is on its way back moves by itself; nothing else does.'
    : 'Nothing more moves by itself.';

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

export interface MoneyKnot {
  kind: '' | 'wait' | 'now' | 'todo' | 'bad' | 'fog';
  words: string;
  /** null: while it lasts */
  at: string | null;
  note: string | null;
}

const REFUND_WORDS: Record<PaymentPage['refunds'][number]['state'], Pick<MoneyKnot, 'kind' | 'words'>> = {
  pending: { kind: 'now', words: 'is on its way back' },
  done: { kind: '', words: 'was refunded' },
  failed: { kind: 'bad', words: 'was to be refunded, and nothing has moved' },
};

/** All that happened to a payment, in order, then what it waits for and what follows. */
export function moneyLine(payment: PaymentPage): MoneyKnot[] {
  const events = payment.events.flatMap(({ state, at }, index): MoneyKnot[] => {
    const { kind, words } = eventOf(payment, state, payment.events[index - 1]?.state ?? null);
    // Each refund is a row of its own, and the last one says that it is all.
    return state === 'REFUNDED' ? [] : [{ kind, words, at, note: null }];
  });
  const refunds = payment.refunds.map(({ amount_usdc: amount, reason, state, at }): MoneyKnot => {
    const { kind, words } = REFUND_WORDS[state];
    return { kind, words: `${amount} USDC ${words}`, at, note: reason };
  });
  const known = [...events, ...refunds].sort((a, b) => (a.at ?? '').localeCompare(b.at ?? ''));
  return isSettled(payment.state) ? known : [...known, ...nextOf(payment)];
}

function eventOf(
  payment: PaymentPage,
  state: PaymentState,
  before: PaymentState | null,
): { kind: MoneyKnot['kind']; words: string } {
  const { agent_name: agent, amount_usdc: amount, captured_usdc: captured } = payment;
  const found = before === 'UNKNOWN' ? 'It was found out: ' : '';
  const by = payment.side === 'payer' ? 'You' : 'The payer';
  const words: Record<PaymentState, string> = {
    AWAITING_APPROVAL: `${amount} USDC asked for ${agent}`,
    AUTHORIZING:
      payment.decided_by === 'standing' ? 'Approved beforehand, by a rule' : `${by} approved ${amount} USDC`,
    HELD: `${found}${amount} USDC is held`,
    CAPTURED: `${found}${captured ?? amount} USDC was paid to ${payeeOf(payment)}`,
    VOIDED: `${found}${amount} USDC came back`,
    RECLAIMED: `${found}${amount} USDC came back, no work was begun for it`,
    REFUNDED: 'All of it was refunded',
    DISPUTED: 'It is disputed',
    UNKNOWN: `${unknownTitle(payment, payment.unknown?.step ?? (before === 'AUTHORIZING' ? 'hold' : null))}`,
    DECLINED:
      payment.withdrawn === null ? `${by} declined it` : `Taken back: ${TAKEN_BACK[payment.withdrawn]}`,
    EXPIRED: 'Nobody answered in time',
    FAILED: `${found}nothing was taken`,
  };
  const kind = state === 'UNKNOWN' ? 'fog' : ['FAILED', 'EXPIRED', 'DECLINED'].includes(state) ? 'bad' : '';
  return { kind, words: sentence(words[state]) };
}

const sentence = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

function nextOf(payment: PaymentPage): MoneyKnot[] {
  const { state, agent_name: agent, task_id: task, task_status: status } = payment;
  const row = (kind: MoneyKnot['kind'], words: string, at: string | null = null): MoneyKnot => ({
    ...{ kind, words, at, note: null },
  });
  const payer = payment.side === 'payer' ? 'you' : 'the payer';
  switch (state) {
    case 'AWAITING_APPROVAL':
      return [
        row('wait', `Waits for ${payer}`),
        row('todo', 'Without an answer it ends, nothing is paid', payment.expires_at),
      ];
    case 'AUTHORIZING':
      return [row('now', 'The amount is being held'), row('todo', `Then ${agent} works`)];
    case 'HELD':
      if (task === null) {
        return [
          row('now', `Held for ${agent}`),
          row('todo', 'Without work it comes back', payment.capture_deadline),
        ];
      }
      return [
        status === 'waiting_human_confirm'
          ? row('wait', `${agent} waits until the task is confirmed`)
          : row('now', `${agent} works`),
        row('todo', 'Paid when the work is done, else all of it comes back'),
      ];
    default:
      return [row('now', 'The transfer is looked for'), row('todo', 'Then it goes on from what is found')];
  }
}
