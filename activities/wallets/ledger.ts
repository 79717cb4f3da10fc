import type { Database } from '../../db/database';
import { accountBalance } from '../../db/wallet-moves';
import { SYSTEM } from '../../domain/principal';
import type { MoveOutcome, WalletMove } from '../../domain/wallet';
import type { WalletDriver } from './driver';

/** Wallets that are accounts of our own ledger: its transfer, in the same transaction, is the move. */
export function createLedgerWallets({ db }: { db: Database }): WalletDriver {
  const done = ({ key }: WalletMove): Promise<MoveOutcome> =>
    Promise.resolve({ kind: 'done', reference: key });
  return {
    network: 'ledger',
    openWallet: () => Promise.resolve(),
    begin: (_tx, move) => done(move),
    submit: done,
    look: done,
    estimateFee: () => Promise.resolve('0'),
    balance: (account) => db.withTx(SYSTEM, 'wallet.balance', (tx) => accountBalance(tx, account)),
  };
}
