import { sealedKeys } from '../../db/agents';
import { createDatabase } from '../../db/database';
import { createPool } from '../../db/pool';
import { findOrOpenAccount } from '../../db/users';
import { asUser, SYSTEM } from '../../domain/principal';
import { createSeal } from '../../lib/seal';
import { seed } from '../../dev/seed';
import { createTestDatabase } from '../harness/database';
import type { TestDatabase } from '../harness/database';

const SECRET = 'a secret of the tests that is long enough';
const agent = {
  name: 'text-analyst',
  base_url: 'http://127.0.0.1:1',
  orchestrator_key: 'ok_first',
  signing_secret: 'whsec_first',
};

let t: TestDatabase;
beforeEach(async () => {
  t = await createTestDatabase();
});
afterEach(() => t.drop());

test('the keys of a listed agent are for the system only, and a second seed replaces them', async () => {
  await seed({ databaseUrl: t.url, region: 'intl', secret: SECRET, agents: [agent] });
  await seed({
    databaseUrl: t.url,
    region: 'intl',
    secret: SECRET,
    agents: [{ ...agent, orchestrator_key: 'ok_second' }],
  });
  const { user } = await t.db.withTx(SYSTEM, 'test', (tx) => findOrOpenAccount(tx, 'ann@example.test'));
  const [listed, ...others] = await t.db.withTx(asUser(user.id), 'test', (tx) =>
    tx.query<Record<string, unknown> & { id: string }>(`select * from agents where kind = 'service'`),
  );
  expect(others).toEqual([]);
  expect(Object.keys(listed ?? {}).filter((column) => /key|secret/.test(column))).toEqual([]);
  const id = listed?.id ?? '';
  expect(await t.db.withTx(asUser(user.id), 'test', (tx) => tx.query('select 1 from agent_keys'))).toEqual(
    [],
  );
  const keys = await t.db.withTx(SYSTEM, 'test', (tx) => sealedKeys(tx, id));
  const { open } = createSeal(SECRET);
  expect([open(keys.orchestratorKey), open(keys.signingSecret)]).toEqual(['ok_second', 'whsec_first']);
});

test('the demo is seeded into the region of the settings', async () => {
  await seed({ databaseUrl: t.url, region: 'cn', secret: SECRET, agents: [agent] });
  const count = `select slug from agents where kind = 'service'`;
  expect(await t.db.withTx(SYSTEM, 'test', (tx) => tx.query(count))).toEqual([]);
  const cn = createDatabase({ pool: createPool(t.url, 1), region: 'cn', onCommit: () => undefined });
  expect(await cn.withTx(SYSTEM, 'test', (tx) => tx.query(count)).finally(() => cn.close())).toEqual([
    { slug: 'text-analyst' },
  ]);
});
