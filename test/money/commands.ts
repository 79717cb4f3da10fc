import fc from 'fast-check';
import {
  escrowAccount,
  hold,
  openAccounts,
  OUTSIDE,
  ownerAccount,
  PLATFORM,
  resolveHold,
} from '../../db/ledger';
import { transfer, userAccount } from '../../db/ledger';
import type { Recorded, Transfer } from '../../db/ledger';
import type { Database, Tx } from '../../db/database';
import { MooringError } from '../../domain/errors';
import { SYSTEM } from '../../domain/principal';

export const USERS = ['ann', 'ben', 'cleo'];
export const OWNERS = ['otto', 'olga'];
export const FEES = ['fees/0', 'fees/1'];
/** Keys of holds are few, so that commands meet at the same one. */
const HOLDS = 12;

/** What an actor may ask of the ledger. Amounts in micro-USDC. */
export type Command =
  | { do: 'top up'; user: string; amount: number; key: number }
  | { do: 'hold'; user: string; amount: number; key: number }
  | { do: 'capture'; key: number; owner: string; amount: number; fee: number }
  | { do: 'void' | 'expire'; key: number }
  | { do: 'refund'; key: number; user: string; owner: string; amount: number; fee: number };

const amount = fc.nat({ max: 99_999 }).map((below) => below + 1);
const small = fc.nat({ max: 50 }).map((below) => below + 1);
const key = fc.nat({ max: HOLDS - 1 });
const user = fc.constantFrom(...USERS);
const owner = fc.constantFrom(...OWNERS);
const fee = fc.nat({ max: 20 });
export const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('top up' as const), user, amount, key }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('hold' as const), user, amount, key }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('capture' as const),
      ...{ key, owner, fee, amount: fc.oneof(amount, small) },
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('void' as const, 'expire' as const), key }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('refund' as const), key, user, owner, amount: small, fee }),
  },
);

/** What a command moves between accounts when it is done, and in what order of keys. */
export function legsOf(wish: Extract<Command, { do: 'top up' | 'refund' }>, world: string): Transfer[] {
  if (wish.do === 'top up') {
    const debit = OUTSIDE;
    return [
      leg(world, { ...wish, key: `top/${wish.key}`, kind: 'top_up', debit, credit: purse(wish, world) }),
    ];
  }
  const name = `refund/${wish.key}`;
  const escrow = escrowAccount(named(wish.user, world));
  const from = ownerAccount(named(wish.owner, world));
  const back = feePart(wish);
  return [
    leg(world, {
      key: `${name}/owner`,
      kind: 'refund',
      debit: from,
      credit: escrow,
      amount: wish.amount - back,
    }),
    ...(back === 0
      ? []
      : [
          leg(world, {
            key: `${name}/fee`,
            kind: 'refund',
            debit: feeOf(wish.key, world),
            credit: escrow,
            amount: back,
          }),
        ]),
    leg(world, {
      key: `${name}/user`,
      kind: 'refund',
      debit: escrow,
      credit: purse(wish, world),
      amount: wish.amount,
    }),
  ];
}

/** A fee that would be all of it is none. */
export const feePart = ({ fee: part, amount: whole }: { fee: number; amount: number }): number =>
  part < whole ? part : 0;

export const named = (name: string, world: string): string => `${world}-${name}`;
export const feeOf = (key: number, world: string): string => `${FEES[key % FEES.length] ?? ''}/${world}`;
const purse = ({ user: name }: { user: string }, world: string): string => userAccount(named(name, world));

const leg = (
  world: string,
  part: Pick<Transfer, 'key' | 'kind' | 'debit' | 'credit'> & { amount: number },
): Transfer => ({
  key: `${world}/${part.key}`,
  kind: part.kind,
  debit: part.debit,
  credit: part.credit,
  amountMicros: BigInt(part.amount),
  ownerId: world,
  paymentId: null,
});

/** What came of it: `created`, `exists`, or the code it was refused with. */
export type Answer = Recorded | MooringError['code'];

export const perform = (db: Database, world: string, wish: Command): Promise<Answer> =>
  db
    .withTx(SYSTEM, 'test', (tx): Promise<Answer> => ask(tx, world, wish))
    .catch((error: unknown) => {
      if (error instanceof MooringError) return error.code;
      throw error;
    });

function ask(tx: Tx, world: string, wish: Command): Promise<Recorded> {
  const holdKey = `${world}/hold/${wish.key}`;
  switch (wish.do) {
    case 'top up':
    case 'refund':
      return transfer(tx, legsOf(wish, world));
    case 'hold':
      return hold(tx, {
        ...leg(world, {
          ...{ key: `hold/${wish.key}`, kind: 'hold', debit: purse(wish, world), amount: wish.amount },
          credit: escrowAccount(named(wish.user, world)),
        }),
      });
    case 'capture': {
      const part = feePart(wish);
      const onward = [
        { to: ownerAccount(named(wish.owner, world)), kind: 'capture' as const, amount: wish.amount - part },
        { to: feeOf(wish.key, world), kind: 'fee' as const, amount: part },
      ].filter(({ amount: micros }) => micros > 0);
      return resolveHold(tx, {
        holdKey,
        key: `${holdKey}/capture`,
        outcome: {
          phase: 'posted',
          amountMicros: BigInt(wish.amount),
          onward: onward.map(({ to, kind, amount: micros }) => ({
            ...{
              key: `${holdKey}/to/${kind}`,
              kind,
              credit: to,
              amountMicros: BigInt(micros),
              ownerId: world,
            },
          })),
        },
      });
    }
    case 'void':
    case 'expire':
      return resolveHold(tx, {
        holdKey,
        key: `${holdKey}/${wish.do}`,
        outcome: { phase: wish.do === 'void' ? 'voided' : 'expired' },
      });
  }
}

/** A world of accounts of its own in a database that all share. */
export const openWorld = (db: Database, world: string): Promise<void> =>
  db.withTx(SYSTEM, 'test', (tx) => {
    openAccounts(tx, [{ id: OUTSIDE, kind: 'outside', ownerId: PLATFORM }, ...accountsOf(world)]);
    return Promise.resolve();
  });

/** All accounts that money of this world can be in. */
export function accountsOf(world: string) {
  const people = USERS.map((name) => named(name, world));
  return [
    ...people.map((id) => ({ id: userAccount(id), kind: 'user' as const, ownerId: id })),
    ...people.map((id) => ({ id: escrowAccount(id), kind: 'escrow' as const, ownerId: id })),
    ...OWNERS.map((name) => named(name, world)).map((id) => ({
      ...{ id: ownerAccount(id), kind: 'owner' as const, ownerId: id },
    })),
    ...FEES.map((_, at) => ({ id: feeOf(at, world), kind: 'fees' as const, ownerId: PLATFORM })),
  ];
}
