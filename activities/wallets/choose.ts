import type { Database } from '../../db/database';
import { createCircle } from '../../lib/circle';
import type { Config } from '../../lib/config';
import { circleAccess } from '../../lib/wallet-settings';
import { createCircleWallets } from './circle';
import type { WalletDriver } from './driver';
import { createLedgerWallets } from './ledger';

/** The wallets that the settings choose: the one place that knows there are several kinds. */
export function createWallets(config: Config, db: Database): WalletDriver {
  if (config.MOORING_WALLET === 'ledger') return createLedgerWallets({ db });
  const { access, place } = circleAccess(config);
  return createCircleWallets({
    db,
    circle: createCircle(access),
    ...place,
    resendMs: config.MOORING_WALLET_RESEND_MS,
  });
}
