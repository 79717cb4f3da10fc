import { escrowAccount, OUTSIDE, ownerAccount, userAccount } from '../../db/ledger';
import { feeOf, feePart, legsOf, named } from './commands';
import type { Answer, Command } from './commands';

interface Hold {
  user: string;
  amount: number;
  end: { phase: 'posted' | 'voided' | 'expired'; amount: number; words: string } | null;
}

/** The whole rule of the ledger, in memory. */
export interface Model {
  world: string;
  posted: Map<string, number>;
  held: Map<string, number>;
  holds: Map<number, Hold>;
  /** what was recorded under a key, word for word */
  done: Map<string, string>;
}

export const newModel = (world: string): Model => ({
  world,
  posted: new Map(),
  held: new Map(),
  holds: new Map(),
  done: new Map(),
});

const add = (map: Map<string, number>, account: string, by: number): void =>
  void map.set(account, (map.get(account) ?? 0) + by);

export const freeOf = ({ posted, held }: Model, account: string): number =>
  (posted.get(account) ?? 0) - (held.get(account) ?? 0);

/** What a command comes to, the same for all that come to the same. */
const words = (wish: Command): string =>
  JSON.stringify(Object.entries(wish.do === 'capture' ? { ...wish, fee: feePart(wish) } : wish).sort());

/** What must come of a command when nothing else happens beside it; then it has happened. */
export function expectAnswer(model: Model, wish: Command): Answer {
  const answer = judge(model, wish);
  if (answer === 'created') apply(model, wish);
  return answer;
}

function judge(model: Model, wish: Command): Answer {
  switch (wish.do) {
    case 'top up':
    case 'refund': {
      const before = model.done.get(`${wish.do}/${wish.key}`);
      if (before !== undefined) return before === legsWords(model, wish) ? 'exists' : 'idempotency_conflict';
      return wouldBeNegative(model, wish) ? 'insufficient_funds' : 'created';
    }
    case 'hold': {
      const before = model.done.get(`hold/${wish.key}`);
      if (before !== undefined) return before === words(wish) ? 'exists' : 'idempotency_conflict';
      const purse = userAccount(named(wish.user, model.world));
      return freeOf(model, purse) < wish.amount ? 'insufficient_funds' : 'created';
    }
    case 'capture':
    case 'void':
    case 'expire':
      return judgeEnd(model, wish);
  }
}

function judgeEnd({ holds }: Model, wish: Extract<Command, { do: 'capture' | 'void' | 'expire' }>): Answer {
  const hold = holds.get(wish.key);
  if (hold === undefined) return 'not_found';
  if (hold.end === null) {
    return wish.do === 'capture' && wish.amount > hold.amount ? 'amount_over_hold' : 'created';
  }
  const phase = PHASES[wish.do];
  const amount = wish.do === 'capture' ? wish.amount : hold.amount;
  if (hold.end.phase === phase && hold.end.amount === amount) {
    return hold.end.words === words(wish) ? 'exists' : 'idempotency_conflict';
  }
  return `already_${hold.end.phase}`;
}

const PHASES = { capture: 'posted', void: 'voided', expire: 'expired' } as const;

const legsWords = ({ world }: Model, wish: Extract<Command, { do: 'top up' | 'refund' }>): string =>
  legsOf(wish, world)
    .map(({ key, debit, credit, amountMicros }) => `${key} ${debit} ${credit} ${amountMicros}`)
    .join();

function wouldBeNegative(model: Model, wish: Extract<Command, { do: 'top up' | 'refund' }>): boolean {
  const change = new Map<string, number>();
  for (const { debit, credit, amountMicros } of legsOf(wish, model.world)) {
    add(change, debit, -Number(amountMicros));
    add(change, credit, Number(amountMicros));
  }
  return [...change].some(([account, by]) => account !== OUTSIDE && freeOf(model, account) + by < 0);
}

/** What a command that was done has moved. */
export function apply(model: Model, wish: Command): void {
  const { world, posted, held, holds, done } = model;
  switch (wish.do) {
    case 'top up':
    case 'refund':
      for (const { debit, credit, amountMicros } of legsOf(wish, world)) {
        add(posted, debit, -Number(amountMicros));
        add(posted, credit, Number(amountMicros));
      }
      done.set(`${wish.do}/${wish.key}`, legsWords(model, wish));
      return;
    case 'hold':
      add(held, userAccount(named(wish.user, world)), wish.amount);
      holds.set(wish.key, { user: wish.user, amount: wish.amount, end: null });
      done.set(`hold/${wish.key}`, words(wish));
      return;
    case 'capture':
    case 'void':
    case 'expire':
      end(model, wish);
  }
}

function end(
  { world, posted, held, holds }: Model,
  wish: Extract<Command, { do: 'capture' | 'void' | 'expire' }>,
): void {
  const hold = holds.get(wish.key);
  if (hold === undefined || hold.end !== null) throw new Error(`hold ${wish.key} was ended twice`);
  const purse = userAccount(named(hold.user, world));
  const amount = wish.do === 'capture' ? wish.amount : hold.amount;
  hold.end = { phase: PHASES[wish.do], amount, words: words(wish) };
  add(held, purse, -hold.amount);
  if (wish.do !== 'capture') return;
  const fee = feePart(wish);
  add(posted, purse, -wish.amount);
  add(posted, escrowAccount(named(hold.user, world)), 0);
  add(posted, ownerAccount(named(wish.owner, world)), wish.amount - fee);
  add(posted, feeOf(wish.key, world), fee);
}

/** What each account lost at most while these happened side by side. */
function lowest({ before, done }: { before: Model; done: Command[] }): (account: string) => number {
  const lost = new Map<string, number>();
  for (const wish of done) {
    if (wish.do === 'hold') add(lost, userAccount(named(wish.user, before.world)), wish.amount);
    if (wish.do === 'refund') {
      for (const { debit, amountMicros } of legsOf(wish, before.world))
        add(lost, debit, Number(amountMicros));
    }
  }
  return (account) => freeOf(before, account) - (lost.get(account) ?? 0);
}

/** Whether a command may have been answered so, when others of the same batch were done before, beside or after it. */
export function isPossible(
  { before, after, done }: { before: Model; after: Model; done: Command[] },
  { wish, answer }: { wish: Command; answer: Answer },
): boolean {
  if (answer === 'created') return true;
  switch (wish.do) {
    case 'top up':
    case 'refund':
    case 'hold': {
      const recorded = after.done.get(`${wish.do}/${wish.key}`);
      const mine = wish.do === 'hold' ? words(wish) : legsWords(after, wish);
      if (answer === 'exists') return recorded === mine;
      if (answer === 'idempotency_conflict') return recorded !== undefined && recorded !== mine;
      if (answer !== 'insufficient_funds') return false;
      // Two at once under one key may be told this too: what was new of it did not fit.
      if (recorded !== undefined && recorded !== mine) return true;
      const least = lowest({ before, done });
      const takes =
        wish.do === 'hold'
          ? [{ debit: userAccount(named(wish.user, after.world)), amountMicros: BigInt(wish.amount) }]
          : legsOf(wish, after.world).filter(({ debit }) => !debit.startsWith('escrow/'));
      return takes.some(({ debit, amountMicros }) => least(debit) < Number(amountMicros));
    }
    case 'capture':
    case 'void':
    case 'expire':
      if (answer === 'not_found') return before.holds.get(wish.key) === undefined;
      return judgeEnd(after, wish) === answer || isTooMuch(after, wish, answer);
  }
}

/** More than the hold was refused while it was still open. */
const isTooMuch = ({ holds }: Model, wish: Command, answer: Answer): boolean =>
  answer === 'amount_over_hold' && wish.do === 'capture' && wish.amount > (holds.get(wish.key)?.amount ?? 0);
