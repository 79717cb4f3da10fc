import type { Database } from '../../db/database';
import { findWallet, keepWallet, recordMove } from '../../db/wallet-moves';
import type { OutsideWallet } from '../../db/wallet-moves';
import { formatUsdc, parseUsdc } from '../../domain/money';
import { SYSTEM } from '../../domain/principal';
import { refIdOf } from '../../domain/wallet';
import type { MoveOutcome, SubmittedMove, WalletMove } from '../../domain/wallet';
import type { Circle } from '../../lib/circle';
import { failpoint } from '../../lib/failpoints';
import { ask, Balances, Created, failureOf, Fees, OneTransaction, outcomeOf, whyOf } from './circle-answers';
import { findTransaction } from './circle-search';
import { openCircleWallet } from './circle-wallets';
import type { WalletPlace } from './circle-wallets';
import type { WalletDriver } from './driver';

export interface CircleDeps extends WalletPlace {
  db: Database;
  circle: () => Promise<Circle>;
  /** Circle's name of USDC on that chain */
  tokenId: string;
  /** how long after its first call a move that is not to be found may be made again under its key */
  resendMs: number;
}

/** Wallets at Circle, which holds their keys (docs/wallets.md). */
export function createCircleWallets(deps: CircleDeps): WalletDriver {
  const { db, blockchain } = deps;
  const open = async (account: string): Promise<OutsideWallet> => {
    const kept = await db.withTx(SYSTEM, 'wallet.find', (tx) => findWallet(tx, blockchain, account));
    if (kept !== null) return kept;
    const opened = await openCircleWallet(await deps.circle(), deps, account);
    return db.withTx(SYSTEM, 'wallet.keep', (tx) => keepWallet(tx, blockchain, opened));
  };
  return {
    network: blockchain,
    openWallet: async (account) => void (await open(account)),
    begin: (tx, move) => recordMove(tx, blockchain, move),
    submit: async (move) => {
      const transfer = await send(deps, { move, from: await open(move.from), to: await open(move.to) });
      return transfer === 'never'
        ? { kind: 'refused', state: 'FAILED', reference: null, code: 'wallet_rejected' }
        : transfer;
    },
    look: async (move) =>
      move.reference === null ? lookFor(deps, move, open) : readTransaction(deps, move.reference),
    async estimateFee(move) {
      const [from, to] = [await open(move.from), await open(move.to)];
      const circle = await deps.circle();
      const { medium } = await ask(Fees, 'the estimate of a fee', () =>
        circle.estimateTransferFee({
          walletId: from.walletId,
          destinationAddress: to.address,
          tokenId: deps.tokenId,
          amount: [formatUsdc(move.amountMicros)],
        }),
      );
      return medium.networkFee;
    },
    async balance(account) {
      const { walletId } = await open(account);
      const circle = await deps.circle();
      const { tokenBalances } = await ask(Balances, 'the balance of a wallet', () =>
        circle.getWalletTokenBalance({ id: walletId }),
      );
      const ours = tokenBalances.find(({ token }) => token.id === deps.tokenId);
      return parseUsdc(ours?.amount ?? '0') ?? 0n;
    },
  };
}

interface Transfer {
  move: WalletMove;
  from: OutsideWallet;
  to: OutsideWallet;
}

/** The one call that moves money: its key and its reference are the move's, its secret is sealed anew each time. */
async function send(deps: CircleDeps, { move, from, to }: Transfer): Promise<MoveOutcome | 'never'> {
  const circle = await deps.circle();
  failpoint('circle-transfer', 'before');
  try {
    const transfer = circle.createTransaction({
      idempotencyKey: move.key,
      refId: refIdOf(move),
      walletId: from.walletId,
      tokenId: deps.tokenId,
      destinationAddress: to.address,
      amount: [formatUsdc(move.amountMicros)],
      fee: { type: 'level', config: { feeLevel: 'MEDIUM' } },
    });
    const answer = await transfer.finally(() => failpoint('circle-transfer', 'over'));
    return outcomeOf(Created.parse(answer.data));
  } catch (error) {
    switch (failureOf(error)) {
      case 'not-made':
        return { kind: 'pending', state: 'SUBMITTED', reference: null };
      case 'never':
        return 'never';
      case 'unknown':
        return { kind: 'unknown', why: whyOf('the transfer', error) };
    }
  }
}

/**
 * Circle cannot be asked by our key. So what has left the wallet since the move was written down is listed and matched by
 * its reference; where nothing is, the same key is sent once more, as long as it surely means the same there.
 */
async function lookFor(
  deps: CircleDeps,
  move: SubmittedMove,
  open: (account: string) => Promise<OutsideWallet>,
): Promise<MoveOutcome> {
  const [from, to] = [await open(move.from), await open(move.to)];
  const found = await findTransaction(await deps.circle(), { move, from, to });
  if (found.kind === 'one') return outcomeOf(found.transaction);
  if (found.kind === 'unsure') return { kind: 'unknown', why: found.why };
  if (Date.now() - Date.parse(move.submittedAt) >= deps.resendMs) {
    return { kind: 'unknown', why: 'it is not to be found, and its key is too old to be sent again' };
  }
  const transfer = await send(deps, { move, from, to });
  // A refusal of this call says nothing of an earlier one.
  return transfer === 'never'
    ? { kind: 'unknown', why: 'the same key was refused when sent again' }
    : transfer;
}

async function readTransaction(deps: CircleDeps, reference: string): Promise<MoveOutcome> {
  try {
    const answer = await (await deps.circle()).getTransaction({ id: reference });
    return outcomeOf(OneTransaction.parse(answer.data).transaction);
  } catch {
    // It was made; how far it has come is asked again.
    return { kind: 'pending', state: 'INITIATED', reference };
  }
}
