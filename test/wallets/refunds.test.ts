import { randomUUID } from 'node:crypto';
import type { Fault } from '../../dev/circle/faults';
import { readEarnings } from '../../db/earnings';
import { proveLedger } from '../../db/ledger-proof';
import { OUTSIDE, ownerAccount, transfer } from '../../db/ledger';
import { getPayment } from '../../db/payments';
import { lagging } from '../../db/reconcile';
import type { Refund } from '../../db/refunds';
import { findOrOpenAccount } from '../../db/users';
import { decideByHand, unknownPayments } from '../../db/wallet-decisions';
import { openMove } from '../../db/wallet-moves';
import { parseUsdc } from '../../domain/money';
import { refIdOf } from '../../domain/wallet';
import { PLACE } from './circle-desk';
import type { Asked } from './circle-payments';
import { setCircleRefunds } from './circle-refunds';
import type { CircleRefunds } from './circle-refunds';
import { metrics } from '../../lib/metrics';

let c: CircleRefunds;
beforeAll(async () => {
  c = await setCircleRefunds();
});
afterEach(async () => {
  await c.mend();
  expect(await c.inTx(proveLedger)).toMatchObject({ problems: [] });
});
afterAll(() => c.close());

const PAID = ['hold 0.05', 'capture 0.0475', 'fee 0.0025'];
const BACK = {
  moves: [...PAID, 'refund 0.0475', 'refund_fee 0.0025'],
  outside: '1.00',
  ledger: '1.00',
  held: '0.00',
  otherBodies: [],
};
const KEPT = { moves: PAID, outside: '0.95', ledger: '0.95', held: '0.00', otherBodies: [] };

/** Its state, and what of it has come back. */
const stateOf = async ({ paymentId }: Asked): Promise<string> => {
  const { state, refundedMicros } = await c.inTx((tx) => getPayment(tx, paymentId));
  return `${state} ${refundedMicros}`;
};
const earned = async () => {
  const ownerId = await c.ownerId();
  return (await c.inTx((tx) => readEarnings(tx, ownerId))).earnedMicros;
};
const refundFrames = ({ chat }: Asked) => chat.frames('PAYMENT_REFUNDED');

test('what was paid at Circle comes back there: from the owner, and the fee from the platform; then in the ledger', async () => {
  const asked = await c.paid();
  const before = await c.owner();
  const refund = await c.giveBack(asked);
  expect(refund.state).toBe('pending');
  expect(await stateOf(asked)).toBe('CAPTURED 0');
  expect(await c.money(asked)).toMatchObject({ moves: PAID, ledger: '0.95' });
  expect(before).toEqual({ balance: '0.0475', held: '0.00' });
  expect(await earned()).toBe(47_500n);
  expect(await c.owner()).toEqual({ balance: '0.00', held: '0.0475' });
  expect(await c.untilOver(refund)).toBe('done');
  expect(await c.money(asked)).toEqual(BACK);
  expect(await c.owner()).toEqual({ balance: '0.00', held: '0.00' });
  expect(await earned()).toBe(0n);
  expect(await stateOf(asked)).toBe('REFUNDED 50000');
  expect(await refundFrames(asked)).toMatchObject([
    { amount_usdc: '0.05', refunded_usdc: '0.05', state: 'REFUNDED', reason_code: 'refunded_by_owner' },
  ]);
  expect(await c.untilOver(refund)).toBe('done');
  expect(await c.money(asked)).toEqual(BACK);
});

const HOW: Fault['how'][] = [429, 503, 'cut', 'hang', 'garbage'];
const FAULTS = HOW.flatMap((how) => (['before', 'after'] as const).map((when) => ({ how, when })));

test.each(FAULTS)('a refund whose transfer meets $how $when moves once', async ({ how, when }) => {
  const asked = await c.paid();
  const refund = await c.giveBack(asked);
  await c.desk.fault({ call: 'transfer', how, when });
  await c.desk.fault({ call: 'list-transactions', how: 503, when: 'before' });
  expect((await c.settleRefund(refund)).state).toBe('pending');
  expect(await c.untilOver(refund)).toBe('done');
  expect(await c.money(asked)).toEqual(BACK);
  expect(await refundFrames(asked)).toHaveLength(1);
});

/** A refund whose owner's part is on its way, and stays there. */
async function halfway(): Promise<{ asked: Asked; refund: Refund; goOn: () => Promise<unknown> }> {
  const asked = await c.paid();
  const refund = await c.giveBack(asked);
  await c.desk.ways({ end_in: 'STUCK' });
  const move = () => c.inTx((tx) => openMove(tx, asked.paymentId));
  while ((await move())?.state !== 'STUCK') await c.settleRefund(refund);
  const reference = (await move())?.reference ?? '';
  await c.desk.ways({ end_in: 'COMPLETE' });
  return { asked, refund, goOn: () => c.desk.goOn(reference, 'COMPLETE') };
}

test.each(FAULTS)('and so does its part of the fee, when that meets $how $when', async ({ how, when }) => {
  const { asked, refund, goOn } = await halfway();
  await c.desk.fault({ call: 'transfer', how, when });
  await goOn();
  expect(await c.untilOver(refund)).toBe('done');
  expect(await c.money(asked)).toEqual(BACK);
});

test.each(['FAILED', 'DENIED', 'CANCELLED'] as const)(
  'a refund that ends %s has moved nothing: what was held is free, and another id may try again',
  async (end) => {
    const asked = await c.paid();
    const [before, alarmed] = [await c.owner(), await alarms()];
    await c.desk.ways({ end_in: end });
    const refund = await c.giveBack(asked, { key: 'first' });
    expect(await c.untilOver(refund)).toBe('failed');
    expect(await alarms()).toBe(alarmed);
    expect(await c.owner()).toEqual(before);
    expect(await stateOf(asked)).toBe('CAPTURED 0');
    expect(await refundFrames(asked)).toEqual([]);
    expect(await c.money(asked)).toMatchObject({ outside: '0.95', ledger: '0.95' });
    expect(await c.giveBack(asked, { key: 'first' })).toMatchObject({ id: refund.id, state: 'failed' });
    await c.desk.ways({ end_in: 'COMPLETE' });
    expect(await c.untilOver(await c.giveBack(asked, { key: 'second' }))).toBe('done');
    expect(await stateOf(asked)).toBe('REFUNDED 50000');
    expect(await c.money(asked)).toMatchObject({ outside: '1.00', ledger: '1.00' });
  },
);

test('an owner whose wallet at Circle holds too little gives nothing back, and may when it holds more', async () => {
  const asked = await c.paid();
  const before = await c.owner();
  const held = await takeOut(`owner/${await c.ownerId()}`);
  const refund = await c.giveBack(asked);
  expect(await c.untilOver(refund)).toBe('failed');
  expect(await c.owner()).toEqual(before);
  expect(await c.money(asked)).toEqual(KEPT);
  await c.desk.fund(`owner/${await c.ownerId()}`, held);
  expect(await c.untilOver(await c.giveBack(asked))).toBe('done');
  expect(await c.money(asked)).toEqual(BACK);
});

/** All that a wallet holds, as somebody does in Circle's console. */
async function takeOut(account: string): Promise<string> {
  const { wallets } = await c.desk.record();
  const { id, balance } = wallets.find(({ refId }) => refId === account) ?? { id: '', balance: '' };
  const circle = await c.desk.circle();
  await circle.createTransaction({
    idempotencyKey: randomUUID(),
    walletId: id,
    tokenId: PLACE.tokenId,
    destinationAddress: `0x${'0'.repeat(40)}`,
    amount: [balance],
    fee: { type: 'level', config: { feeLevel: 'MEDIUM' } },
  });
  return balance;
}

test('an owner who has too little in the ledger refunds nothing, and nothing is asked of Circle', async () => {
  const asked = await c.paid();
  const ownerId = await c.ownerId();
  const amountMicros = parseUsdc((await c.owner()).balance) ?? 0n;
  const between = { amountMicros, ownerId, paymentId: null };
  const [inside, outside] = [ownerAccount(ownerId), OUTSIDE];
  const out = { ...between, key: 'out', kind: 'withdrawal' as const, debit: inside, credit: outside };
  await c.inTx((tx) => transfer(tx, [out]));
  await expect(c.giveBack(asked)).rejects.toMatchObject({ code: 'insufficient_funds' });
  expect(await c.money(asked)).toEqual(KEPT);
  const back = { ...between, key: 'in', kind: 'deposit' as const, debit: outside, credit: inside };
  await c.inTx((tx) => transfer(tx, [back]));
});

test('what is pending is given away: a second refund has what is left, and all together is what was paid', async () => {
  const asked = await c.paid();
  const first = await c.giveBack(asked, { amount: '0.03' });
  await expect(c.giveBack(asked, { amount: '0.020001' })).rejects.toMatchObject({
    code: 'amount_over_capture',
    details: { left_usdc: '0.02' },
  });
  const second = await c.giveBack(asked);
  expect(second.amountMicros).toBe(20_000n);
  await expect(c.giveBack(asked)).rejects.toMatchObject({ code: 'amount_over_capture' });
  expect(await c.untilOver(second)).toBe('done');
  expect(await stateOf(asked)).toBe('CAPTURED 20000');
  expect(await c.untilOver(first)).toBe('done');
  expect(await stateOf(asked)).toBe('REFUNDED 50000');
  const { moves, outside, ledger } = await c.money(asked);
  expect({ moves: [...moves].sort(), outside, ledger }).toEqual({
    moves: [...PAID, 'refund 0.019', 'refund 0.0285', 'refund_fee 0.001', 'refund_fee 0.0015'].sort(),
    outside: '1.00',
    ledger: '1.00',
  });
});

test('of two refunds at once over what is left, one is refused', async () => {
  const asked = await c.paid();
  const both = await Promise.allSettled([
    c.giveBack(asked, { amount: '0.03' }),
    c.giveBack(asked, { amount: '0.03' }),
  ]);
  const [made, ...more] = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const [refused] = both.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  if (made === undefined) throw new Error('none was made');
  expect(more).toEqual([]);
  expect(refused).toMatchObject({ code: 'amount_over_capture' });
  expect(await c.untilOver(made)).toBe('done');
  expect(await stateOf(asked)).toBe('CAPTURED 30000');
});

test('an id that comes again is the same refund, pending and done; with another amount it is refused', async () => {
  const asked = await c.paid();
  const refund = await c.giveBack(asked, { key: 'r1', amount: '0.01' });
  const again = await c.giveBack(asked, { key: 'r1', amount: '0.01' });
  expect(again).toEqual(refund);
  await expect(c.giveBack(asked, { key: 'r1', amount: '0.02' })).rejects.toMatchObject({
    code: 'idempotency_conflict',
  });
  await Promise.all([c.untilOver(refund), c.untilOver(refund), c.untilOver(refund)]);
  expect(await c.giveBack(asked, { key: 'r1', amount: '0.01' })).toMatchObject({
    id: refund.id,
    state: 'done',
  });
  const { moves } = await c.money(asked);
  expect(moves).toEqual([...PAID, 'refund 0.0095', 'refund_fee 0.0005']);
  expect(await refundFrames(asked)).toHaveLength(1);
});

test('the parts of a fee add up to all of it, also when a refund between them failed', async () => {
  const asked = await c.paid();
  await c.desk.ways({ end_in: 'FAILED' });
  const lost = await c.giveBack(asked, { amount: '0.000013' });
  const kept = await c.giveBack(asked, { amount: '0.000029' });
  expect(await c.untilOver(lost)).toBe('failed');
  await c.desk.ways({ end_in: 'COMPLETE' });
  expect(await c.untilOver(kept)).toBe('done');
  const rest = await c.giveBack(asked);
  expect(await c.untilOver(rest)).toBe('done');
  expect(await stateOf(asked)).toBe('REFUNDED 50000');
  expect(kept.feeMicros + rest.feeMicros).toBe(2_500n);
});

const decide = async (refund: Refund, outcome: 'made' | 'not_made', name: string) => {
  const { user } = await c.inTx((tx) => findOrOpenAccount(tx, `${name}@example.test`));
  const open = (await c.inTx(unknownPayments)).find(({ id }) => id === refund.id);
  const what = { id: refund.id, refId: open === undefined ? '' : refIdOf(open), reason: 'looked it up' };
  return c.inTx((tx) => decideByHand(tx, { ...what, adminId: user.id, outcome, resendMs: 0 }));
};

/** How often somebody was to be woken for a part of a refund. */
async function alarms(): Promise<number> {
  const { values } = await metrics.walletAlarms.get();
  return values.reduce((sum, { labels, value }) => sum + (/refund/.test(String(labels.step)) ? value : 0), 0);
}

describe('by hand', () => {
  /** A refund that Circle never took, and of which it cannot be asked. */
  async function lost(): Promise<{ asked: Asked; refund: Refund }> {
    const asked = await c.paid();
    const refund = await c.giveBack(asked);
    await c.desk.fault({ call: 'transfer', how: 'cut', when: 'before' });
    await c.desk.fault({ call: 'list-transactions', how: 503, when: 'before', times: 99 });
    expect(await c.untilOver(refund, 3)).toBe('pending');
    return { asked, refund };
  }

  test('a refund that nobody knows of is listed, stays held, and is over when two say what became of it', async () => {
    const { asked, refund } = await lost();
    expect(await c.inTx(unknownPayments)).toMatchObject([
      { id: refund.id, paymentId: asked.paymentId, step: 'refund', moveMicros: 47_500n, mustBeMade: false },
    ]);
    expect((await c.owner()).held).toBe('0.0475');
    expect(await decide(refund, 'not_made', 'ann')).toEqual({ counts: false });
    expect(await decide(refund, 'not_made', 'ann')).toEqual({ counts: false });
    expect(await c.untilOver(refund, 1)).toBe('pending');
    expect(await decide(refund, 'not_made', 'bob')).toEqual({ counts: true });
    expect(c.stage.t.signals.at(-1)).toMatchObject({
      workflowId: `refund/${refund.id}`,
      signal: 'walletMoved',
    });
    expect(await c.untilOver(refund, 1)).toBe('failed');
    expect(await c.owner()).toMatchObject({ held: '0.00' });
    expect(await c.inTx(unknownPayments)).toEqual([]);
    expect(await c.money(asked)).toEqual(KEPT);
    await expect(decide(refund, 'made', 'eve')).rejects.toMatchObject({ code: 'payment_not_open' });
  });

  test('one that two say was made is made, and its part of the fee follows', async () => {
    const { asked, refund } = await lost();
    await decide(refund, 'made', 'ann');
    await decide(refund, 'made', 'bob');
    await c.desk.mend();
    expect(await c.untilOver(refund)).toBe('done');
    expect(await c.money(asked)).toMatchObject({ moves: [...PAID, 'refund_fee 0.0025'], ledger: '1.00' });
  });

  test('a part of the fee that is refused after the owner’s has moved still has to be made, by people', async () => {
    const { asked, refund, goOn } = await halfway();
    expect(await c.inTx(unknownPayments)).toEqual([]);
    await c.desk.ways({ end_in: 'FAILED' });
    const before = await alarms();
    await goOn();
    expect(await c.untilOver(refund, 50)).toBe('pending');
    expect(await alarms()).toBe(before + 1);
    expect(await c.inTx(unknownPayments)).toMatchObject([
      { id: refund.id, step: 'refund_fee', state: 'FAILED', mustBeMade: true },
    ]);
    await expect(decide(refund, 'not_made', 'ann')).rejects.toMatchObject({ code: 'payment_not_open' });
    await decide(refund, 'made', 'ann');
    await decide(refund, 'made', 'bob');
    expect(await c.untilOver(refund, 1)).toBe('done');
    expect(await stateOf(asked)).toBe('REFUNDED 50000');
    expect(await c.money(asked)).toMatchObject({ ledger: '1.00' });
  });
});

test('a pending refund without its workflow is found and started', async () => {
  const asked = await c.paid();
  const refund = await c.giveBack(asked);
  const begun = { workflow: 'refund', workflowId: `refund/${refund.id}` };
  const input = { refundId: refund.id, userId: asked.chat.userId };
  expect(c.stage.t.signals.at(-1)).toMatchObject({ ...begun, input, signal: null });
  const pass = { ageMs: 3_600_000, idleMs: 3_600_000 };
  const page = { rows: 'refund' as const, after: '', limit: 100 };
  const found = (start: object) => c.inTx((tx) => lagging(tx, { ...pass, ...start }, page));
  expect(await found({ start: { wokenAfter: null } })).toMatchObject([{ ...begun, input }]);
  expect(await found({})).toEqual([]);
  await c.untilOver(refund);
  expect(await found({ start: { wokenAfter: null } })).toEqual([]);
});
