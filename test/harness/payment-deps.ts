import type { CarryDeps } from '../../activities/wallets/carry-on';
import { createLedgerWallets } from '../../activities/wallets/ledger';
import type { Database } from '../../db/database';

/** How the activities of payments go by default: wallets that are accounts of the ledger. */
export const paymentDeps = (db: Database): CarryDeps => ({
  db,
  wallets: createLedgerWallets({ db }),
  looks: { pollMs: 5, pollMaxMs: 5, lostMaxMs: 5, alarmMs: 60_000 },
});
