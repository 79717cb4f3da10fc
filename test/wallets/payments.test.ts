import { proveLedger } from '../../db/ledger-proof';
import { unknownPaymentsOf } from '../../db/payment-pages';
import { lockPayment, setPaymentState } from '../../db/payments';
import type { Fault } from '../../dev/circle/faults';
import { asUser, SYSTEM } from '../../domain/principal';
import { setCirclePayments } from './circle-payments';
import type { Asked, CirclePayments } from './circle-payments';

let c: CirclePayments;
beforeAll(async () => {
  c = await setCirclePayments();
});
afterEach(async () => {
  await c.mend();
  expect(await proof()).toEqual([]);
});
afterAll(() => c.close());

/** What the nightly proof finds wrong. */
const proof = async () => (await c.stage.t.db.withTx(SYSTEM, 'test', proveLedger)).problems;

const PAID = {
  moves: ['hold 0.05', 'capture 0.05'],
  outside: '0.95',
  ledger: '0.95',
  held: '0.00',
  otherBodies: [],
};
const BACK = {
  moves: ['hold 0.05', 'void 0.05'],
  outside: '1.00',
  ledger: '1.00',
  held: '0.00',
  otherBodies: [],
};

const states = ({ chat, paymentId }: Asked) =>
  chat
    .rows<{ state: string }>(
      'select to_state as state from payment_events where payment_id = $1 order by id',
      [paymentId],
    )
    .then((rows) => rows.map(({ state }) => state));

test('work that is done is paid at Circle too: into escrow, then to the owner', async () => {
  const asked = await c.approved();
  expect(await c.until(asked, 'HELD')).toBe('HELD');
  await c.work(asked);
  expect(await c.until(asked, 'CAPTURED')).toBe('CAPTURED');
  expect(await c.money(asked)).toEqual(PAID);
  expect(await states(asked)).not.toContain('UNKNOWN');
});

test('an attempt that begins anew where money is held does what it was woken for', async () => {
  const asked = await c.approved();
  await c.until(asked, 'HELD');
  await c.work(asked);
  await c.authorize(asked);
  expect(await c.money(asked)).toMatchObject({ moves: PAID.moves });
});

test('work that fails is not paid: what was held is back in the wallet at Circle', async () => {
  const asked = await c.approved(c.badId);
  await c.until(asked, 'HELD');
  await c.work(asked);
  expect(await c.until(asked, 'VOIDED')).toBe('VOIDED');
  expect(await c.money(asked)).toEqual(BACK);
});

/** What the wallet of the person tells: of which transfers nobody knows. */
const unknownSteps = async ({ chat: { userId } }: Asked) =>
  (await c.stage.t.db.withTx(asUser(userId), 'test', (tx) => unknownPaymentsOf(tx, userId))).map(
    ({ step }) => step,
  );

const HOW: Fault['how'][] = [500, 503, 'cut', 'hang', 'garbage'];
const FAULTS = HOW.flatMap((how) => (['before', 'after'] as const).map((when) => ({ how, when })));

test.each(FAULTS)(
  'a hold whose answer is lost ($how $when) is UNKNOWN, then held once',
  async ({ how, when }) => {
    const asked = await c.approved();
    await c.desk.fault({ call: 'transfer', how, when });
    await c.desk.fault({ call: 'list-transactions', how: 503, when: 'before', times: 2 });
    expect((await c.authorize(asked)).state).toBe('UNKNOWN');
    expect(await unknownSteps(asked)).toEqual(['hold']);
    expect(await asked.chat.frames('PAYMENT_PENDING')).toMatchObject([{ payment_id: asked.paymentId }]);
    expect(await c.until(asked, 'HELD')).toBe('HELD');
    await c.work(asked);
    expect(await c.until(asked, 'CAPTURED')).toBe('CAPTURED');
    expect(await c.money(asked)).toEqual(PAID);
    expect(await asked.chat.frames('PAYMENT_PENDING')).toMatchObject([
      { state: 'UNKNOWN' },
      { state: 'HELD' },
    ]);
  },
);

test.each(FAULTS)(
  'a capture whose answer is lost ($how $when) is UNKNOWN, then paid once',
  async ({ how, when }) => {
    const asked = await c.approved();
    await c.until(asked, 'HELD');
    await c.work(asked);
    await c.desk.fault({ call: 'transfer', how, when });
    await c.desk.fault({ call: 'list-transactions', how: 503, when: 'before' });
    expect((await c.settle(asked)).state).toBe('UNKNOWN');
    expect(await unknownSteps(asked)).toEqual(['capture']);
    expect(await c.until(asked, 'CAPTURED')).toBe('CAPTURED');
    expect(await c.money(asked)).toEqual(PAID);
    expect(await states(asked)).toEqual(['AWAITING_APPROVAL', 'AUTHORIZING', 'HELD', 'UNKNOWN', 'CAPTURED']);
  },
);

test.each(FAULTS)(
  'what comes back though its answer is lost ($how $when) comes back once',
  async ({ how, when }) => {
    const asked = await c.approved(c.badId);
    await c.until(asked, 'HELD');
    await c.work(asked);
    await c.desk.fault({ call: 'transfer', how, when });
    await c.desk.fault({ call: 'list-transactions', how: 503, when: 'before' });
    expect((await c.settle(asked)).state).toBe('UNKNOWN');
    expect(await unknownSteps(asked)).toEqual(['void']);
    expect(await c.until(asked, 'VOIDED')).toBe('VOIDED');
    expect(await c.money(asked)).toEqual(BACK);
  },
);

/** Three requests to pay the same agent for the same action, in one chat; the first two are asked. */
async function alike() {
  const chat = await c.stage.openChat();
  await chat.say('read this');
  await chat.use('connect_agent', { agent_id: c.goodId });
  const wish = { agent_id: c.goodId, action: 'read', amount_usdc: '0.05', reason: 'please' };
  const [first = '', second = '', third = ''] = await chat.propose(
    ['request_payment_confirmation', wish],
    ['request_payment_confirmation', wish],
    ['request_payment_confirmation', wish],
  );
  const askFor = async (callId: string): Promise<Asked> => {
    await chat.runTool(callId);
    return { chat, agentId: c.goodId, paymentId: await chat.lastPayment() };
  };
  const asked = await askFor(first);
  const other = await askFor(second);
  await c.fill(chat);
  return { chat, asked, other, third };
}

test('while nobody knows, this person can start no second payment to this agent for this action', async () => {
  const { chat, asked, other, third } = await alike();
  await chat.decide(asked.paymentId, true);
  await c.desk.fault({ call: 'transfer', how: 'cut', when: 'after' });
  await c.desk.fault({ call: 'list-transactions', how: 503, when: 'before', times: 9 });
  expect((await c.authorize(asked)).state).toBe('UNKNOWN');
  await expect(chat.decide(other.paymentId, true)).rejects.toMatchObject({ code: 'payment_unknown' });
  await chat.runTool(third);
  const { result } = await chat.call(third);
  expect(JSON.stringify(result)).toContain('We do not know yet whether 0.05 USDC was paid to Good');
  await c.desk.mend();
  expect(await c.until(asked, 'HELD')).toBe('HELD');
  expect(await chat.decide(other.paymentId, true)).toMatchObject({ state: 'AUTHORIZING' });
});

test('nor does one begin that was approved before: it fails, and nothing more was paid', async () => {
  const { chat, asked, other } = await alike();
  await chat.decide(asked.paymentId, true);
  await chat.decide(other.paymentId, true);
  await c.desk.fault({ call: 'transfer', how: 'cut', when: 'after' });
  await c.desk.fault({ call: 'list-transactions', how: 503, when: 'before' });
  expect((await c.authorize(asked)).state).toBe('UNKNOWN');
  expect((await c.authorize(other)).state).toBe('FAILED');
  expect(await chat.frames('PAYMENT_FAILED')).toMatchObject([
    { payment_id: other.paymentId, reason_code: 'payment_unknown' },
  ]);
  expect(await c.money(other)).toMatchObject({ moves: [], ledger: '0.95', held: '0.05' });
  expect(await c.until(asked, 'HELD')).toBe('HELD');
});

test.each(['HELD', 'FAILED'])(
  'while one is on its way the next one waits, and goes on when the first is %s',
  async (end) => {
    const { chat, asked, other } = await alike();
    await chat.decide(asked.paymentId, true);
    await chat.decide(other.paymentId, true);
    await c.desk.ways({ end_in: 'STUCK' });
    expect((await c.authorize(asked)).state).toBe('AUTHORIZING');
    const waits = { state: 'AUTHORIZING', lookAt: expect.any(String) as string };
    expect(await c.authorize(other)).toMatchObject(waits);
    expect(await c.settle(other)).toMatchObject(waits);
    expect(await c.money(other)).toMatchObject({ moves: [] });
    const { transactions } = await c.desk.record();
    const stuck = transactions.find(({ refId }) => refId === `${asked.paymentId}/hold`);
    await c.mend();
    await c.desk.goOn(stuck?.id ?? '', end === 'HELD' ? 'COMPLETE' : 'FAILED');
    expect(await c.until(asked, end)).toBe(end);
    expect(await c.until(other, 'HELD')).toBe('HELD');
    expect(await c.money(other)).toMatchObject({ moves: ['hold 0.05'] });
  },
);

test('one that waits behind another, and is taken back, ends without a movement', async () => {
  const { chat, asked, other } = await alike();
  await chat.decide(asked.paymentId, true);
  await chat.decide(other.paymentId, true);
  await c.desk.ways({ end_in: 'STUCK' });
  await c.authorize(asked);
  expect((await c.authorize(other)).state).toBe('AUTHORIZING');
  await c.stage.t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query(`update payments set withdrawn = 'turn_cancelled' where id = $1`, [other.paymentId]),
  );
  expect((await c.settle(other)).state).toBe('FAILED');
  expect(await c.money(other)).toMatchObject({ moves: [] });
});

test('of two that begin at once one moves, whoever is first, and the other sees that', async () => {
  const { chat, asked, other } = await alike();
  await chat.decide(asked.paymentId, true);
  await chat.decide(other.paymentId, true);
  await c.desk.fault({ call: 'transfer', how: 'cut', when: 'after' });
  await c.desk.fault({ call: 'list-transactions', how: 503, when: 'before', times: 99 });
  await Promise.all([c.authorize(asked), c.authorize(other)]);
  const ends = [(await c.settle(asked)).state, (await c.settle(other)).state];
  expect(ends.sort()).toEqual(['FAILED', 'UNKNOWN']);
});

test('a hold that is on its way is no problem to the proof of the ledger; one that is left by a payment that failed is', async () => {
  const asked = await c.approved();
  await c.desk.ways({ end_in: 'STUCK' });
  expect((await c.authorize(asked)).state).toBe('AUTHORIZING');
  expect(await c.money(asked)).toMatchObject({ moves: ['hold 0.05'], ledger: '0.95', held: '0.05' });
  expect(await proof()).toEqual([]);
  const undone = c.stage.t.db.withTx(SYSTEM, 'test', async (tx) => {
    await setPaymentState(tx, await lockPayment(tx, asked.paymentId), { to: 'FAILED' });
    throw new Error((await proveLedger(tx)).problems.join());
  });
  await expect(undone).rejects.toThrow(
    `payment ${asked.paymentId} is FAILED and its transfers say otherwise`,
  );
});

test('a hold that the network refuses fails, and the ledger has all of it free again', async () => {
  const asked = await c.approved();
  await c.desk.ways({ end_in: 'DENIED' });
  expect(await c.until(asked, 'FAILED')).toBe('FAILED');
  expect(await asked.chat.frames('PAYMENT_FAILED')).toMatchObject([{ reason_code: 'wallet_refused' }]);
  expect(await c.money(asked)).toMatchObject({ outside: '1.00', ledger: '1.00', held: '0.00' });
});

test('a capture that the network refuses is not forgotten: it is UNKNOWN, for people', async () => {
  const asked = await c.approved();
  await c.until(asked, 'HELD');
  await c.work(asked);
  await c.desk.ways({ end_in: 'FAILED' });
  expect(await c.until(asked, 'UNKNOWN')).toBe('UNKNOWN');
  expect(await c.until(asked, 'CAPTURED')).toBe('UNKNOWN');
  expect(await c.money(asked)).toMatchObject({ moves: ['hold 0.05', 'capture 0.05'], held: '0.05' });
});

test('a chat hears of each transfer that a payment waits for in turn, of how much, and when it is refused', async () => {
  const asked = await c.approved();
  await c.until(asked, 'HELD');
  await c.work(asked);
  await c.stage.t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query('update tasks set charge_micros = 30000 where payment_id = $1', [asked.paymentId]),
  );
  await c.desk.fault({ call: 'transfer', how: 'cut', when: 'after' });
  await c.desk.fault({ call: 'list-transactions', how: 503, when: 'before', times: 9 });
  expect((await c.settle(asked)).state).toBe('UNKNOWN');
  const heard = () => asked.chat.frames('PAYMENT_PENDING');
  const capture = { step: 'capture', refused: false, move_usdc: '0.03', amount_usdc: '0.05' };
  expect(await heard()).toMatchObject([capture]);
  await c.settle(asked);
  expect(await heard()).toMatchObject([capture]);
  await c.desk.ways({ end_in: 'DENIED' });
  await c.desk.mend();
  for (let looks = 0; looks < 20 && (await heard()).length < 3; looks += 1) await c.settle(asked);
  expect(await heard()).toMatchObject([
    capture,
    { step: 'void', refused: false, move_usdc: '0.02', amount_usdc: '0.05' },
    { step: 'void', refused: true, move_usdc: '0.02' },
  ]);
});

test('a hold that is taken back while nobody knows of it comes back', async () => {
  const asked = await c.approved();
  await c.desk.fault({ call: 'transfer', how: 'cut', when: 'after' });
  await c.desk.fault({ call: 'list-transactions', how: 503, when: 'before' });
  expect((await c.authorize(asked)).state).toBe('UNKNOWN');
  await c.stage.t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query(`update payments set withdrawn = 'turn_cancelled' where id = $1`, [asked.paymentId]),
  );
  expect(await c.until(asked, 'VOIDED')).toBe('VOIDED');
  expect(await c.money(asked)).toEqual(BACK);
});

test.each([1, 2, 3])('two attempts side by side, %i, move nothing twice', async () => {
  const asked = await c.approved();
  await Promise.all([c.until(asked, 'HELD'), c.until(asked, 'HELD'), c.until(asked, 'HELD')]);
  await c.work(asked);
  await Promise.all([c.until(asked, 'CAPTURED'), c.until(asked, 'CAPTURED')]);
  expect(await c.money(asked)).toEqual(PAID);
});
