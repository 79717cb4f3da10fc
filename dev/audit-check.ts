import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { checkAuditLog } from '../db/audit-check';
import { createDatabase } from '../db/database';
import { createPool } from '../db/pool';
import { SYSTEM } from '../domain/principal';
import { readRunFile } from './run-file';
import { readSettings } from './supervisor/settings';

/**
 * `npm run audit-check`: the whole audit log of the database that runs here, or of DATABASE_URL. `-- --head <hash>`: and
 * whether a head that was printed before is still in it. Exit code 0 only when all of it is as it was sealed.
 */
async function main(): Promise<void> {
  const keptHead = headWished();
  const settings = readSettings();
  const url = settings.DATABASE_URL ?? readRunFile(resolve(settings.MOORING_DATA_DIR))?.database_url;
  if (url === undefined) throw new Error('Mooring does not run here: npm start, then once more.');
  const db = createDatabase({
    pool: createPool(url, 1),
    region: settings.MOORING_REGION,
    onCommit: () => undefined,
  });
  try {
    const found = await db.withTx(SYSTEM, 'audit.check', (tx) => checkAuditLog(tx, keptHead));
    const { rows, seals, open, head, problem } = found;
    if (problem !== null) console.log(`WRONG: ${problem}`);
    console.log(
      `${rows} rows in ${seals} seals, ${open} not sealed yet: ` +
        (problem === null ? 'the audit log is whole.' : 'the audit log is not to be trusted from there on.'),
    );
    console.log(`head: ${head ?? 'none yet'}`);
    process.exitCode = problem === null ? 0 : 1;
  } finally {
    await db.close();
  }
}

function headWished(): string | null {
  const { head } = parseArgs({ options: { head: { type: 'string' } } }).values;
  if (head === undefined) return null;
  if (!/^[0-9a-f]{64}$/.test(head))
    throw new Error('A head is the 64 characters that this command has printed.');
  return head;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
