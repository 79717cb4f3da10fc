import { createPaymentActivities } from '../../activities/payments';
import { createCircleWallets } from '../../activities/wallets/circle';
import { proveLedger } from '../../db/ledger-proof';
import { findOrOpenAccount } from '../../db/users';
import { decideByHand, ifNotMade, unknownPayments } from '../../db/wallet-decisions';
import { readPayment } from '../../db/payment-pages';
import { openMove, raiseAlarm } from '../../db/wallet-moves';
import { SYSTEM } from '../../domain/principal';
import type { MoveStep } from '../../domain/wallet';
import { metrics } from '../../lib/metrics';
import { run, STAGE_SECRET } from '../activities/stage';
import { createTestApi } from '../api/harness';
import { PLACE } from './circle-desk';
import { LOST_MAX_MS, setCirclePayments } from './circle-payments';
import type { Asked, CirclePayments } from './circle-payments';

let c: CirclePayments;
beforeAll(async () => {
  c = await setCirclePayments();
});
afterEach(async () => {
  await c.mend();
  expect(await c.stage.t.db.withTx(SYSTEM, 'test', proveLedger)).toMatchObject({ problems: [] });
});
afterAll(() => c.close());

/** An admin of the platform. */
const admin = (name: string): Promise<string> =>
  c.stage.t.db.withTx(
    SYSTEM,
    'test',
    async (tx) => (await findOrOpenAccount(tx, `${name}@example.test`)).user.id,
  );
const decide = (
  { paymentId: id }: Asked,
  said: { adminId: string; outcome: 'made' | 'not_made'; step?: MoveStep; resendMs?: number },
): Promise<{ counts: boolean }> => {
  const { step = 'hold', resendMs = 0, ...rest } = said;
  const refId = `${id}/${step}`;
  return c.stage.t.db.withTx(SYSTEM, 'test', (tx) =>
    decideByHand(tx, { ...rest, id, refId, reason: 'looked up in the console', resendMs }),
  );
};

describe('by hand', () => {
  /** A hold that Circle never took, and of which it cannot be asked. */
  async function lost(): Promise<Asked> {
    const asked = await c.approved();
    await c.desk.fault({ call: 'transfer', how: 'cut', when: 'before' });
    await c.desk.fault({ call: 'list-transactions', how: 503, when: 'before', times: 99 });
    expect(await c.until(asked, 'UNKNOWN')).toBe('UNKNOWN');
    return asked;
  }

  test('one admin is not enough, twice the same one neither; a second one who says the same is', async () => {
    const asked = await lost();
    const [ann, bob] = [await admin('ann'), await admin('bob')];
    expect(await decide(asked, { adminId: ann, outcome: 'not_made' })).toEqual({ counts: false });
    expect(await decide(asked, { adminId: ann, outcome: 'not_made' })).toEqual({ counts: false });
    expect((await c.settle(asked)).state).toBe('UNKNOWN');
    await expect(decide(asked, { adminId: ann, outcome: 'made' })).rejects.toMatchObject({
      code: 'idempotency_conflict',
    });
    expect(await decide(asked, { adminId: bob, outcome: 'not_made' })).toEqual({ counts: true });
    expect((await c.settle(asked)).state).toBe('FAILED');
    expect(await c.money(asked)).toMatchObject({ moves: [], ledger: '1.00', held: '0.00' });
    await expect(decide(asked, { adminId: bob, outcome: 'made' })).rejects.toMatchObject({
      code: 'payment_not_open',
    });
  });

  test('nobody says not_made while the move may still be sent again under its key', async () => {
    const asked = await lost();
    const early = { adminId: await admin('ann'), outcome: 'not_made' as const, resendMs: 3_600_000 };
    await expect(decide(asked, early)).rejects.toMatchObject({
      code: 'payment_not_open',
      details: { retry_after_ms: expect.any(Number) as number },
    });
  });

  test('a capture that may still be sent again is not owed by hand: who makes it before would pay twice', async () => {
    const asked = await c.approved();
    await c.until(asked, 'HELD');
    await c.work(asked);
    await c.desk.fault({ call: 'transfer', how: 'cut', when: 'before' });
    await c.desk.fault({ call: 'list-transactions', how: 503, when: 'before', times: 1 });
    expect((await c.settle(asked)).state).toBe('UNKNOWN');
    const adminId = await admin('ann');
    const say = (resendMs: number) =>
      decide(asked, { adminId, outcome: 'not_made', step: 'capture', resendMs });
    await expect(say(3_600_000)).rejects.toMatchObject({
      message: expect.stringContaining('make no other transfer for it before') as string,
      details: { retry_after_ms: expect.any(Number) as number },
    });
    await expect(say(0)).rejects.toThrow('0.05 USDC still has to go');
    const [seen] = (await c.stage.t.db.withTx(SYSTEM, 'test', unknownPayments)).filter(
      ({ id }) => id === asked.paymentId,
    );
    if (seen === undefined) throw new Error('it is not listed');
    expect([ifNotMade(seen, 3_600_000), ifNotMade(seen, 0)]).toEqual(['may_be_sent', 'must_be_made']);
    // It is sent again by the platform, as it was said.
    expect(await c.until(asked, 'CAPTURED')).toBe('CAPTURED');
    expect(await c.money(asked)).toMatchObject({ moves: ['hold 0.05', 'capture 0.05'], held: '0.00' });
  });

  test('what was found out of the hold is not taken for the capture that holds it up meanwhile', async () => {
    const asked = await lost();
    const [ann, bob] = [await admin('ann'), await admin('bob')];
    expect(await decide(asked, { adminId: ann, outcome: 'made' })).toEqual({ counts: false });
    await c.desk.mend();
    expect(await c.until(asked, 'HELD')).toBe('HELD');
    await c.work(asked);
    await c.desk.ways({ end_in: 'FAILED' });
    expect(await c.until(asked, 'UNKNOWN')).toBe('UNKNOWN');
    const late = decide(asked, { adminId: bob, outcome: 'made' });
    await expect(late).rejects.toMatchObject({
      code: 'payment_not_open',
      details: { ref_id: `${asked.paymentId}/capture` },
    });
    const kept = await asked.chat.rows(
      'select 1 from wallet_decisions d join wallet_moves m on m.key = d.move_key where m.payment_id = $1',
      [asked.paymentId],
    );
    expect(kept).toHaveLength(1);
  });

  test('a transfer that Circle has found, and not ended, is not said away; its end decides', async () => {
    const asked = await c.approved();
    await c.desk.ways({ end_in: 'STUCK' });
    await c.desk.fault({ call: 'transfer', how: 'cut', when: 'after' });
    await c.desk.fault({ call: 'list-transactions', how: 503, when: 'before' });
    expect((await c.authorize(asked)).state).toBe('UNKNOWN');
    const reference = async () =>
      (await c.stage.t.db.withTx(SYSTEM, 'test', (tx) => openMove(tx, asked.paymentId)))?.reference ?? null;
    while ((await reference()) === null) expect((await c.settle(asked)).state).toBe('UNKNOWN');
    const adminId = await admin('ann');
    await expect(decide(asked, { adminId, outcome: 'not_made' })).rejects.toThrow('its end decides');
    const early = { adminId, outcome: 'made' as const, resendMs: 3_600_000 };
    await expect(decide(asked, early)).rejects.toMatchObject({
      details: { retry_after_ms: expect.any(Number) as number },
    });
    await c.desk.goOn((await reference()) ?? '', 'COMPLETE');
    expect(await c.until(asked, 'HELD')).toBe('HELD');
  });

  test('when a look that was under way finds what two people say was not made, it is an alarm', async () => {
    const asked = await c.approved();
    await c.desk.fault({ call: 'transfer', how: 'cut', when: 'after' });
    expect((await c.authorize(asked)).state).toBe('UNKNOWN');
    const people = [await admin('ann'), await admin('bob')];
    const { db } = c.stage.t;
    const wallets = createCircleWallets({ db, circle: c.desk.circle, ...PLACE, resendMs: 60_000 });
    const { settlePayment } = createPaymentActivities({
      db,
      looks: { pollMs: 1, pollMaxMs: 1, lostMaxMs: 1, alarmMs: 60_000 },
      wallets: {
        ...wallets,
        async look(move) {
          const found = await wallets.look(move);
          for (const adminId of people) await decide(asked, { adminId, outcome: 'not_made' });
          return found;
        },
      },
    });
    const alarms = async () =>
      (await metrics.walletAlarms.get()).values.find(({ labels }) => labels.step === 'hold')?.value ?? 0;
    const before = await alarms();
    const asOf = new Date().toISOString();
    expect((await run(settlePayment, { paymentId: asked.paymentId, asOf })).state).toBe('FAILED');
    expect(await alarms()).toBe(before + 1);
  });

  test('two who do not agree decide nothing', async () => {
    const asked = await lost();
    await decide(asked, { adminId: await admin('ann'), outcome: 'not_made' });
    expect(await decide(asked, { adminId: await admin('bob'), outcome: 'made' })).toEqual({ counts: false });
    expect((await c.settle(asked)).state).toBe('UNKNOWN');
  });

  test('a capture that was refused is made by people, and then it is paid', async () => {
    const asked = await c.approved();
    await c.until(asked, 'HELD');
    await c.work(asked);
    await c.desk.ways({ end_in: 'FAILED' });
    expect(await c.until(asked, 'UNKNOWN')).toBe('UNKNOWN');
    const {
      chat: { userId },
      paymentId: id,
    } = asked;
    const seen = await c.stage.t.db.withTx(SYSTEM, 'test', (tx) =>
      readPayment(tx, { id, userId, isAdmin: false }),
    );
    expect(seen.unknown).toMatchObject({ step: 'capture', refused: true, moveMicros: 50_000n });
    expect(await asked.chat.frames('PAYMENT_PENDING')).toMatchObject([{ step: 'capture', refused: true }]);
    // Nothing more comes of it by itself: it is looked at as seldom as can be.
    const { lookAt = '' } = await c.settle(asked);
    expect(Date.parse(lookAt)).toBeGreaterThan(Date.now() + LOST_MAX_MS / 2);
    const [ann, bob] = [await admin('ann'), await admin('bob')];
    const [made, not] = [
      { outcome: 'made', step: 'capture' },
      { outcome: 'not_made', step: 'capture' },
    ] as const;
    await expect(decide(asked, { adminId: ann, ...not })).rejects.toMatchObject({
      code: 'payment_not_open',
    });
    await decide(asked, { adminId: ann, ...made });
    await decide(asked, { adminId: bob, ...made });
    expect((await c.settle(asked)).state).toBe('CAPTURED');
    expect(await c.money(asked)).toMatchObject({ ledger: '0.95', held: '0.00' });
  });

  test('the database takes no decision of one', async () => {
    const asked = await lost();
    await decide(asked, { adminId: await admin('ann'), outcome: 'made' });
    const alone = c.stage.t.db.withTx(SYSTEM, 'test', (tx) =>
      tx.query(`update wallet_moves set by_hand = 'made' where payment_id = $1`, [asked.paymentId]),
    );
    await expect(alone).rejects.toThrow('decided by two people');
  });
});

test('a transfer that never ends is listed from its alarm on, and two say that it was made', async () => {
  const asked = await c.approved();
  await c.desk.ways({ end_in: 'STUCK' });
  expect((await c.authorize(asked)).state).toBe('AUTHORIZING');
  await c.desk.fault({ call: 'get-transaction', how: 503, when: 'before', times: 99 });
  const { db } = c.stage.t;
  const listed = async () =>
    (await db.withTx(SYSTEM, 'test', unknownPayments)).filter(({ id }) => id === asked.paymentId);
  expect(await listed()).toEqual([]);
  await db.withTx(SYSTEM, 'test', async (tx) => {
    const move = await openMove(tx, asked.paymentId);
    if (move === null) throw new Error('nothing is under way');
    await raiseAlarm(tx, move, 0);
  });
  expect(await listed()).toMatchObject([{ step: 'hold', reference: expect.any(String) as string }]);
  const [ann, bob] = [await admin('ann'), await admin('bob')];
  await expect(decide(asked, { adminId: ann, outcome: 'not_made' })).rejects.toThrow('its end decides');
  await decide(asked, { adminId: ann, outcome: 'made' });
  expect(await decide(asked, { adminId: bob, outcome: 'made' })).toEqual({ counts: true });
  expect(await c.until(asked, 'HELD')).toBe('HELD');
  expect(await listed()).toEqual([]);
});

test('a move without an end raises one alarm', async () => {
  const asked = await c.approved();
  await c.desk.ways({ end_in: 'STUCK' });
  await c.until(asked, 'HELD');
  const move = await c.stage.t.db.withTx(SYSTEM, 'test', (tx) => openMove(tx, asked.paymentId));
  if (move === null) throw new Error('nothing is under way');
  const raise = (alarmMs: number) =>
    c.stage.t.db.withTx(SYSTEM, 'test', (tx) => raiseAlarm(tx, move, alarmMs));
  expect([await raise(3_600_000), await raise(0), await raise(0)]).toEqual([false, true, false]);
});

test('admins see over REST what nobody knows of, and two of them decide; nobody else may', async () => {
  const api = await createTestApi({
    deps: { db: c.stage.t.db, secret: STAGE_SECRET },
    env: {
      MOORING_ADMIN_EMAILS: 'eve@example.test,fay@example.test',
      MOORING_WALLET_RESEND_MS: '1',
    },
  });
  const asked = await c.approved();
  await c.desk.fault({ call: 'transfer', how: 'cut', when: 'before' });
  await c.desk.fault({ call: 'list-transactions', how: 503, when: 'before', times: 99 });
  await c.until(asked, 'UNKNOWN');
  const path = '/api/admin/unknown-payments';
  const say = (token: string, body: unknown, id = asked.paymentId) =>
    api.call(`${path}/${id}/decide`, { token, body });
  const [eve, fay, person] = [
    await api.signIn('eve@example.test'),
    await api.signIn('fay@example.test'),
    await api.signIn('person@example.test'),
  ];
  const wish = {
    ref_id: `${asked.paymentId}/hold`,
    outcome: 'not_made',
    reason: 'not in the console',
  };
  expect((await api.call(path, { token: person.token })).status).toBe(403);
  expect((await say(person.token, wish)).status).toBe(403);
  const { text } = await api.call(path, { token: eve.token });
  expect((JSON.parse(text) as { payments: unknown[] }).payments).toContainEqual(
    expect.objectContaining({
      id: asked.paymentId,
      user_name: expect.any(String) as string,
      move: expect.objectContaining({ step: 'hold', ref_id: `${asked.paymentId}/hold` }) as unknown,
    }),
  );
  for (const bad of [
    {},
    { ...wish, outcome: 'maybe' },
    { ...wish, reason: ' ' },
    { ...wish, ref_id: '' },
    { outcome: 'made', reason: 'found as 3f' },
    { ...wish, more: 1 },
  ]) {
    expect((await say(eve.token, bad)).status).toBe(400);
  }
  expect((await say(eve.token, wish, 'pay_of-nobody')).status).toBe(404);
  expect(await say(eve.token, wish)).toMatchObject({ status: 200, body: { counts: false } });
  expect(await say(fay.token, wish)).toMatchObject({ status: 200, body: { counts: true } });
  expect((await c.settle(asked)).state).toBe('FAILED');
  expect((await say(fay.token, wish)).body.error.code).toBe('payment_not_open');
  await api.stop();
});
