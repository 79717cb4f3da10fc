import { randomBytes, randomUUID } from 'node:crypto';
import { notFound } from './api-error';
import type { Page } from './requests';

export interface Wallet {
  id: string;
  address: string;
  blockchain: string;
  walletSetId: string;
  name?: string | undefined;
  refId?: string | undefined;
  state: 'LIVE';
  custodyType: 'DEVELOPER';
  accountType: string;
  createDate: string;
  updateDate: string;
}

export interface WalletBook {
  all: Wallet[];
  create: (wish: Pick<Wallet, 'blockchain' | 'walletSetId' | 'name' | 'refId' | 'accountType'>) => Wallet;
  byId: (id: string) => Wallet;
  byAddress: (address: string) => Wallet | undefined;
  /** in micro-USDC; what is on its way out is gone already */
  balanceOf: (id: string) => bigint;
  add: (id: string, micros: bigint) => void;
}

/** `faucetMicros`: test money that a new wallet of a person holds. */
export function createWalletBook(faucetMicros: bigint): WalletBook {
  const all: Wallet[] = [];
  const balances = new Map<string, bigint>();
  const balanceOf = (id: string): bigint => balances.get(id) ?? 0n;
  return {
    all,
    create(wish) {
      const now = new Date().toISOString();
      const wallet: Wallet = {
        ...wish,
        id: randomUUID(),
        address: `0x${randomBytes(20).toString('hex')}`,
        state: 'LIVE',
        custodyType: 'DEVELOPER',
        createDate: now,
        updateDate: now,
      };
      all.push(wallet);
      if (wallet.refId?.startsWith('user/') === true) balances.set(wallet.id, faucetMicros);
      return wallet;
    },
    byId(id) {
      const wallet = all.find((candidate) => candidate.id === id);
      if (wallet === undefined) throw notFound();
      return wallet;
    },
    byAddress: (address) => all.find((wallet) => wallet.address.toLowerCase() === address.toLowerCase()),
    balanceOf,
    add: (id, micros) => void balances.set(id, balanceOf(id) + micros),
  };
}

/** A page as Circle cuts it: newest first unless asked otherwise, beginning after or ending before an id. */
export function pageOf<T extends { id: string; createDate: string }>(
  rows: T[],
  {
    pageAfter,
    pageBefore,
    pageSize,
    order,
    from,
    to,
  }: Page & { from?: string | undefined; to?: string | undefined },
): T[] {
  const inTime = rows.filter(
    ({ createDate }) => (from === undefined || createDate >= from) && (to === undefined || createDate <= to),
  );
  const sorted = order === 'ASC' ? inTime : [...inTime].reverse();
  const at = (id: string): number => sorted.findIndex((row) => row.id === id);
  if (pageBefore !== undefined) return sorted.slice(Math.max(0, at(pageBefore) - pageSize), at(pageBefore));
  const start = pageAfter === undefined ? 0 : at(pageAfter) + 1;
  return sorted.slice(start, start + pageSize);
}
