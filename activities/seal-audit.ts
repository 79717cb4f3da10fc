import { setTimeout as pause } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { auditHorizon, sealNext } from '../db/audit-seals';
import type { Database } from '../db/database';
import { SYSTEM } from '../domain/principal';
import type { AuditActivities } from '../domain/workflows';
import { activity } from './activity';

/** Between two looks whether the transactions that were under way have ended. */
const LOOK_MS = 100;

export const createAuditActivities = ({ db }: { db: Database }): AuditActivities => ({
  sealAudit: activity('sealAudit', async (_input, signal) => {
    const done = { rows: 0, seals: 0 };
    const horizon = await db.withTx(SYSTEM, 'audit.look', auditHorizon);
    while (horizon !== null) {
      const sealed = await db.withTx(SYSTEM, 'audit.seal', (tx) => sealNext(tx, horizon));
      if (sealed === 'sealed') break;
      if (sealed === 'waits') {
        signal.throwIfAborted();
        await pause(LOOK_MS);
        continue;
      }
      done.rows += sealed.rows;
      done.seals += 1;
      // Whoever keeps the log's lines elsewhere keeps a head that nobody can rewrite here.
      const { number, rows, hash } = sealed;
      Context.current().log.info(`the audit log is sealed: seal ${number}, ${rows} rows, head ${hash}`);
    }
    return done;
  }),
});
