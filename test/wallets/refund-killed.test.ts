import { openCircleWallet } from '../../activities/wallets/circle-wallets';
import { wallet } from '../../db/ledger';
import { formatUsdc } from '../../domain/money';
import { SYSTEM } from '../../domain/principal';
import { ask, newEmail } from '../crash/driver';
import { openChat, patientCall } from '../harness/chat';
import { createMachine } from '../harness/platform';
import type { Machine } from '../harness/platform';
import { ENTITY_SECRET, openCircleDesk, PLACE } from './circle-desk';
import type { CircleDesk } from './circle-desk';

let desk: CircleDesk;
let machine: Machine;
beforeAll(async () => {
  desk = await openCircleDesk({ stepMs: 5 });
  machine = await createMachine({
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
}, 60_000);
afterAll(async () => {
  await machine.close();
  await desk.close();
});

/** A new person with 1.00 USDC at Circle. */
async function openPaying() {
  const chat = await openChat(machine.api, newEmail());
  const userId = await machine.database.db.withTx(SYSTEM, 'test', async (tx) => {
    const [session] = await tx.query<{ userId: string }>(
      'select user_id as "userId" from sessions where id = $1',
      [chat.sessionId],
    );
    return session?.userId ?? '';
  });
  await openCircleWallet(await desk.circle(), PLACE, `user/${userId}`);
  await desk.fund(`user/${userId}`, '1.00');
  return { chat, userId };
}

/** Pays 0.05 USDC and gives all of it back; what that has come to at Circle and in our ledger. */
async function payAndRefund(point: string) {
  await machine.startPlatform([point]);
  const { chat, userId } = await openPaying();
  await chat.say('m1', ask());
  await chat.answer(true);
  const { data } = await chat.until(({ type }) => type === 'PAYMENT_SUCCESSFUL');
  const paymentId = String(data['payment_id']);
  let token = '';
  const call = patientCall(machine.api, () => token);
  // The test user is an admin in development.
  const signIn = { email: 'test@mooring.local' };
  token = (await call<{ access_token: string }>('POST', '/dev/sign-in', signIn)).access_token;
  await call('POST', `/api/payments/${paymentId}/refund`, { id: 'r1', reason: 'the result was wrong' });
  await chat.until(({ type }) => type === 'PAYMENT_REFUNDED');
  const { transactions, wallets, otherBodies } = await desk.record();
  const { balanceMicros, heldMicros } = await machine.database.db.withTx(SYSTEM, 'test', (tx) =>
    wallet(tx, userId),
  );
  const frames = await chat.frames();
  return {
    deaths: machine.deaths(),
    moves: transactions
      .filter(({ refId }) => refId.startsWith(paymentId))
      .map(({ refId, amounts }) => `${refId.split('/')[1]} ${amounts[0]}`),
    outside: wallets.find(({ refId }) => refId === `user/${userId}`)?.balance,
    ledger: formatUsdc(balanceMicros),
    held: formatUsdc(heldMicros),
    told: frames.filter(({ type }) => type === 'PAYMENT_REFUNDED').length,
    otherBodies,
  };
}

// The hold, the capture and the fee are transfers 1 to 3; the refund's two parts are the next.
test.each([
  'settleRefund.start',
  'refund.settle.commit',
  'refund.settle.committed',
  'circle-transfer.before@4',
  'circle-transfer.answered@4',
  'circle-transfer.answered@5',
  'settleRefund.report',
])(
  'killed at %s, a refund moves once',
  async (point) => {
    expect(await payAndRefund(point)).toEqual({
      deaths: 1,
      moves: ['hold 0.05', 'capture 0.0475', 'fee 0.0025', 'refund 0.0475', 'refund_fee 0.0025'],
      outside: '1.00',
      ledger: '5.00',
      held: '0.00',
      told: 1,
      otherBodies: [],
    });
  },
  60_000,
);
