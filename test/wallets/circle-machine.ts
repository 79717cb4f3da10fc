import { openCircleWallet } from '../../activities/wallets/circle-wallets';
import type { Fault } from '../../dev/circle/faults';
import { wallet } from '../../db/ledger';
import { formatUsdc } from '../../domain/money';
import { SYSTEM } from '../../domain/principal';
import { ask, newEmail } from '../crash/driver';
import { openChat, patientCall } from '../harness/chat';
import type { Chat } from '../harness/chat';
import { createMachine } from '../harness/platform';
import type { Machine } from '../harness/platform';
import { ENTITY_SECRET, openCircleDesk, PLACE } from './circle-desk';
import type { CircleDesk } from './circle-desk';

type CircleFault = Pick<Fault, 'call' | 'how' | 'when'>;

/** A death of the platform in one flow of money, and what one call at Circle meets in the same flow. */
export interface Pair extends CircleFault {
  flow: Flow;
  point: string;
}

/** What a payment has come to, at Circle and in our ledger. */
interface Money {
  deaths: number;
  moves: string[];
  outside: string | undefined;
  ledger: string;
  held: string;
  /** how often the chat was told of the end */
  told: number;
  otherBodies: string[];
}

/** One way that the money of a payment of 0.05 USDC goes, of which the platform's fee is 0.0025. */
interface Flow {
  what: string;
  /** what the work is asked for with */
  mark: string;
  refunded: boolean;
  /** the frame that tells its end */
  end: 'PAYMENT_SUCCESSFUL' | 'PAYMENT_RELEASED' | 'PAYMENT_REFUNDED';
  /** where the platform dies; of a refund, counted from when it begins */
  points: string[];
  /** so many transfers go well before the one that meets a fault, counted from when the flow begins */
  skip: number;
  moves: string[];
}

/** The whole platform with its wallets at the stand-in for Circle. */
export interface CircleMachine {
  play: (pair: Pair) => Promise<Money>;
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
    MOORING_PLATFORM_FEE_BPS: '500',
    MOORING_BREAKER_FAILURES: '1000',
  });
  return {
    async play({ flow, point, ...fault }) {
      await desk.mend();
      await machine.startPlatform(flow.refunded ? [] : [point]);
      const { chat, userId } = await openPaying(machine, desk);
      const meetFault = () =>
        desk.fault({ ...fault, ...(fault.call === 'transfer' ? { skip: flow.skip } : {}) });
      await chat.say('m1', ask(flow.mark));
      const request = await chat.until(({ type }) => type === 'PAYMENT_REQUEST');
      const paymentId = String(request.data['payment_id']);
      if (!flow.refunded) await meetFault();
      await chat.answer(true);
      if (flow.refunded) {
        await chat.until(({ type }) => type === 'PAYMENT_SUCCESSFUL');
        await machine.startPlatform([point]);
        await meetFault();
        await refund(machine, paymentId);
      }
      await chat.until(({ type }) => type === flow.end);
      const frames = await chat.frames();
      const told = frames.filter(({ type }) => type === flow.end).length;
      return { ...(await moneyOf(machine, desk, { paymentId, userId })), told };
    },
    close: async () => {
      await machine.close();
      await desk.close();
    },
  };
}

/** A new person with 1.00 USDC at Circle. */
async function openPaying(machine: Machine, desk: CircleDesk): Promise<{ chat: Chat; userId: string }> {
  const chat = await openChat(machine.api, newEmail());
  const [session] = await machine.database.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query<{ userId: string }>('select user_id as "userId" from sessions where id = $1', [chat.sessionId]),
  );
  const userId = session?.userId ?? '';
  await openCircleWallet(await desk.circle(), PLACE, `user/${userId}`);
  await desk.fund(`user/${userId}`, '1.00');
  return { chat, userId };
}

/** All of it; the test user is an admin in development. */
async function refund({ api }: Machine, paymentId: string): Promise<void> {
  let token = '';
  const call = patientCall(api, () => token);
  const signIn = { email: 'test@mooring.local' };
  token = (await call<{ access_token: string }>('POST', '/dev/sign-in', signIn)).access_token;
  await call('POST', `/api/payments/${paymentId}/refund`, { id: 'r1', reason: 'the result was wrong' });
}

async function moneyOf(
  machine: Machine,
  desk: CircleDesk,
  { paymentId, userId }: { paymentId: string; userId: string },
): Promise<Omit<Money, 'told'>> {
  const { transactions, wallets, otherBodies } = await desk.record();
  const { balanceMicros, heldMicros } = await machine.database.db.withTx(SYSTEM, 'test', (tx) =>
    wallet(tx, userId),
  );
  return {
    deaths: machine.deaths(),
    moves: transactions
      .filter(({ refId }) => refId.startsWith(paymentId))
      .map(({ refId, amounts }) => `${refId.split('/')[1]} ${amounts[0]}`),
    outside: wallets.find(({ refId }) => refId === `user/${userId}`)?.balance,
    ledger: formatUsdc(balanceMicros),
    held: formatUsdc(heldMicros),
    otherBodies,
  };
}

const PAID = ['hold 0.05', 'capture 0.0475', 'fee 0.0025'];
const REFUNDED = [...PAID, 'refund 0.0475', 'refund_fee 0.0025'];
const paying = { mark: '', refunded: false, end: 'PAYMENT_SUCCESSFUL', moves: PAID } as const;
const refunding = { mark: '', refunded: true, end: 'PAYMENT_REFUNDED', moves: REFUNDED } as const;

/** Each commit and each report on the way to Circle and back. The hold is the first transfer, the fee the third. */
export const FLOWS: Flow[] = [
  {
    ...paying,
    what: 'what is held and paid',
    skip: 0,
    points: [
      'wallet.keep.commit',
      'wallet.keep.committed',
      'payment.authorize.commit',
      'payment.authorize.committed',
      'wallet.read-move.commit',
      'circle-transfer.before',
      'circle-transfer.over',
      'circle-transfer.before@2',
      'circle-transfer.over@2',
      'wallet.outcome.commit',
      'wallet.outcome.committed',
      'payment.settle.commit',
      'payment.settle.committed',
    ],
  },
  {
    ...paying,
    what: 'the fee of what is paid',
    skip: 2,
    points: [
      'settlePayment.start',
      'payment.settle.commit',
      'payment.settle.committed',
      'circle-transfer.before@3',
      'circle-transfer.over@3',
      'settlePayment.report',
    ],
  },
  {
    what: 'what is given back because the agent failed',
    mark: '#agent:fail ',
    refunded: false,
    end: 'PAYMENT_RELEASED',
    skip: 1,
    points: [
      'settlePayment.start',
      'payment.settle.commit',
      'payment.settle.committed',
      'circle-transfer.before@2',
      'circle-transfer.over@2',
      'settlePayment.report',
    ],
    moves: ['hold 0.05', 'void 0.05'],
  },
  {
    ...refunding,
    what: 'a refund by the owner',
    skip: 0,
    points: [
      'payment.refund.commit',
      'payment.refund.committed',
      'settleRefund.start',
      'refund.settle.commit',
      'refund.settle.committed',
      'wallet.read-move.commit',
      'circle-transfer.before',
      'circle-transfer.over',
      'wallet.outcome.commit',
      'wallet.outcome.committed',
      'settleRefund.report',
    ],
  },
  {
    ...refunding,
    what: 'the fee of a refund',
    skip: 1,
    points: [
      'settleRefund.start',
      'refund.settle.commit',
      'refund.settle.committed',
      'circle-transfer.before@2',
      'circle-transfer.over@2',
      'settleRefund.report',
    ],
  },
];

export const FAULTS: CircleFault[] = [
  { call: 'transfer', how: 'cut', when: 'after' },
  { call: 'transfer', how: 'cut', when: 'before' },
  { call: 'transfer', how: 503, when: 'after' },
  { call: 'transfer', how: 429, when: 'before' },
  { call: 'transfer', how: 'hang', when: 'after' },
  { call: 'list-transactions', how: 'garbage', when: 'before' },
  { call: 'get-transaction', how: 'cut', when: 'before' },
];

/** Each move once, wherever the platform died and whatever Circle answered. The ledger welcomes a person with 5.00. */
export const onceOf = ({ moves, end }: Flow): Money => {
  const kept = end === 'PAYMENT_SUCCESSFUL';
  return {
    deaths: 1,
    moves,
    outside: kept ? '0.95' : '1.00',
    ledger: kept ? '4.95' : '5.00',
    held: '0.00',
    told: 1,
    otherBodies: [],
  };
};
