import { LISTING_EDGES, LISTING_STATUSES } from '../../domain/agent';
import { PAYMENT_EDGES, PAYMENT_STATES } from '../../domain/payment';
import { SYSTEM, asUser } from '../../domain/principal';
import { TASK_EDGES, TASK_STATUSES } from '../../domain/task';
import { findOrOpenAccount } from '../../db/users';
import { createSession } from '../../db/sessions';
import { acceptMessage } from '../../db/messages';
import { createTestDatabase } from '../harness/database';
import type { TestDatabase } from '../harness/database';

let t: TestDatabase;
beforeAll(async () => {
  t = await createTestDatabase();
});
afterAll(() => t.drop());

const openAccount = async (email: string) =>
  (await t.db.withTx(SYSTEM, 'test', (tx) => findOrOpenAccount(tx, email))).user;

const openSession = async (userId: string) =>
  t.db.withTx(asUser(userId), 'test', (tx) =>
    createSession(tx, { userId, title: null, budgetMicros: 2_000_000n, metadata: {} }),
  );

test('every table has row-level security on, forced, with a policy', async () => {
  const rows = await t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query<{ name: string }>(
      `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'public' and c.relkind = 'r' and c.relname <> 'schema_migrations'
          and not (c.relrowsecurity and c.relforcerowsecurity
                   and exists (select from pg_policy p where p.polrelid = c.oid))`,
    ),
  );
  expect(rows).toEqual([]);
});

test('a policy that looks at another table looks at one row of it, never at all of them', async () => {
  const rows = await t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query<{ policy: string }>(
      `select tablename || '.' || policyname as policy from pg_policies
        where schemaname = 'public'
          and regexp_count(concat(qual, with_check), 'SELECT') <> regexp_count(concat(qual, with_check), 'OFFSET 0')`,
    ),
  );
  expect(rows).toEqual([]);
});

test('the task edges of the database are those of domain/task.ts', async () => {
  const rows = await t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query<{ edge: string }>(`select from_status || ' ' || to_status as edge from task_edges`),
  );
  const edges = TASK_STATUSES.flatMap((from) => TASK_EDGES[from].map((to) => `${from} ${to}`));
  expect(rows.map((row) => row.edge).sort()).toEqual(edges.sort());
});

test('the listing edges of the database are those of domain/agent.ts', async () => {
  const rows = await t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query<{ edge: string }>(`select from_status || ' ' || to_status as edge from listing_edges`),
  );
  const edges = LISTING_STATUSES.flatMap((from) => LISTING_EDGES[from].map((to) => `${from} ${to}`));
  expect(rows.map((row) => row.edge).sort()).toEqual(edges.sort());
});

test('the payment edges of the database are those of domain/payment.ts', async () => {
  const rows = await t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query<{ edge: string }>(`select from_state || ' ' || to_state as edge from payment_edges`),
  );
  const edges = PAYMENT_STATES.flatMap((from) => PAYMENT_EDGES[from].map((to) => `${from} ${to}`));
  expect(rows.map((row) => row.edge).sort()).toEqual(edges.sort());
});

test('a person sees neither the sessions nor the log of another', async () => {
  const [ann, ben] = [await openAccount('ann@example.test'), await openAccount('ben@example.test')];
  const session = await openSession(ann.id);
  await t.db.withTx(asUser(ann.id), 'test', (tx) =>
    acceptMessage(tx, { sessionId: session.id, clientId: 'a', content: 'mine' }),
  );
  for (const table of ['sessions', 'session_events', 'messages', 'users', 'ledger_accounts']) {
    const seen = await t.db.withTx(asUser(ben.id), 'test', (tx) =>
      tx.query<{ n: number }>(
        `select count(*)::int as n from ${table} where ${table === 'users' ? 'id' : table === 'ledger_accounts' ? 'owner_id' : 'user_id'} = $1`,
        [ann.id],
      ),
    );
    expect({ table, n: seen[0]?.n }).toEqual({ table, n: 0 });
  }
  await expect(
    t.db.withTx(asUser(ben.id), 'test', (tx) =>
      acceptMessage(tx, { sessionId: session.id, clientId: 'b', content: 'theirs' }),
    ),
  ).rejects.toMatchObject({ code: 'session_not_found' });
});

test('a repeated message id answers with the first seq, and with other words it is refused', async () => {
  const ann = await openAccount('ann@example.test');
  const session = await openSession(ann.id);
  const send = (clientId: string, content: string) =>
    t.db.withTx(asUser(ann.id), 'test', (tx) =>
      acceptMessage(tx, { sessionId: session.id, clientId, content }),
    );
  const first = await send('m1', 'hello');
  await send('m2', 'second');
  expect(await send('m1', 'hello')).toEqual(first);
  await expect(send('m1', 'other words')).rejects.toMatchObject({ code: 'idempotency_conflict' });
  expect(t.signals.filter((signal) => signal.workflowId === `session/${session.id}`)).toHaveLength(2);
});

test('messages sent at the same moment get a dense sequence', async () => {
  const ann = await openAccount('ann@example.test');
  const session = await openSession(ann.id);
  const seqs = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      t.db.withTx(asUser(ann.id), 'test', (tx) =>
        acceptMessage(tx, { sessionId: session.id, clientId: `c${n}`, content: `message ${n}` }),
      ),
    ),
  );
  expect(seqs.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 20 }, (_, n) => n + 1),
  );
});

test('a connection that is lost in a transaction fails that one, and the next has another', async () => {
  const lost = t.db.withTx(SYSTEM, 'test', async (tx) => {
    const [mine] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
    await t.db.withTx(SYSTEM, 'test', (other) =>
      other.query(`reset role; select pg_terminate_backend(${mine?.pid ?? 0})`),
    );
    // the next round trip of another connection comes back after the loss has been told
    await t.db.withTx(SYSTEM, 'test', (other) => other.query('select pg_sleep(0.05)'));
    await tx.query('select 1');
  });
  await expect(lost).rejects.toThrow();
  expect(await t.db.withTx(SYSTEM, 'test', (tx) => tx.query('select 1 as one'))).toEqual([{ one: 1 }]);
});
