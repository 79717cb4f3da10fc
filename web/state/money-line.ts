import type { PaymentPage, PaymentState, UnknownMove } from '../../sdk/money-types';
import { isSettled } from '../../sdk/money-types';
import { NO_MOVE, payeeOf, refundEnd, TAKEN_BACK, wayOfHold } from './payment-words';
import { unknownTitle } from './unknown-words';

export interface MoneyKnot {
  kind: '' | 'wait' | 'now' | 'todo' | 'bad' | 'fog';
  words: string;
  /** null: while it lasts */
  at: string | null;
  /** what somebody wrote to it */
  note: string | null;
  /** what follows from it */
  sub?: string;
}

const REFUND_WORDS: Record<PaymentPage['refunds'][number]['state'], Pick<MoneyKnot, 'kind' | 'words'>> = {
  pending: { kind: 'now', words: 'is on its way back' },
  done: { kind: '', words: 'was refunded' },
  failed: { kind: 'bad', words: 'was to be refunded, and was not' },
};

const unknownKnot = (amount: string, { refused }: UnknownMove): Pick<MoneyKnot, 'kind' | 'words' | 'sub'> =>
  refused
    ? { kind: 'now', words: `${amount} USDC is given back`, sub: 'People make its refused transfer by hand' }
    : {
        kind: 'fog',
        words: `We do not know yet whether ${amount} USDC came back`,
        sub: 'The transfer is looked for',
      };

/** All that happened to a payment, in order, then what it waits for and what follows. */
export function moneyLine(payment: PaymentPage): MoneyKnot[] {
  const events = payment.events.flatMap(({ state, at }, index): MoneyKnot[] => {
    const { kind, words } = eventOf(payment, state, payment.events[index - 1]?.state ?? null);
    // Each refund is a row of its own, and the last one says that it is all.
    return state === 'REFUNDED' ? [] : [{ kind, words, at, note: null }];
  });
  const refunds = payment.refunds.map((refund): MoneyKnot => {
    const { amount_usdc: amount, reason, state, unknown, at } = refund;
    const { kind, words } = REFUND_WORDS[state];
    const knot = { kind, words: `${amount} USDC ${words}`, at, note: reason };
    if (unknown !== null) return { ...knot, ...unknownKnot(amount, unknown) };
    return state === 'failed' ? { ...knot, sub: refundEnd(payment, refund) } : knot;
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
    UNKNOWN: unknownTitle(
      payment,
      payment.unknown ?? { ...NO_MOVE, step: before === 'AUTHORIZING' ? 'hold' : null },
    ),
    DECLINED:
      payment.withdrawn === null ? `${by} declined it` : `Taken back: ${TAKEN_BACK[payment.withdrawn]}`,
    EXPIRED: 'Nobody answered in time',
    FAILED: `${found}nothing was taken`,
  };
  const kind = state === 'UNKNOWN' ? 'fog' : ['FAILED', 'EXPIRED', 'DECLINED'].includes(state) ? 'bad' : '';
  return { kind, words: sentence(words[state]) };
}

const sentence = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

const row = (kind: MoneyKnot['kind'], words: string, at: string | null = null): MoneyKnot => ({
  ...{ kind, words, at, note: null },
});

function nextOf(payment: PaymentPage): MoneyKnot[] {
  const { state, agent_name: agent } = payment;
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
      return afterHold(payment);
    default:
      return payment.unknown?.refused === true
        ? [row('now', 'People make the refused transfer by hand'), row('todo', 'Then it goes on')]
        : [row('now', 'The transfer is looked for'), row('todo', 'Then it goes on from what is found')];
  }
}

function afterHold(payment: PaymentPage): MoneyKnot[] {
  const { agent_name: agent, task_id: task, task_status: status, capture_deadline: deadline } = payment;
  switch (wayOfHold(payment)) {
    case 'to the owner':
      return [row('now', `The work is done, the money is on its way to ${payeeOf(payment)}`)];
    case 'back':
      return [row('now', 'All of it is on its way back')];
    case null:
  }
  if (task === null) {
    return [row('now', `Held for ${agent}`), row('todo', 'Without work it comes back', deadline)];
  }
  return [
    status === 'waiting_human_confirm'
      ? row('wait', `${agent} waits until the task is confirmed`)
      : row('now', `${agent} works`),
    row('todo', 'Paid when the work is done, else all of it comes back'),
  ];
}
