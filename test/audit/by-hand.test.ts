import { Client } from 'pg';
import { createTestApi } from '../api/harness';
import type { TestApi } from '../api/harness';
import { askToPay, pay } from '../api/payment';
import { auditOf } from './read';
import type { Told } from './read';

// As somebody who has the database's own login.
let api: TestApi;
let ann: { userId: string; token: string };
let owner: Client;
beforeAll(async () => {
  api = await createTestApi();
  ann = await api.signIn('ann@example.test');
  owner = new Client({ connectionString: api.t.url });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await api.stop();
});

const byHand = (sql: string, values: unknown[]): Promise<Told[]> =>
  auditOf(api.t, () => owner.query(sql, values));
const itself = { actor: expect.stringMatching(/^database \w+$/) as unknown };

test('a budget that a hand changes, moves to somebody else or deletes is told as the database’s', async () => {
  const other = await api.signIn('bea@example.test');
  const body = { day_usdc: '2', month_usdc: null };
  await api.call('/api/wallet/budgets', { method: 'PUT', token: ann.token, body });
  const change = 'update budgets set day_micros = 9000000 where user_id = $1';
  expect(await byHand(change, [ann.userId])).toEqual([
    { ...itself, action: 'budget.set', subjectId: ann.userId, details: { day_micros: '9000000' } },
  ]);
  expect(await byHand(change, [ann.userId])).toEqual([]);
  const moved = await byHand('update budgets set user_id = $2 where user_id = $1', [
    ann.userId,
    other.userId,
  ]);
  expect(moved).toMatchObject([
    { ...itself, action: 'budget.set', subjectId: other.userId, details: { of: ann.userId } },
  ]);
  expect(await byHand('delete from budgets where user_id = $1', [other.userId])).toEqual([
    { ...itself, action: 'budget.removed', subjectId: other.userId, details: { day_micros: '9000000' } },
  ]);
});

test('a standing rule that a hand widens, puts in force again or deletes is told with what it was', async () => {
  const body = { payment_usdc: '0.10', day_usdc: '1' };
  const { id } = (await api.call('/api/wallet/rules', { token: ann.token, body })).body as unknown as {
    id: string;
  };
  const before = { user_id: ann.userId, payment_micros: '100000', day_micros: '1000000' };
  const wider = { ...before, day_micros: '9000000' };
  const fact = { ...itself, subjectId: id };
  expect(await byHand('update standing_rules set day_micros = 9000000 where id = $1', [id])).toMatchObject([
    { ...fact, action: 'rule.changed', details: { ...wider, before, in_force: true } },
  ]);
  await api.call(`/api/wallet/rules/${id}`, { method: 'DELETE', token: ann.token });
  expect(await byHand('update standing_rules set revoked_at = null where id = $1', [id])).toMatchObject([
    { ...fact, action: 'rule.changed', details: { ...wider, in_force: true } },
  ]);
  expect(await byHand('update standing_rules set revoked_at = now() where id = $1', [id])).toMatchObject([
    { ...fact, action: 'rule.revoked' },
  ]);
  expect(await byHand('delete from standing_rules where id = $1', [id])).toMatchObject([
    { ...fact, action: 'rule.removed', details: wider },
  ]);
});

test('a payment whose price, owner or sums a hand changes is told with what they were; so is one that is deleted', async () => {
  const payee = await api.signIn('owner@example.test');
  const sessionId = (await api.openSession(ann.token)).id;
  const paid = await pay(api.t.db, { sessionId, userId: ann.userId, ownerId: payee.userId });
  const fact = { ...itself, action: 'payment.changed', subjectId: paid };
  const was = { agent_owner_id: payee.userId, amount_micros: '50000', captured_micros: '50000' };
  const set = (sql: string) => byHand(`update payments set ${sql} where id = $1`, [paid]);
  expect(await set('amount_micros = 70000')).toMatchObject([
    { ...fact, details: { ...was, amount_micros: '70000', before: was } },
  ]);
  expect(await set('amount_micros = 50000')).toHaveLength(1);
  expect(await set(`agent_owner_id = '${ann.userId}'`)).toMatchObject([
    { ...fact, details: { agent_owner_id: ann.userId, before: was } },
  ]);
  expect(await set('refunded_micros = 20000')).toMatchObject([
    { ...fact, details: { refunded_micros: '20000' } },
  ]);
  const { rows } = await owner.query<object>('select offer_hash from payments where id = $1', [paid]);
  expect(await set(`offer_hash = 'another'`)).toMatchObject([
    { ...fact, details: { offer_hash: 'another', before: rows[0] } },
  ]);
  expect(await set('wake_version = wake_version + 1, woken_at = now()')).toEqual([]);
  const another = (await api.openSession(ann.token)).id;
  const asked = await askToPay(api.t.db, { sessionId: another, userId: ann.userId });
  await owner.query('delete from payment_events where payment_id = $1', [asked]);
  expect(await byHand('delete from payments where id = $1', [asked])).toMatchObject([
    { ...itself, action: 'payment.removed', subjectId: asked, details: { amount_micros: '50000' } },
  ]);
});

test.each(['budgets', 'standing_rules', 'payments'])('%s cannot be emptied as a whole', async (table) => {
  await expect(owner.query(`truncate ${table} cascade`)).rejects.toThrow(`truncate of ${table} is refused`);
});
