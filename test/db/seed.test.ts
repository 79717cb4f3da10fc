import { DEMO_AGENTS } from '../../dev/agents/catalogue';
import { seed } from '../../dev/seed';
import { findOrOpenAccount } from '../../db/users';
import { registerListing } from '../../db/register-listing';
import { SYSTEM } from '../../domain/principal';
import { createTestDatabase } from '../harness/database';
import type { TestDatabase } from '../harness/database';

const agents = DEMO_AGENTS.map(({ slug }) => ({
  name: slug,
  base_url: 'http://127.0.0.1:1',
  orchestrator_key: 'ok_demo',
  signing_secret: 'whsec_demo',
}));

let t: TestDatabase;
beforeEach(async () => {
  t = await createTestDatabase();
});
afterEach(() => t.drop());

const seedDemo = () =>
  seed({
    databaseUrl: t.url,
    region: 'intl',
    secret: 'a secret of the tests that is long enough',
    agents,
  });
const rows = () =>
  t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query<Record<string, unknown>>(
      `select a.*, (select count(*)::int from agent_keys k where k.agent_id = a.id) as keys
       from agents a where kind = 'service' order by slug`,
    ),
  );

test('each demo agent is listed with its price, also where it was listed without one', async () => {
  await seedDemo();
  const prices = DEMO_AGENTS.map(({ slug, pricing_summary }) => ({ slug, pricing_summary }));
  expect(await rows()).toEqual(
    expect.arrayContaining(prices.map((price) => expect.objectContaining(price) as unknown)),
  );
  await t.db.withTx(SYSTEM, 'test', (tx) => tx.query('update agents set pricing_summary = null'));
  await seedDemo();
  expect((await rows()).map(({ pricing_summary }) => pricing_summary)).not.toContain(null);
});

test("a person's listing under a demo agent's slug stays theirs; the demo agent is listed beside it, once", async () => {
  const { listing: theirs } = await t.db.withTx(SYSTEM, 'test', async (tx) => {
    const { user } = await findOrOpenAccount(tx, 'ann@example.test');
    return registerListing(tx, user.id, {
      name: 'Text analyst',
      description: 'Mine.',
      categories: ['writing'],
      tags: ['text'],
      baseUrl: 'https://ann.example',
      sourceCodeUrl: null,
      pricingSummary: null,
    });
  });
  expect(theirs.slug).toBe('text-analyst');
  const [before] = await rows();
  await seedDemo();
  await seedDemo();
  const after = await rows();
  expect(after.find(({ id }) => id === theirs.id)).toEqual(before);
  expect(after).toHaveLength(7);
  expect(after.find(({ slug }) => slug === 'text-analyst-2')).toMatchObject({
    name: 'Plainsight',
    base_url: 'http://127.0.0.1:1',
    status: 'ACTIVE',
    keys: 1,
  });
});
