import { Context } from '@temporalio/activity';
import type { Database } from '../db/database';
import { proveLedger } from '../db/ledger-proof';
import { SYSTEM } from '../domain/principal';
import type { LedgerActivities } from '../domain/workflows';
import { metrics } from '../lib/metrics';
import { activity } from './activity';

export const createLedgerActivities = ({ db }: { db: Database }): LedgerActivities => ({
  proveLedger: activity('proveLedger', async () => {
    const { transfers, problems } = await db.withTx(SYSTEM, 'ledger.prove', proveLedger);
    metrics.ledgerProblems.set(problems.length);
    if (problems.length > 0) Context.current().log.error('the ledger is wrong', { problems });
    return { transfers, problems: problems.length };
  }),
});
