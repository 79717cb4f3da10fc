import { SYSTEM } from '../../domain/principal';
import { savepoint } from '../../db/database';
import { recordSignal } from '../../db/outbox';
import type { Tx } from '../../db/database';
import { createTestDatabase } from '../harness/database';
import type { TestDatabase } from '../harness/database';

let t: TestDatabase;
beforeAll(async () => {
  t = await createTestDatabase();
});
afterAll(() => t.drop());

const account = (tx: Tx, email: string): void =>
  tx.write(`insert into users (id, email, name) values ('usr_' || substr(md5($1), 1, 21), $1, 'x')`, [email]);
const isThere = (email: string): Promise<boolean> =>
  t.db.withTx(SYSTEM, 'test', async (tx) => {
    const rows = await tx.query('select id from users where email = $1', [email]);
    return rows.length === 1;
  });
const UNIQUE = expect.objectContaining({ code: '23505' }) as unknown;

test('what is written without waiting is read by what is asked next, and committed', async () => {
  const read = await t.db.withTx(SYSTEM, 'test', (tx) => {
    account(tx, 'a@example.test');
    return tx.query<{ email: string }>(`select email from users where email = 'a@example.test'`);
  });
  expect(read).toEqual([{ email: 'a@example.test' }]);
  expect(await isThere('a@example.test')).toBe(true);
});

test('a write that fails as the last of all fails its transaction, and nothing of it stays', async () => {
  const failing = t.db.withTx(SYSTEM, 'test', (tx) => {
    account(tx, 'b@example.test');
    account(tx, 'b@example.test');
    return Promise.resolve('done');
  });
  await expect(failing).rejects.toEqual(UNIQUE);
  expect(await isThere('b@example.test')).toBe(false);
});

test('a query after it is refused with the reason of the write', async () => {
  const failing = t.db.withTx(SYSTEM, 'test', async (tx) => {
    account(tx, 'c@example.test');
    account(tx, 'c@example.test');
    await tx.query('select 1');
  });
  await expect(failing).rejects.toEqual(UNIQUE);
});

test('a write that fails in a part takes that part back, and no more', async () => {
  await t.db.withTx(SYSTEM, 'test', async (tx) => {
    account(tx, 'd@example.test');
    const part = savepoint(tx, () => {
      account(tx, 'd@example.test');
      return Promise.resolve();
    });
    await expect(part).rejects.toEqual(UNIQUE);
  });
  expect(await isThere('d@example.test')).toBe(true);
});

test('a query that fails and is caught without a part of its own fails the transaction, which tells nothing', async () => {
  const { length: told } = t.signals;
  const failing = t.db.withTx(SYSTEM, 'test.caught', async (tx) => {
    account(tx, 'e@example.test');
    recordSignal(tx, {
      workflow: 'payment',
      workflowId: 'payment/none',
      input: { paymentId: 'none' },
      signal: null,
      signalInput: null,
    });
    await tx.query('select nothing_of_the_kind').catch(() => []);
    return 'done';
  });
  await expect(failing).rejects.toThrow('test.caught had a query that failed: nothing of it is kept.');
  expect(await isThere('e@example.test')).toBe(false);
  expect(t.signals).toHaveLength(told);
});
