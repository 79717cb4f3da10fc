import { randomBytes } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { LogEntry } from '@temporalio/worker';
import { Client } from 'pg';
import { createAuditActivities } from '../../activities/seal-audit';
import { linkOf, NO_SEAL, sealHash } from '../../db/audit-chain';
import { checkAuditLog } from '../../db/audit-check';
import { auditHorizon, sealNext } from '../../db/audit-seals';
import type { Horizon } from '../../db/audit-seals';
import { setBudgets } from '../../db/budgets';
import { createDatabase } from '../../db/database';
import { migrate } from '../../db/migrate';
import { createPool } from '../../db/pool';
import { findOrOpenAccount } from '../../db/users';
import { asUser, SYSTEM } from '../../domain/principal';
import { createTestDatabase } from '../harness/database';
import type { TestDatabase } from '../harness/database';
import { all, read } from '../house/files';

let t: TestDatabase;
let owner: Client;
let ann: string;
beforeEach(async () => {
  t = await createTestDatabase();
  owner = new Client({ connectionString: t.url });
  await owner.connect();
  ann = (await t.db.withTx(SYSTEM, 'test', (tx) => findOrOpenAccount(tx, 'ann@example.test'))).user.id;
});
afterEach(async () => {
  await owner.end();
  await t.drop();
});

let micros = 0n;
const setBudget = () =>
  t.db.withTx(asUser(ann), 'test', (tx) =>
    setBudgets(tx, ann, { dayMicros: (micros += 1n), monthMicros: null }),
  );

async function seal() {
  const lines: LogEntry[] = [];
  const logger = new DefaultLogger('INFO', (line) => void lines.push(line));
  const { sealAudit } = createAuditActivities(t);
  const environment = new MockActivityEnvironment({}, { logger });
  const done = await environment.run<
    [Record<string, never>],
    { rows: number; seals: number },
    typeof sealAudit
  >(sealAudit, {});
  return {
    done,
    heads: lines.flatMap(({ message }) => /^the audit log is sealed: (.*)$/.exec(message)?.[1] ?? []),
  };
}
/** Other tests have transactions of their own on the same server. */
async function sealUpTo(horizon: Horizon, db = t.db) {
  for (;;) {
    const sealed = await db.withTx(SYSTEM, 'test', (tx) => sealNext(tx, horizon));
    if (sealed !== 'waits') return sealed;
  }
}
const check = (head: string | null = null) => t.db.withTx(SYSTEM, 'test', (tx) => checkAuditLog(tx, head));

test('the hashes are those that another program makes', () => {
  const row = {
    id: 7n,
    region: 'intl',
    at: '2026-11-23T10:00:00.000001Z',
    actorKind: 'user',
    actorId: 'usr_ann',
    action: 'budget.set',
    subjectKind: 'user',
    subjectId: 'usr_ann',
    details: '{"day_micros": "2000000"}',
    requestId: 'req_1',
  };
  const next = {
    ...row,
    id: 9n,
    at: '2026-11-23T10:00:01.500000Z',
    actorKind: 'system',
    actorId: 'system',
    action: 'payment.held',
    subjectKind: 'payment',
    subjectId: 'pay_1',
    details: '{"from": "AUTHORIZING"}',
    requestId: null,
  };
  const first = linkOf(NO_SEAL, row);
  const link = linkOf(first, next);
  expect(first.toString('hex')).toBe('1a8d3998aa71283b5aad571c86a8aaa321b104ffd98041d9a325b9ddd3033bbd');
  expect(link.toString('hex')).toBe('ad3a81dd76129b1a2dcb3e267c39c21eb5f5d3cbb294ba5378c219fa4fb0d422');
  const head = { number: 1, firstId: 7n, lastId: 9n, rows: 2, sealedAt: '2026-11-23T11:07:00.000000Z' };
  const hash = sealHash({ region: 'intl', previous: NO_SEAL, link, ...head });
  expect(hash.toString('hex')).toBe('ed98bb59158610b28d6180e3c876ace935a02dede75f35a82ca58f51fab10f6c');
});

test('a seal is over all that was not sealed, however long that was; without rows there is none', async () => {
  await setBudget();
  await setBudget();
  const first = await seal();
  expect(first.done).toEqual({ rows: 3, seals: 1 });
  expect((await seal()).done).toEqual({ rows: 0, seals: 0 });
  await setBudget();
  expect(await check()).toMatchObject({ rows: 3, seals: 1, open: 1, problem: null });
  const second = await seal();
  expect(second.done).toEqual({ rows: 1, seals: 1 });
  const found = await check();
  expect(found).toMatchObject({ rows: 4, seals: 2, open: 0, problem: null });
  // Each head stands in the log of the platform, which is kept elsewhere.
  expect(second.heads).toEqual([`seal 2, 1 rows, head ${found.head ?? ''}`]);
  const [kept] = /\w{64}/.exec(first.heads[0] ?? '') ?? [];
  expect((await check(kept)).problem).toBeNull();
});

test('of ten seals at once one is made', async () => {
  await setBudget();
  const done = await Promise.all(Array.from({ length: 10 }, () => seal()));
  expect(done.reduce((sum, { done: { rows } }) => sum + rows, 0)).toBe(2);
  expect(await check()).toMatchObject({ rows: 2, seals: 1, open: 0, problem: null });
});

test('a row whose transaction commits late is waited for, and sealed in its place', async () => {
  await owner.query('begin');
  await owner.query(`insert into budgets (user_id, region, day_micros) values ($1, 'intl', 1)`, [ann]);
  await t.db.withTx(SYSTEM, 'test', (tx) => findOrOpenAccount(tx, 'ben@example.test'));
  const horizon = await t.db.withTx(SYSTEM, 'test', auditHorizon);
  if (horizon === null) throw new Error('there is nothing to seal');
  const next = () => t.db.withTx(SYSTEM, 'test', (tx) => sealNext(tx, horizon));
  expect(await next()).toBe('waits');
  const sealing = seal();
  expect(await check()).toMatchObject({ seals: 0, open: 2 });
  await owner.query('commit');
  expect((await sealing).done).toEqual({ rows: 3, seals: 1 });
  expect(await sealUpTo(horizon)).toBe('sealed');
  const rows = await owner.query<{ action: string }>(
    'select action from audit_log join audit_links using (id) order by id',
  );
  expect(rows.rows.map(({ action }) => action)).toEqual(['account.opened', 'budget.set', 'account.opened']);
  expect(await check()).toMatchObject({ rows: 3, problem: null });
});

test('a row below the newest one is waited for, also when its transaction is the younger one', async () => {
  const younger = new Client({ connectionString: t.url });
  await younger.connect();
  try {
    await owner.query('begin');
    await owner.query('select pg_current_xact_id()');
    await younger.query('begin');
    await younger.query(`insert into budgets (user_id, region, day_micros) values ($1, 'intl', 1)`, [ann]);
    await owner.query(
      `insert into users (id, region, email, name) values ('usr_${'e'.repeat(21)}', 'intl', 'eve@example.test', 'Eve')`,
    );
    await owner.query('commit');
    const horizon = await t.db.withTx(SYSTEM, 'test', auditHorizon);
    if (horizon === null) throw new Error('there is nothing to seal');
    expect(await t.db.withTx(SYSTEM, 'test', (tx) => sealNext(tx, horizon))).toBe('waits');
    await younger.query('commit');
    await sealUpTo(horizon);
    expect(await check()).toMatchObject({ open: 0, problem: null });
  } finally {
    await younger.end();
  }
});

test('a transaction that comes later is not waited for', async () => {
  await setBudget();
  const horizon = await t.db.withTx(SYSTEM, 'test', auditHorizon);
  if (horizon === null) throw new Error('there is nothing to seal');
  await owner.query('begin');
  await owner.query('update budgets set day_micros = 99999');
  expect(await sealUpTo(horizon)).toMatchObject({ rows: 2 });
  await owner.query('commit');
  expect((await seal()).done).toEqual({ rows: 1, seals: 1 });
});

test('what a hand has changed at the database itself is told as that', async () => {
  await setBudget();
  await owner.query('update budgets set day_micros = 1000000000');
  const { rows } = await owner.query<{ actor: string }>(
    `select actor_kind || ' ' || actor_id as actor from audit_log where action = 'budget.set' order by id`,
  );
  expect(rows.map(({ actor }) => actor)).toEqual([`user ${ann}`, `database ${owner.user ?? ''}`]);
});

test('a row that nobody seals for two hours is an alarm', async () => {
  await seal();
  const insert = (ago: string) =>
    owner.query(
      `insert into audit_log (region, at, actor_kind, actor_id, action, subject_kind, subject_id, details)
       values ('intl', now() - interval '${ago}', 'system', 'system', 'account.opened', 'user', 'usr_x', '{}')`,
    );
  await insert('119 minutes');
  expect((await check()).problem).toBeNull();
  await insert('121 minutes');
  expect((await check()).problem).toMatch(/^row 3 is not sealed yet, .* nobody seals$/);
  await seal();
  expect((await check()).problem).toBeNull();
});

test.each(['audit_log', 'audit_seals', 'audit_links'])('%s only grows, whoever it is', async (table) => {
  await seal();
  const changes = [`update ${table} set region = 'x'`, `delete from ${table}`, `truncate ${table}`];
  for (const sql of changes) {
    await expect(t.db.withTx(SYSTEM, 'test', (tx) => tx.query(sql))).rejects.toThrow('permission denied');
    await expect(owner.query(sql)).rejects.toThrow('the audit log only grows');
  }
  const seen = await t.db.withTx(asUser(ann), 'test', (tx) => tx.query(`select 1 from ${table}`));
  expect(seen).toEqual([]);
});

test('nobody writes the log but the facts: neither the platform itself, nor by the function that writes', async () => {
  const tries = [
    `insert into audit_log (region, actor_kind, actor_id, action, subject_kind, subject_id, details)
     values ('intl', 'user', 'usr_x', 'budget.set', 'user', 'usr_x', '{}')`,
    `select audit_record('intl', 'budget.set', 'user', 'usr_x', '{}')`,
  ];
  for (const sql of tries) {
    await expect(t.db.withTx(SYSTEM, 'test', (tx) => tx.query(sql))).rejects.toThrow('permission denied');
  }
});

test('docs/operations.md has every action that the log knows, and no other', async () => {
  const { rows } = await owner.query<{ rule: string }>(
    `select pg_get_constraintdef(oid) as rule from pg_constraint where conname = 'audit_log_action_check'`,
  );
  const known = all(rows[0]?.rule ?? '', /'([a-z_]+\.[a-z_]+)'/g);
  const section = read('docs/operations.md').split('## The audit log')[1]?.split('\n## ')[0] ?? '';
  const named = section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => all(line.split('|')[1] ?? '', /`([a-z_.]+)`/g));
  expect(known.length).toBeGreaterThan(30);
  expect(named.sort()).toEqual(known.sort());
});

test('an owner of the database whom row-level security binds as well writes the log no less', async () => {
  const name = `owner_${randomBytes(4).toString('hex')}`;
  await owner.query(`create role ${name} login nosuperuser createrole password 'x'`);
  await owner.query(`grant mooring_app to ${name} with admin option`);
  await owner.query(`create database ${name} owner ${name}`);
  try {
    const url = Object.assign(new URL(t.url), {
      pathname: `/${name}`,
      username: name,
      password: 'x',
    }).toString();
    await migrate(url);
    const db = createDatabase({ pool: createPool(url, 2), region: 'intl', onCommit: () => undefined });
    const { user } = await db.withTx(SYSTEM, 'test', (tx) => findOrOpenAccount(tx, 'ann@example.test'));
    await db.withTx(asUser(user.id), 'test', (tx) =>
      setBudgets(tx, user.id, { dayMicros: 1n, monthMicros: null }),
    );
    const horizon = await db.withTx(SYSTEM, 'test', auditHorizon);
    if (horizon === null) throw new Error('there is nothing to seal');
    expect(await sealUpTo(horizon, db)).toMatchObject({ rows: 2 });
    expect(await db.withTx(SYSTEM, 'test', (tx) => checkAuditLog(tx, null))).toMatchObject({ problem: null });
    await db.close();
  } finally {
    await owner.query(`drop database ${name} with (force)`);
    await owner.query(`drop owned by ${name}; drop role ${name}`);
  }
});
