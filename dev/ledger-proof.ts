import { resolve } from 'node:path';
import { createDatabase } from '../db/database';
import { proveLedger } from '../db/ledger-proof';
import { createPool } from '../db/pool';
import { SYSTEM } from '../domain/principal';
import { readRunFile } from './run-file';
import { readSettings } from './supervisor/settings';

/**
 * `npm run ledger-proof`: the whole ledger of the database that runs here, or of DATABASE_URL. Exit code 0 only when it is
 * proved.
 */
async function main(): Promise<void> {
  const settings = readSettings();
  const url = settings.DATABASE_URL ?? readRunFile(resolve(settings.MOORING_DATA_DIR))?.database_url;
  if (url === undefined) throw new Error('Mooring does not run here: npm start, then once more.');
  const db = createDatabase({
    pool: createPool(url, 1),
    region: settings.MOORING_REGION,
    onCommit: () => undefined,
  });
  try {
    const { accounts, transfers, openHolds, problems } = await db.withTx(SYSTEM, 'ledger.prove', proveLedger);
    for (const problem of problems) console.log(`WRONG: ${problem}`);
    console.log(
      `${transfers} transfers between ${accounts} accounts, ${openHolds} holds open: ` +
        (problems.length === 0 ? 'the ledger is whole.' : `${problems.length} problems.`),
    );
    process.exitCode = problems.length === 0 ? 0 : 1;
  } finally {
    await db.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
