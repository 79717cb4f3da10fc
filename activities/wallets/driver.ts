import type { Tx } from '../../db/database';
import type { MicroUsdc } from '../../domain/money';
import type { MoveOutcome, SubmittedMove, WalletMove } from '../../domain/wallet';

/** Where the money of accounts lies, and how it moves there. Chosen by a setting; who moves money does not know which. */
export interface WalletDriver {
  /** as a payment's request names it */
  network: string;
  /** Opens the wallet behind an account of the ledger. One that is open stays as it is. */
  openWallet: (account: string) => Promise<void>;
  /**
   * In the transaction that records why money is to move: what is known of the move, which may be done at once. Null: it
   * is written down now, and is to be submitted when that transaction has committed.
   */
  begin: (tx: Tx, move: WalletMove) => Promise<MoveOutcome | null>;
  /** The first call for a move, right after the commit that wrote it down. */
  submit: (move: SubmittedMove) => Promise<MoveOutcome>;
  /** What has become of a move that may have been submitted. Makes it, under its key, where it was surely not made. */
  look: (move: SubmittedMove) => Promise<MoveOutcome>;
  /** What the network takes for a move, as a decimal string of its own coin. */
  estimateFee: (move: WalletMove) => Promise<string>;
  balance: (account: string) => Promise<MicroUsdc>;
}
