import { formatUsdc } from '../../domain/money';
import { notFound } from './api-error';
import type { Entity } from './entity';
import type { Call, FaultBook } from './faults';
import {
  CreateTransfer,
  CreateWallets,
  EstimateFee,
  GetTransaction,
  ListBalances,
  ListTransactions,
  ListWallets,
  read,
} from './requests';
import type { TransactionBook } from './transactions';
import { pageOf } from './wallets';
import type { WalletBook } from './wallets';
import type { Webhooks } from './webhooks';

/** What the stand-in has, and what it has seen. */
export interface Desk {
  apiKey: string;
  entity: Entity;
  wallets: WalletBook;
  transactions: TransactionBook;
  webhooks: Webhooks;
  faults: FaultBook;
  /** the first answer under each key */
  answers: Map<string, { at: number; request: string; answer: Answer }>;
  record: {
    /** transfers that were asked for, repeats included */
    transferCalls: number;
    /** keys that came again with another request */
    otherBodies: string[];
  };
  /** how long a new transaction is missing in lists */
  listLagMs: number;
  /** how long a key is remembered; null: for ever */
  keyTtlMs: number | null;
}

interface Input {
  query: Record<string, string>;
  body: unknown;
}

export interface Answer {
  status: 200 | 201;
  data: unknown;
}

interface Route {
  name: Call;
  method: 'GET' | 'POST';
  path: RegExp;
  answer: (desk: Desk, input: Input & { id: string }) => Answer;
}

const ok = (data: unknown): Answer => ({ status: 200, data });

const ROUTES: Route[] = [
  {
    name: 'public-key',
    method: 'GET',
    path: /^\/v1\/w3s\/config\/entity\/publicKey$/,
    answer: ({ entity }) => ok({ publicKey: entity.publicKey }),
  },
  {
    name: 'signature-key',
    method: 'GET',
    path: /^\/v2\/notifications\/publicKey\/([\w-]+)$/,
    answer({ webhooks: { keyId, publicKey } }, { id }) {
      if (id !== keyId) throw notFound();
      return ok({ id, algorithm: 'ECDSA_SHA_256', publicKey, createDate: new Date(0).toISOString() });
    },
  },
  {
    name: 'create-wallets',
    method: 'POST',
    path: /^\/v1\/w3s\/developer\/wallets$/,
    answer(desk, { body }) {
      const { idempotencyKey, entitySecretCiphertext, ...wish } = read(CreateWallets, body);
      desk.entity.check(entitySecretCiphertext);
      return once(desk, { idempotencyKey, wish }, () => {
        const wallets = wish.blockchains.flatMap((blockchain) =>
          Array.from({ length: wish.count ?? 1 }, (_, place) =>
            desk.wallets.create({
              blockchain,
              walletSetId: wish.walletSetId,
              accountType: wish.accountType ?? 'EOA',
              ...wish.metadata?.[place],
            }),
          ),
        );
        return { status: 201, data: { wallets } };
      });
    },
  },
  {
    name: 'list-wallets',
    method: 'GET',
    path: /^\/v1\/w3s\/wallets$/,
    answer({ wallets }, { query }) {
      const { refId, walletSetId, blockchain, address, ...page } = read(ListWallets, query);
      const rows = wallets.all.filter(
        (wallet) =>
          (refId === undefined || wallet.refId === refId) &&
          (walletSetId === undefined || wallet.walletSetId === walletSetId) &&
          (blockchain === undefined || wallet.blockchain === blockchain) &&
          (address === undefined || wallet.address === address),
      );
      return ok({ wallets: pageOf(rows, page) });
    },
  },
  {
    name: 'balances',
    method: 'GET',
    path: /^\/v1\/w3s\/wallets\/([\w-]+)\/balances$/,
    answer({ wallets }, { id, query }) {
      read(ListBalances, query);
      const wallet = wallets.byId(id);
      const amount = formatUsdc(wallets.balanceOf(id));
      const { blockchain, createDate, updateDate } = wallet;
      const token = { id: TOKEN_ID, symbol: 'USDC', decimals: 6, isNative: false, blockchain };
      return ok({
        tokenBalances: [{ amount, updateDate, token: { ...token, createDate, updateDate } }],
      });
    },
  },
  {
    name: 'estimate',
    method: 'POST',
    path: /^\/v1\/w3s\/transactions\/transfer\/estimateFee$/,
    answer({ wallets }, { body }) {
      wallets.byId(read(EstimateFee, body).walletId);
      const fee = { gasLimit: '65000', baseFee: '1', priorityFee: '1', maxFee: '3', networkFee: '0.000195' };
      return ok({ low: fee, medium: fee, high: fee });
    },
  },
  {
    name: 'transfer',
    method: 'POST',
    path: /^\/v1\/w3s\/developer\/transactions\/transfer$/,
    answer(desk, { body }) {
      desk.record.transferCalls += 1;
      const { idempotencyKey, entitySecretCiphertext, ...transfer } = read(CreateTransfer, body);
      desk.entity.check(entitySecretCiphertext);
      return once(desk, { idempotencyKey, wish: transfer }, () => {
        const { id, state } = desk.transactions.create(transfer);
        return { status: 201, data: { id, state } };
      });
    },
  },
  {
    name: 'get-transaction',
    method: 'GET',
    path: /^\/v1\/w3s\/transactions\/([\w-]+)$/,
    answer({ transactions }, { id, query }) {
      read(GetTransaction, query);
      const transaction = transactions.all.find((candidate) => candidate.id === id);
      if (transaction === undefined) throw notFound();
      return ok({ transaction });
    },
  },
  {
    name: 'list-transactions',
    method: 'GET',
    path: /^\/v1\/w3s\/transactions$/,
    answer({ transactions, listLagMs }, { query }) {
      const wish = read(ListTransactions, query);
      const walletIds = wish.walletIds?.split(',');
      const listedUntil = new Date(Date.now() - listLagMs).toISOString();
      const rows = transactions.all.filter(
        (row) =>
          row.createDate <= listedUntil &&
          (walletIds === undefined || walletIds.includes(row.walletId)) &&
          (wish.state === undefined || row.state === wish.state) &&
          (wish.txHash === undefined || row.txHash === wish.txHash) &&
          (wish.txType === undefined || row.transactionType === wish.txType) &&
          (wish.destinationAddress === undefined || row.destinationAddress === wish.destinationAddress),
      );
      return ok({ transactions: pageOf(rows, wish) });
    },
  },
];

/** Circle's name of USDC, as the stand-in has it. */
export const TOKEN_ID = '36b6931a-873a-56a8-8a27-b706b17104ee';

export interface FoundCall {
  name: Call;
  id: string;
  route: Route;
}

export function callOf(method: string, path: string): FoundCall | null {
  for (const route of ROUTES) {
    const match = route.path.exec(path);
    if (match !== null && route.method === method) return { name: route.name, id: match[1] ?? '', route };
  }
  return null;
}

export const answerCall = (desk: Desk, { route, id }: FoundCall, input: Input): Answer =>
  route.answer(desk, { ...input, id });

/** The same key is the same request: its first answer is given again. */
function once(
  { answers, record, keyTtlMs }: Desk,
  { idempotencyKey, wish }: { idempotencyKey: string; wish: unknown },
  make: () => Answer,
): Answer {
  const request = JSON.stringify(wish);
  const before = answers.get(idempotencyKey);
  if (before !== undefined && (keyTtlMs === null || Date.now() - before.at < keyTtlMs)) {
    if (before.request !== request) record.otherBodies.push(idempotencyKey);
    return before.answer;
  }
  const answer = make();
  answers.set(idempotencyKey, { at: Date.now(), request, answer });
  return answer;
}
