import { openCircleWallet } from '../../activities/wallets/circle-wallets';
import type { Fault } from '../../dev/circle/faults';
import { wallet } from '../../db/ledger';
import { formatUsdc } from '../../domain/money';
import { SYSTEM } from '../../domain/principal';
import { ask, newEmail } from '../crash/driver';
import { openChat } from '../harness/chat';
import { createMachine } from '../harness/platform';
import { ENTITY_SECRET, openCircleDesk, PLACE } from './circle-desk';

/** A death of the platform, and what one call at Circle meets in the same payment. */
export interface Pair {
  point: string;
  call: Fault['call'];
  how: Fault['how'];
  when: Fault['when'];
}

/** What a payment has come to, at Circle and in our ledger. */
export interface Paid {
  deaths: number;
  moves: string[];
  outside: string | undefined;
  ledger: string;
  held: string;
  otherBodies: string[];
}

/** The whole platform with its wallets at the stand-in for Circle. */
export interface CircleMachine {
  payOnce: (pair: Pair) => Promise<Paid>;
  close: () => Promise<void>;
}

export async function openCircleMachine(): Promise<CircleMachine> {
  const desk = await openCircleDesk({ stepMs: 5 });
  const machine = await createMachine({
    MOORING_WALLET: 'circle',
    MOORING_CIRCLE_URL: desk.access.baseUrl,
    MOORING_CIRCLE_API_KEY: desk.access.apiKey,
    MOORING_CIRCLE_ENTITY_SECRET: ENTITY_SECRET,
    MOORING_CIRCLE_WALLET_SET: PLACE.walletSetId,
    MOORING_CIRCLE_TOKEN_ID: PLACE.tokenId,
    MOORING_WALLET_TIMEOUT_MS: '1000',
    MOORING_WALLET_POLL_MS: '50',
    MOORING_BREAKER_FAILURES: '1000',
  });
  const read = <T>(sql: string, values: unknown[]): Promise<T[]> =>
    machine.database.db.withTx(SYSTEM, 'test', (tx) => tx.query<T & Record<string, unknown>>(sql, values));
  return {
    async payOnce({ point, ...fault }) {
      await desk.mend();
      await machine.startPlatform([point]);
      const chat = await openChat(machine.api, newEmail());
      const [session] = await read<{ userId: string }>(
        'select user_id as "userId" from sessions where id = $1',
        [chat.sessionId],
      );
      const userId = session?.userId ?? '';
      await openCircleWallet(await desk.circle(), PLACE, `user/${userId}`);
      await desk.fund(`user/${userId}`, '1.00');
      await chat.say('m1', ask());
      const request = await chat.until(({ type }) => type === 'PAYMENT_REQUEST');
      await desk.fault(fault);
      await chat.answer(true);
      await chat.until(({ type }) => type === 'PAYMENT_SUCCESSFUL');
      const { transactions, wallets, otherBodies } = await desk.record();
      const made = transactions.filter(({ refId }) => refId.startsWith(String(request.data['payment_id'])));
      const { balanceMicros, heldMicros } = await machine.database.db.withTx(SYSTEM, 'test', (tx) =>
        wallet(tx, userId),
      );
      return {
        deaths: machine.deaths(),
        moves: made.map(({ refId, amounts }) => `${refId.split('/')[1]} ${amounts[0]}`),
        outside: wallets.find(({ refId }) => refId === `user/${userId}`)?.balance,
        ledger: formatUsdc(balanceMicros),
        held: formatUsdc(heldMicros),
        otherBodies,
      };
    },
    close: async () => {
      await machine.close();
      await desk.close();
    },
  };
}

/** Each commit and each report of a payment on its way to Circle and back. */
export const POINTS = [
  'wallet.keep.commit',
  'wallet.keep.committed',
  'payment.authorize.commit',
  'payment.authorize.committed',
  'wallet.read-move.commit',
  'circle-transfer.before',
  'circle-transfer.answered',
  'circle-transfer.before@2',
  'circle-transfer.answered@2',
  'wallet.outcome.commit',
  'wallet.outcome.committed',
  'payment.settle.commit',
  'payment.settle.committed',
];

export const FAULTS: Omit<Pair, 'point'>[] = [
  { call: 'transfer', how: 'cut', when: 'after' },
  { call: 'transfer', how: 'cut', when: 'before' },
  { call: 'transfer', how: 503, when: 'after' },
  { call: 'transfer', how: 429, when: 'before' },
  { call: 'transfer', how: 'hang', when: 'after' },
  { call: 'list-transactions', how: 'garbage', when: 'before' },
  { call: 'get-transaction', how: 'cut', when: 'before' },
];

/** One hold and one capture of 0.05 USDC, wherever the platform died and whatever Circle answered. */
export const PAID_ONCE: Paid = {
  deaths: 1,
  moves: ['hold 0.05', 'capture 0.05'],
  outside: '0.95',
  ledger: '4.95',
  held: '0.00',
  otherBodies: [],
};
