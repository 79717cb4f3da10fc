import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase } from '../db/database';
import type { Database } from '../db/database';
import {
  escrowAccount,
  hold,
  openAccounts,
  OUTSIDE,
  ownerAccount,
  PLATFORM,
  resolveHold,
} from '../db/ledger';
import { feeAccount, userAccount } from '../db/ledger';
import { proveLedger } from '../db/ledger-proof';
import { migrate } from '../db/migrate';
import { createPool } from '../db/pool';
import { topUp } from '../db/wallet';
import { removePostgresData } from '../dev/postgres/home';
import { startPostgres } from '../dev/postgres/postgres';
import { SYSTEM } from '../domain/principal';
import { median, runBench, times, whole } from './figures';
import type { Figure } from './figures';
import { byHand, oneRowEach } from './plain-money';

const IN_FLIGHT = 200;
const BLOCK_MS = 2_000;
const ROUNDS = 5;
const PRICE = 50_000n;
const FEE = 1_250n;
const PAYERS = 500;
const OWNERS = 100;

/** Who pays whom: the n-th payment of a run. */
export interface Crowd {
  payers: number;
  owners: number;
}
const APART: Crowd = { payers: PAYERS, owners: OWNERS };

/** One payment, held and captured, each in a transaction of its own. */
export type Pay = (number: number, crowd: Crowd) => Promise<void>;

/**
 * `npm run bench:money`: hold → capture on the ledger against two plain transactions that do the same by hand, and against
 * two of one row each, 200 in flight, in turn, on one durable PostgreSQL with one pool; then all by one payer, and all to
 * one owner.
 */
async function main(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mooring-bench-'));
  const postgres = await startPostgres({ dataDir: folder });
  const pool = createPool(postgres.url);
  // 200 behind one row wait longer than a request may.
  pool.options.connectionTimeoutMillis = 60_000;
  pool.options.statement_timeout = 60_000;
  pool.options.query_timeout = 60_000;
  const db = createDatabase({ pool, region: 'intl', onCommit: () => undefined });
  try {
    await migrate(postgres.url);
    await openPeople(db);
    const ways = {
      ledger: payOnLedger(db),
      byHand: await byHand(pool, { ...APART, price: PRICE, fee: FEE }),
      oneRow: await oneRowEach(pool),
    };
    const figures = [
      ...(await compare('all apart', { ways, crowd: APART, bound: 2 })),
      ...(await compare('one payer', { ways, crowd: { ...APART, payers: 1 } })),
      ...(await compare('one owner', { ways, crowd: { ...APART, owners: 1 } })),
    ];
    const { transfers, problems } = await db.withTx(SYSTEM, 'bench', proveLedger);
    if (problems.length > 0) throw new Error(problems.join('\n'));
    return [...figures, { what: 'transfers, proved', measured: transfers, show: whole }];
  } finally {
    await db.close();
    await postgres.stop();
    removePostgresData(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

type Way = 'ledger' | 'byHand' | 'oneRow';
const WAYS: Record<Way, string> = {
  ledger: 'ledger',
  byHand: 'two plain transactions, the same by hand',
  oneRow: 'two transactions of one row',
};

/** All ways in turn; a ratio is that of a plain rate to the ledger's, so that 2 × is half of its rate. */
async function compare(
  name: string,
  { ways, crowd, bound }: { ways: Record<Way, Pay>; crowd: Crowd; bound?: number },
): Promise<Figure[]> {
  const rates: Record<Way, number[]> = { ledger: [], byHand: [], oneRow: [] };
  const names = Object.keys(WAYS) as Way[];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const way of names) rates[way].push(await rateOf(ways[way], crowd));
    console.log(
      `${name}, round ${round + 1}: ${names.map((way) => `${way} ${whole(rates[way][round] ?? 0)}`).join(', ')}`,
    );
  }
  const ratio = (way: Way): number =>
    median(rates[way].map((rate, round) => rate / (rates.ledger[round] ?? NaN)));
  return [
    ...names.map((way) => ({
      what: `${name}: ${WAYS[way]}, payments a second`,
      measured: median(rates[way]),
      show: whole,
    })),
    {
      what: `${name}: rate by hand ÷ rate of the ledger`,
      measured: ratio('byHand'),
      show: times,
      ...(bound === undefined ? {} : { bound }),
    },
    { what: `${name}: rate of one row ÷ rate of the ledger`, measured: ratio('oneRow'), show: times },
  ];
}

let payments = 0;

async function rateOf(pay: Pay, crowd: Crowd): Promise<number> {
  const endsAt = performance.now() + BLOCK_MS;
  let done = 0;
  const from = performance.now();
  const actor = async (): Promise<void> => {
    while (performance.now() < endsAt) {
      payments += 1;
      await pay(payments, crowd);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, actor));
  return (done * 1000) / (performance.now() - from);
}

const payerOf = (number: number, { payers }: Crowd): string => `payer-${number % payers}`;
const ownerOf = (number: number, { owners }: Crowd): string => `owner-${number % owners}`;

const openPeople = (db: Database): Promise<void> =>
  db.withTx(SYSTEM, 'bench', async (tx) => {
    const payers = Array.from({ length: PAYERS }, (_, at) => `payer-${at}`);
    const owners = Array.from({ length: OWNERS }, (_, at) => `owner-${at}`);
    const fees = new Set(Array.from({ length: 500 }, (_, at) => feeAccount(String(at))));
    openAccounts(tx, [
      ...payers.map((id) => ({ id: userAccount(id), kind: 'user' as const, ownerId: id })),
      ...payers.map((id) => ({ id: escrowAccount(id), kind: 'escrow' as const, ownerId: id })),
      ...owners.map((id) => ({ id: ownerAccount(id), kind: 'owner' as const, ownerId: id })),
      ...[...fees].map((id) => ({ id, kind: 'fees' as const, ownerId: PLATFORM })),
      { id: OUTSIDE, kind: 'outside', ownerId: PLATFORM },
    ]);
    for (const userId of payers) {
      await topUp(tx, { userId, amountMicros: 1_000_000_000_000n, key: `top_up/${userId}` });
    }
  });

const payOnLedger =
  (db: Database): Pay =>
  async (number, crowd) => {
    const userId = payerOf(number, crowd);
    const ownerId = ownerOf(number, crowd);
    const paymentId = `pay-${number}`;
    const holdKey = `payment/${paymentId}/hold`;
    await db.withTx(SYSTEM, 'bench', (tx) =>
      hold(tx, {
        key: holdKey,
        kind: 'hold',
        debit: userAccount(userId),
        credit: escrowAccount(userId),
        amountMicros: PRICE,
        ownerId: userId,
        paymentId,
      }),
    );
    await db.withTx(SYSTEM, 'bench', (tx) =>
      resolveHold(tx, {
        holdKey,
        key: `payment/${paymentId}/capture`,
        outcome: {
          phase: 'posted',
          amountMicros: PRICE,
          onward: [
            {
              key: `payment/${paymentId}/paid`,
              kind: 'capture',
              credit: ownerAccount(ownerId),
              amountMicros: PRICE - FEE,
              ownerId,
            },
            {
              key: `payment/${paymentId}/fee`,
              kind: 'fee',
              credit: feeAccount(paymentId),
              amountMicros: FEE,
              ownerId: PLATFORM,
            },
          ],
        },
      }),
    );
  };

runBench(main);
