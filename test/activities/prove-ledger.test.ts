import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { LogEntry } from '@temporalio/worker';
import { Client } from 'pg';
import { createLedgerActivities } from '../../activities/prove-ledger';
import { findOrOpenAccount } from '../../db/users';
import { topUp } from '../../db/wallet';
import { SYSTEM } from '../../domain/principal';
import { metrics } from '../../lib/metrics';
import { createTestDatabase } from '../harness/database';
import type { TestDatabase } from '../harness/database';

let t: TestDatabase;
let owner: Client;
beforeAll(async () => {
  t = await createTestDatabase();
  owner = new Client({ connectionString: t.url });
  await owner.connect();
  await t.db.withTx(SYSTEM, 'test', async (tx) => {
    const { user } = await findOrOpenAccount(tx, 'ann@example.test');
    await topUp(tx, { userId: user.id, amountMicros: 1_000_000n, key: 'welcome' });
  });
});
afterAll(async () => {
  await owner.end();
  await t.drop();
});

async function prove() {
  const lines: LogEntry[] = [];
  const logger = new DefaultLogger('ERROR', (line) => void lines.push(line));
  const { proveLedger } = createLedgerActivities({ db: t.db });
  const environment = new MockActivityEnvironment({}, { logger });
  const found = await environment.run<
    [Record<string, never>],
    { transfers: number; problems: number },
    typeof proveLedger
  >(proveLedger, {});
  const [counted] = (await metrics.ledgerProblems.get()).values;
  return { found, lines, counted: counted?.value };
}

test('a ledger that is whole is proved, and nobody is alarmed', async () => {
  expect(await prove()).toEqual({ found: { transfers: 1, problems: 0 }, lines: [], counted: 0 });
});

test.each([
  [
    'a balance that somebody has set',
    `update ledger_accounts set posted_micros = posted_micros + 1 where kind = 'user'`,
    /says 1000001 posted/,
  ],
  [
    'a transfer that somebody has changed',
    `update ledger_transfers set amount_micros = 2000000`,
    /its transfers make 2000000/,
  ],
])(
  '%s is an alarm: a line at level error that names the account, and a figure',
  async (_what, sql, words) => {
    await owner.query(
      `alter table ledger_accounts disable trigger user; alter table ledger_transfers disable trigger user; ${sql}`,
    );
    const { found, lines, counted } = await prove();
    expect(found.problems).toBeGreaterThan(0);
    expect(counted).toBe(found.problems);
    expect(lines).toMatchObject([{ level: 'ERROR', message: 'the ledger is wrong' }]);
    expect(JSON.stringify(lines[0]?.meta)).toMatch(words);
    await owner.query(
      `update ledger_accounts set posted_micros = case kind when 'user' then 1000000 else -1000000 end where kind in ('user', 'outside');
     update ledger_transfers set amount_micros = 1000000;
     alter table ledger_accounts enable trigger user; alter table ledger_transfers enable trigger user`,
    );
    expect((await prove()).found.problems).toBe(0);
  },
);
