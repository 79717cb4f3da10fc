import { randomUUID } from 'node:crypto';
import { deleteListing, lockListing, markListingSeen, reviewListing, wakeListing } from '../../db/listings';
import { registerListing } from '../../db/register-listing';
import { hasOpenRow } from '../../db/open-row';
import { lagging } from '../../db/reconcile';
import { findOrOpenAccount } from '../../db/users';
import { SYSTEM } from '../../domain/principal';
import { createTestDatabase } from '../harness/database';
import type { TestDatabase } from '../harness/database';

let t: TestDatabase;
let ownerId: string;
beforeAll(async () => {
  t = await createTestDatabase();
  ownerId = (await t.db.withTx(SYSTEM, 'test', (tx) => findOrOpenAccount(tx, 'owner@example.test'))).user.id;
});
afterAll(() => t.drop());

const list = async (): Promise<string> => {
  const name = randomUUID();
  const fields = { name, description: 'x', categories: [], tags: [], baseUrl: `http://127.0.0.1:1/${name}` };
  const none = { sourceCodeUrl: null, pricingSummary: null };
  const { listing } = await t.db.withTx(SYSTEM, 'test', (tx) =>
    registerListing(tx, ownerId, { ...fields, ...none }),
  );
  return listing.id;
};

/** The workflows that a pass tells: at start, or later those that have lagged for an hour. */
const told = async (when: 'start' | 'later') => {
  const pass = {
    ageMs: 3_600_000,
    idleMs: 1,
    ...(when === 'start' ? { start: { wokenAfter: null } } : {}),
  };
  const page = { rows: 'agentMonitor' as const, after: '', limit: 100 };
  return t.db.withTx(SYSTEM, 'test', (tx) => lagging(tx, pass, page));
};
const seen = (id: string) =>
  t.db.withTx(SYSTEM, 'test', async (tx) => markListingSeen(tx, await lockListing(tx, id)));
const aged = (id: string) =>
  t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query(`update agents set woken_at = now() - interval '2 hours' where id = $1`, [id]),
  );

test('at its start each open listing is told, later those that lag; a seeded one has no monitor', async () => {
  const [resting, late] = [await list(), await list()];
  await seen(resting);
  await t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query(
      `insert into agents (id, kind, owner_id, slug, name, description, base_url, status)
       values ('agt_000000000000000000000', 'service', $1, 'seeded', 'Seeded', '', 'http://127.0.0.1:1', 'ACTIVE')`,
      [ownerId],
    ),
  );
  expect((await told('start')).map(({ rowId }) => rowId).sort()).toEqual([resting, late].sort());
  expect(await told('later')).toEqual([]);
  await aged(late);
  expect(await told('later')).toEqual([
    {
      rowId: late,
      workflow: 'agentMonitor',
      workflowId: `agent-monitor/${late}`,
      input: { agentId: late, userId: ownerId },
      signal: 'listingChanged',
      signalInput: { version: 1 },
    },
  ]);
  await seen(late);
});

test('a deleted listing lags until its monitor has heard of it, and is open no more', async () => {
  const id = await list();
  const isOpen = () => t.db.withTx(SYSTEM, 'test', (tx) => hasOpenRow(tx, `agent-monitor/${id}`));
  expect(await isOpen()).toBe(true);
  const deleted = await t.db.withTx(SYSTEM, 'test', async (tx) => {
    const listing = await lockListing(tx, id);
    await deleteListing(tx, listing);
    return { ...listing, wakeVersion: listing.wakeVersion + 1 };
  });
  await aged(id);
  expect(await isOpen()).toBe(false);
  expect((await told('later')).map(({ rowId }) => rowId)).toEqual([id]);
  expect((await told('start')).map(({ rowId }) => rowId)).toContain(id);
  await t.db.withTx(SYSTEM, 'test', (tx) => markListingSeen(tx, deleted));
  expect((await told('start')).map(({ rowId }) => rowId)).not.toContain(id);
});

test('a listing that is deleted after its rejection is told to nobody again', async () => {
  const id = await list();
  const review = { decision: 'reject' as const, reviewerId: ownerId, reason: null, version: null };
  await t.db.withTx(SYSTEM, 'test', async (tx) => reviewListing(tx, await lockListing(tx, id), review));
  await seen(id); // its monitor has heard of it, and has ended
  await t.db.withTx(SYSTEM, 'test', async (tx) => deleteListing(tx, await lockListing(tx, id)));
  await aged(id);
  expect((await told('later')).map(({ rowId }) => rowId)).not.toContain(id);
});

test('each wake has a version of its own, told after its commit', async () => {
  const id = await list();
  const wake = () => t.db.withTx(SYSTEM, 'test', async (tx) => wakeListing(tx, await lockListing(tx, id)));
  const versions = await Promise.all([wake(), wake(), wake()]);
  expect(versions.sort()).toEqual([2, 3, 4]);
  const signals = t.signals.filter(({ workflowId }) => workflowId === `agent-monitor/${id}`);
  expect(signals.map(({ signalInput }) => signalInput?.['version'])).toEqual([undefined, 2, 3, 4]);
});
