import { Client } from 'pg';
import { asUser, SYSTEM } from '../../domain/principal';
import { escrowAccount, feeAccount, hold, openAccounts, OUTSIDE, ownerAccount } from '../../db/ledger';
import { PLATFORM, resolveHold, transfer, userAccount, wallet } from '../../db/ledger';
import type { Outcome, Transfer } from '../../db/ledger';
import { proveLedger } from '../../db/ledger-proof';
import { findOrOpenAccount } from '../../db/users';
import { topUp } from '../../db/wallet';
import { createTestDatabase } from '../harness/database';
import type { TestDatabase } from '../harness/database';

let t: TestDatabase;
let owner: Client;
beforeAll(async () => {
  t = await createTestDatabase();
  owner = new Client({ connectionString: t.url });
  await owner.connect();
});
afterEach(async () => {
  expect(await t.db.withTx(SYSTEM, 'test', proveLedger)).toMatchObject({ problems: [] });
});
afterAll(async () => {
  await owner.end();
  await t.drop();
});

let people = 0;
const FEE = feeAccount('pay_1');

/** A person with 1 USDC, and the agent's owner whom they pay. */
async function person(): Promise<{ id: string; ownerId: string }> {
  people += 1;
  const email = `ann${people}@example.test`;
  return t.db.withTx(SYSTEM, 'test', async (tx) => {
    const { user } = await findOrOpenAccount(tx, email);
    await topUp(tx, { userId: user.id, amountMicros: 1_000_000n, key: `top_up/${user.id}` });
    const ownerId = `owner-${people}`;
    openAccounts(tx, [
      { id: ownerAccount(ownerId), kind: 'owner', ownerId },
      { id: FEE, kind: 'fees', ownerId: PLATFORM },
    ]);
    return { id: user.id, ownerId };
  });
}

const holdOf = (id: string, amountMicros: bigint, key = `hold/${id}`): Transfer => ({
  ...{ key, kind: 'hold', debit: userAccount(id), credit: escrowAccount(id) },
  ...{ amountMicros, ownerId: id, paymentId: null },
});
const holds = (id: string, amountMicros: bigint, key?: string) =>
  t.db.withTx(SYSTEM, 'test', (tx) => hold(tx, holdOf(id, amountMicros, key)));
const ends = (id: string, outcome: Outcome, key: string = outcome.phase) =>
  t.db.withTx(SYSTEM, 'test', (tx) =>
    resolveHold(tx, { holdKey: `hold/${id}`, key: `hold/${id}/${key}`, outcome }),
  );
const captures = (
  { id, ownerId }: { id: string; ownerId: string },
  amountMicros: bigint,
  fee = 0n,
): Outcome => ({
  phase: 'posted',
  amountMicros,
  onward: [
    {
      key: `paid/${id}`,
      kind: 'capture' as const,
      credit: ownerAccount(ownerId),
      amountMicros: amountMicros - fee,
      ownerId,
    },
    { key: `fee/${id}`, kind: 'fee' as const, credit: FEE, amountMicros: fee, ownerId: PLATFORM },
  ].filter(({ amountMicros: micros }) => micros > 0n),
});
const purse = (id: string) => t.db.withTx(SYSTEM, 'test', (tx) => wallet(tx, id));
const balance = async (account: string) =>
  (
    await t.db.withTx(SYSTEM, 'test', (tx) =>
      tx.query<{ posted: bigint }>('select posted_micros as posted from ledger_accounts where id = $1', [
        account,
      ]),
    )
  )[0]?.posted;

test('a part of a hold is captured, the fee taken from it, and the rest is free again', async () => {
  const ann = await person();
  const fees = (await balance(FEE)) ?? 0n;
  expect(await holds(ann.id, 400_000n)).toBe('created');
  expect(await purse(ann.id)).toEqual({ balanceMicros: 600_000n, heldMicros: 400_000n });
  expect(await ends(ann.id, captures(ann, 300_000n, 7_500n))).toBe('created');
  expect(await purse(ann.id)).toEqual({ balanceMicros: 700_000n, heldMicros: 0n });
  expect(await balance(ownerAccount(ann.ownerId))).toBe(292_500n);
  expect(await balance(FEE)).toBe(fees + 7_500n);
  expect(await balance(escrowAccount(ann.id))).toBe(0n);
});

test.each(['voided', 'expired'] as const)('a hold that is %s is free again as a whole', async (phase) => {
  const ann = await person();
  await holds(ann.id, 400_000n);
  expect(await ends(ann.id, { phase })).toBe('created');
  expect(await purse(ann.id)).toEqual({ balanceMicros: 1_000_000n, heldMicros: 0n });
});

test.each([
  ['posted', 'already_posted'],
  ['voided', 'already_voided'],
  ['expired', 'already_expired'],
] as const)(
  'a second end of a hold that is %s is refused as %s, and the very same again is no second one',
  async (phase, code) => {
    const ann = await person();
    await holds(ann.id, 400_000n);
    const outcome = (which: Outcome['phase']): Outcome =>
      which === 'posted' ? captures(ann, 400_000n) : { phase: which };
    await ends(ann.id, outcome(phase));
    const after = await purse(ann.id);
    expect(await ends(ann.id, outcome(phase))).toBe('exists');
    for (const other of (['posted', 'voided', 'expired'] as const).filter((one) => one !== phase)) {
      await expect(ends(ann.id, outcome(other))).rejects.toMatchObject({ code });
    }
    await expect(ends(ann.id, outcome(phase), 'another cause')).rejects.toMatchObject({ code });
    expect(await purse(ann.id)).toEqual(after);
  },
);

test('of fifty that end one hold at once one does, and each other is told what it was', async () => {
  const ann = await person();
  await holds(ann.id, 400_000n);
  const answers = await Promise.allSettled(
    Array.from({ length: 50 }, (_, at) =>
      ends(ann.id, at % 2 === 0 ? captures(ann, 400_000n) : { phase: 'voided' }, `cause ${at}`),
    ),
  );
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const codes = new Set(
    answers.flatMap((answer) =>
      answer.status === 'rejected' ? [(answer.reason as { code: string }).code] : [],
    ),
  );
  expect([['already_posted'], ['already_voided']]).toContainEqual([...codes]);
});

test('more than the hold is not captured, and the hold stays', async () => {
  const ann = await person();
  await holds(ann.id, 400_000n);
  await expect(ends(ann.id, captures(ann, 400_001n))).rejects.toMatchObject({ code: 'amount_over_hold' });
  await expect(ends('nobody', { phase: 'voided' })).rejects.toMatchObject({ code: 'not_found' });
  expect(await purse(ann.id)).toEqual({ balanceMicros: 600_000n, heldMicros: 400_000n });
});

test('of holds that are more than the wallet together, no more than fit are made', async () => {
  const ann = await person();
  const made = await Promise.allSettled(
    Array.from({ length: 20 }, (_, at) => holds(ann.id, 150_000n, `many/${ann.id}/${at}`)),
  );
  expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(6);
  for (const answer of made) {
    if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'insufficient_funds' });
  }
  expect(await purse(ann.id)).toEqual({ balanceMicros: 100_000n, heldMicros: 900_000n });
});

test('a hold that does not fit leaves its transaction whole', async () => {
  const ann = await person();
  const went = await t.db.withTx(SYSTEM, 'test', async (tx) => {
    await expect(hold(tx, holdOf(ann.id, 1_000_001n))).rejects.toMatchObject({ code: 'insufficient_funds' });
    return tx.query('select 1 as one');
  });
  expect(went).toEqual([{ one: 1 }]);
});

test('a key stands for one transfer: the same again moves nothing, another under it is refused', async () => {
  const ann = await person();
  expect(await holds(ann.id, 400_000n)).toBe('created');
  expect(await holds(ann.id, 400_000n)).toBe('exists');
  await expect(holds(ann.id, 400_001n)).rejects.toMatchObject({ code: 'idempotency_conflict' });
  const again = (amountMicros: bigint) =>
    t.db.withTx(SYSTEM, 'test', (tx) => topUp(tx, { userId: ann.id, amountMicros, key: `top_up/${ann.id}` }));
  expect(await again(1_000_000n)).toBe('exists');
  await expect(again(2_000_000n)).rejects.toMatchObject({ code: 'idempotency_conflict' });
  expect(await purse(ann.id)).toEqual({ balanceMicros: 600_000n, heldMicros: 400_000n });
});

test('linked transfers happen together: one that cannot keeps the others from happening', async () => {
  const [ann, ben] = [await person(), await person()];
  const give = (from: string, to: string, amountMicros: bigint): Transfer => ({
    ...{ key: `give/${from}/${to}`, kind: 'deposit', debit: userAccount(from), credit: userAccount(to) },
    ...{ amountMicros, ownerId: from, paymentId: null },
  });
  const linked = [give(ann.id, ben.id, 10n), give(ben.id, ann.id, 2_000_000n)];
  const both = () => t.db.withTx(SYSTEM, 'test', (tx) => transfer(tx, linked));
  await expect(both()).rejects.toMatchObject({ code: 'insufficient_funds' });
  expect(await purse(ben.id)).toEqual({ balanceMicros: 1_000_000n, heldMicros: 0n });
  expect(await purse(ann.id)).toEqual({ balanceMicros: 1_000_000n, heldMicros: 0n });
  await t.db.withTx(SYSTEM, 'test', (tx) => transfer(tx, [give(ann.id, ben.id, 10n)]));
  // One of the two was made alone before: this is not that.
  await expect(both()).rejects.toMatchObject({ code: 'idempotency_conflict' });
});

const TRANSFER = `insert into ledger_transfers
  (region, key, phase, pending_id, kind, debit_account, credit_account, amount_micros, owner_id)`;

test.each<[string, string, RegExp]>([
  ['a transfer is changed', `update ledger_transfers set amount_micros = 1`, /only grows/],
  ['a transfer is deleted', `delete from ledger_transfers`, /only grows/],
  ['all transfers are emptied', `truncate ledger_transfers cascade`, /only grows/],
  ['a balance is set', `update ledger_accounts set posted_micros = posted_micros + 1`, /only grows/],
  ['an account is deleted', `delete from ledger_accounts`, /only grows/],
  [
    'an account would be negative',
    `${TRANSFER} values ('intl', 'x', 'single', null, 'deposit', $1, $2, 1000001, 'x')`,
    /ledger_accounts_not_negative/,
  ],
  [
    'nothing is moved',
    `${TRANSFER} values ('intl', 'x', 'single', null, 'deposit', $1, $2, 0, 'x')`,
    /amount_micros_check/,
  ],
  [
    'an account pays itself',
    `${TRANSFER} values ('intl', 'x', 'single', null, 'deposit', $1, $1, 1, coalesce('x', $2))`,
    /ledger_transfers_check/,
  ],
  [
    'more comes out of a hold than is in it',
    `${TRANSFER} select 'intl', 'x', 'posted', id, 'capture', $1, $2, 400001, 'x' from ledger_transfers where key = 'hold/' || $3`,
    /does not fit/,
  ],
  [
    'a part of a hold comes back as the whole',
    `${TRANSFER} select 'intl', 'x', 'voided', id, 'void', $1, $2, 1, 'x' from ledger_transfers where key = 'hold/' || $3`,
    /does not fit/,
  ],
  [
    'a hold goes to somebody else',
    `${TRANSFER} select 'intl', 'x', 'posted', id, 'capture', $1, '${OUTSIDE}', 400000, coalesce('x', $2) from ledger_transfers where key = 'hold/' || $3`,
    /does not fit/,
  ],
  [
    'a hold has two outcomes in one statement',
    `${TRANSFER} select 'intl', 'x' || n, 'voided', id, 'void', $1, $2, 400000, 'x' from ledger_transfers, generate_series(1, 2) n where key = 'hold/' || $3`,
    /pending_id_key/,
  ],
  [
    'money that is no hold is given back',
    `${TRANSFER} select 'intl', 'x', 'voided', id, 'void', debit_account, credit_account, amount_micros, coalesce('x', $1, $2) from ledger_transfers where key = 'top_up/' || $3`,
    /does not fit/,
  ],
])('whoever asks, the database refuses that %s', async (_what, sql, problem) => {
  const ann = await person();
  await holds(ann.id, 400_000n);
  const values = [userAccount(ann.id), escrowAccount(ann.id), ann.id];
  const used = values.slice(0, Math.max(...[...sql.matchAll(/\$(\d)/g)].map(([, at]) => Number(at)), 0));
  await expect(owner.query(sql, used)).rejects.toThrow(problem);
});

test('neither a transfer, its repeat nor a refusal reads more when the ledger is long', async () => {
  const { id, ownerId } = await person();
  await t.db.withTx(SYSTEM, 'test', async (tx) => {
    const resolve = (key: string, outcome: Outcome) =>
      resolveHold(tx, { holdKey: `hold/${id}`, key: `hold/${id}/${key}`, outcome });
    const top = { userId: id, amountMicros: 5n, key: `top_up/more/${id}` };
    const scans = async (): Promise<bigint | undefined> =>
      (
        await tx.query<{ scans: bigint }>(
          `select seq_scan as scans from pg_stat_xact_user_tables where relname = 'ledger_transfers'`,
        )
      )[0]?.scans;
    const before = await scans();
    for (let time = 0; time < 2; time += 1) {
      await topUp(tx, top);
      await hold(tx, holdOf(id, 100_000n));
      await resolve('posted', captures({ id, ownerId }, 60_000n, 2_500n));
    }
    await expect(resolve('voided', { phase: 'voided' })).rejects.toMatchObject({ code: 'already_posted' });
    expect(await scans()).toBe(before);
  });
});

test('a person moves no money and sets no balance, not even on their own account', async () => {
  const ann = await person();
  const as = (sql: string, values: unknown[]) =>
    t.db.withTx(asUser(ann.id), 'test', (tx) => tx.query(sql, values));
  await expect(
    as(`${TRANSFER} values ('intl', 'mine', 'single', null, 'deposit', $1, $2, 1, $3)`, [
      OUTSIDE,
      userAccount(ann.id),
      ann.id,
    ]),
  ).rejects.toThrow(/row-level security/);
  await expect(
    as(`insert into ledger_accounts (id, kind, owner_id, posted_micros) values ('user/x', 'user', $1, 5)`, [
      ann.id,
    ]),
  ).rejects.toThrow(/permission denied/);
  expect(await purse(ann.id)).toEqual({ balanceMicros: 1_000_000n, heldMicros: 0n });
});
