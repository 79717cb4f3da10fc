import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parseUsdc } from '../../domain/money';
import type { MoveState } from '../../domain/wallet';
import { ApiError } from './api-error';
import type { WalletBook } from './wallets';

export type CircleState = Exclude<MoveState, 'SUBMITTED'>;

/** The way of a transfer that ends well; one that ends otherwise leaves it where that can happen. */
const WAY: CircleState[] = ['INITIATED', 'QUEUED', 'CLEARED', 'SENT', 'CONFIRMED', 'COMPLETE'];
const LEAVES_AFTER: Partial<Record<CircleState, CircleState>> = {
  DENIED: 'QUEUED',
  CANCELLED: 'QUEUED',
  FAILED: 'SENT',
  STUCK: 'SENT',
};

export interface Transaction {
  id: string;
  blockchain: string;
  walletId: string;
  tokenId: string;
  sourceAddress: string;
  destinationAddress: string;
  transactionType: 'OUTBOUND';
  custodyType: 'DEVELOPER';
  operation: 'TRANSFER';
  state: CircleState;
  amounts: string[];
  refId: string;
  feeLevel: string;
  txHash?: string;
  errorReason?: string;
  createDate: string;
  updateDate: string;
}

export interface Transfer {
  walletId: string;
  tokenId: string;
  destinationAddress: string;
  amounts: [string];
  refId?: string | undefined;
  feeLevel: string;
}

export interface TransactionBook {
  all: Transaction[];
  create: (transfer: Transfer) => Transaction;
  /** How new transfers end: in COMPLETE, in another end, or on the way, where they stay. */
  endIn: (state: CircleState) => void;
  /** Lets one that stays on the way go on to another end. */
  goOn: (id: string, state: CircleState) => void;
}

interface Deps {
  wallets: WalletBook;
  /** between two states */
  stepMs: number;
  onChange: (transaction: Transaction) => void;
}

/** Transfers, each on its way through the states. What it moves leaves at once, and comes or returns at its end. */
export function createTransactionBook({ wallets, stepMs, onChange }: Deps): TransactionBook {
  const all: Transaction[] = [];
  let end: CircleState = 'COMPLETE';

  const move = (transaction: Transaction, state: CircleState): void => {
    transaction.state = state;
    transaction.updateDate = new Date().toISOString();
    if (state === 'SENT') transaction.txHash = `0x${randomBytes(32).toString('hex')}`;
    if (state === 'FAILED') transaction.errorReason = 'FAILED_ON_CHAIN';
    const micros = parseUsdc(transaction.amounts[0] ?? '') ?? 0n;
    const to = wallets.byAddress(transaction.destinationAddress);
    if (state === 'COMPLETE' && to !== undefined) wallets.add(to.id, micros);
    if (state === 'FAILED' || state === 'DENIED' || state === 'CANCELLED') {
      wallets.add(transaction.walletId, micros);
    }
    onChange(transaction);
  };
  const run = async (transaction: Transaction, last: CircleState): Promise<void> => {
    const way = [...WAY.slice(0, WAY.indexOf(LEAVES_AFTER[last] ?? last) + 1), last];
    for (const state of way.slice(way.indexOf(transaction.state) + 1)) {
      if (state === transaction.state) continue;
      await delay(stepMs, undefined, { ref: false });
      move(transaction, state);
    }
  };
  return {
    all,
    create(transfer) {
      const from = wallets.byId(transfer.walletId);
      const micros = parseUsdc(transfer.amounts[0]) ?? 0n;
      if (wallets.balanceOf(from.id) < micros) {
        throw new ApiError(400, 155_258, 'The asset amount owned by the wallet is insufficient.');
      }
      wallets.add(from.id, -micros);
      const now = new Date().toISOString();
      const transaction: Transaction = {
        ...transfer,
        refId: transfer.refId ?? '',
        id: randomUUID(),
        blockchain: from.blockchain,
        sourceAddress: from.address,
        transactionType: 'OUTBOUND',
        custodyType: 'DEVELOPER',
        operation: 'TRANSFER',
        state: 'INITIATED',
        createDate: now,
        updateDate: now,
      };
      all.push(transaction);
      onChange(transaction);
      void run(transaction, end);
      return transaction;
    },
    endIn: (state) => void (end = state),
    goOn(id, state) {
      const transaction = all.find((candidate) => candidate.id === id);
      if (transaction !== undefined) void run(transaction, state);
    },
  };
}
