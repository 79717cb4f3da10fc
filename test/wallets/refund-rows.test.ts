import { Client } from 'pg';
import type { Tx } from '../../db/database';
import { proveLedger } from '../../db/ledger-proof';
import type { Refund } from '../../db/refunds';
import { asUser } from '../../domain/principal';
import { setCircleRefunds } from './circle-refunds';
import type { CircleRefunds } from './circle-refunds';

let c: CircleRefunds;
let owner: Client;
let refund: Refund;
beforeAll(async () => {
  c = await setCircleRefunds();
  owner = new Client({ connectionString: c.stage.t.url });
  await owner.connect();
  const done = await c.giveBack(await c.paid());
  expect(await c.untilOver(done)).toBe('done');
  refund = await c.giveBack(await c.paid());
});
afterAll(async () => {
  await owner.end();
  await c.close();
});

let last: Promise<unknown> = Promise.resolve();
const bare = {
  query: <R extends object>(sql: string, values?: unknown[]): Promise<R[]> => {
    const next = last.then(async () => (await owner.query<R>(sql, values)).rows);
    last = next;
    return next;
  },
} as Tx;

/** What is wrong after somebody did this by hand; undone again. */
async function problemsAfter(sql: string): Promise<string> {
  await owner.query('begin');
  try {
    await owner.query(`alter table ledger_transfers disable trigger user; ${sql}`);
    return (await proveLedger(bare)).problems.join('\n');
  } finally {
    await owner.query('rollback');
  }
}

const HOLDS = `phase = 'pending' and key like 'payment/%/refund/%/`;

test('a ledger with a refund that is done and one that is pending is whole', async () => {
  expect(await problemsAfter('')).toBe('');
});

test.each([
  [
    'of another amount than it holds',
    `update refunds set amount_micros = 50001 where state = 'pending'`,
    'is pending and holds 50000, 2500 of it of the fee',
  ],
  [
    'of another part of the fee',
    `update refunds set fee_micros = 2400 where state = 'pending'`,
    'is pending and holds 50000, 2500 of it of the fee',
  ],
  [
    'that is said to be done while its money is held',
    `update refunds set state = 'done', ended_at = now() where state = 'pending'`,
    'is done and holds 50000',
  ],
  [
    'that holds nothing of the fee',
    `delete from ledger_transfers where ${HOLDS}fee' and id = (select max(id) from ledger_transfers where ${HOLDS}fee')`,
    'is pending and holds 47500, 0 of it of the fee',
  ],
])('a refund %s is found', async (_what, sql, words) => {
  expect(await problemsAfter(sql)).toContain(`refund ${refund.id} ${words}`);
});

test('money that is held for a refund which is not there is found', async () => {
  const gone = `alter table wallet_moves disable trigger user; delete from wallet_moves where refund_id = '${refund.id}';
    delete from refunds where id = '${refund.id}'`;
  expect(await problemsAfter(gone)).toContain(`refund ${refund.id} is gone and holds 50000`);
});

test('the database ends a refund once, and lets nobody but the platform end it', async () => {
  const asked = await c.paid();
  const refund = await c.giveBack(asked);
  const set = (state: string) => `update refunds set state = '${state}', ended_at = now() where id = $1`;
  await c.stage.t.db.withTx(asUser(asked.chat.userId), 'test', (tx) => tx.query(set('done'), [refund.id]));
  expect(await c.untilOver(refund)).toBe('done');
  await expect(c.inTx((tx) => tx.query(set('failed'), [refund.id]))).rejects.toThrow('is done');
});
