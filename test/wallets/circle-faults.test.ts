import type { Fault } from '../../dev/circle/faults';
import type { CircleState } from '../../dev/circle/transactions';
import type { WalletMove } from '../../domain/wallet';
import { setWalletStage } from './wallet-stage';
import type { WalletStage } from './wallet-stage';

let w: WalletStage;
beforeAll(async () => {
  w = await setWalletStage({ timeoutMs: 1_000 });
});
afterEach(async () => {
  await w.desk.mend();
  await w.desk.ways({ end_in: 'COMPLETE', list_lag_ms: 0, key_ttl_ms: null });
});
afterAll(() => w.close());

/** A move whose wallets are open, with 1.00 USDC to move from. */
async function ready(): Promise<WalletMove> {
  const move = await w.newMove();
  const driver = w.circle();
  await driver.openWallet(move.from);
  await driver.openWallet(move.to);
  await w.desk.fund(move.from, '1.00');
  return move;
}

/** What the stand-in has seen of a move: its transfers, and what is left in the wallet it came from. */
async function seen({ paymentId, step, from }: WalletMove) {
  const { transactions, wallets, otherBodies } = await w.desk.record();
  const ours = transactions.filter(({ refId }) => refId === `${paymentId}/${step}`);
  return { transfers: ours.length, left: wallets.find(({ refId }) => refId === from)?.balance, otherBodies };
}
const MOVED = { transfers: 1, left: '0.95', otherBodies: [] };
const NOT_MOVED = { left: '1.00', otherBodies: [] };

const HOW: Fault['how'][] = [429, 500, 502, 503, 504, 'cut', 'hang', 'garbage'];
const atSubmit = HOW.flatMap((how) => (['before', 'after'] as const).map((when) => ({ how, when })));

test.each(atSubmit)(
  'a transfer that meets $how $when it was accepted is made once',
  async ({ how, when }) => {
    const driver = w.circle();
    const move = await ready();
    await w.desk.fault({ call: 'transfer', how, when });
    const first = await w.begin(driver, move);
    expect(first.kind).toBe(how === 429 ? 'pending' : 'unknown');
    expect(await w.lookToEnd(driver, move)).toMatchObject({ kind: 'done' });
    expect(await seen(move)).toEqual(MOVED);
    expect(await w.stored(move)).toMatchObject({ state: 'COMPLETE', unknownSince: null });
  },
);

const LATER = ['list-transactions', 'get-transaction', 'transfer', 'public-key'] as const;
test.each(LATER.flatMap((call) => HOW.map((how) => ({ call, how }))))(
  'a lost answer, and then $call that meets $how, ends in one transfer',
  async ({ call, how }) => {
    const driver = w.circle();
    const move = await ready();
    await w.desk.fault({ call: 'transfer', how: 'cut', when: call === 'transfer' ? 'before' : 'after' });
    await w.desk.fault({ call, how, when: 'before', times: 2 });
    expect((await w.begin(driver, move)).kind).toBe('unknown');
    expect(await w.lookToEnd(driver, move)).toMatchObject({ kind: 'done' });
    expect(await seen(move)).toEqual(MOVED);
  },
);

test('a transfer that was accepted and is missing in lists for a while is not made twice', async () => {
  const driver = w.circle();
  const move = await ready();
  await w.desk.ways({ list_lag_ms: 300 });
  await w.desk.fault({ call: 'transfer', how: 'cut', when: 'after' });
  await w.begin(driver, move);
  expect(await w.lookToEnd(driver, move)).toMatchObject({ kind: 'done' });
  expect(await seen(move)).toEqual(MOVED);
});

test('a key that is too old to be sent again is not: the move stays unknown until people decide', async () => {
  const driver = w.circle({ resendMs: 1 });
  const move = await ready();
  await w.desk.fault({ call: 'transfer', how: 'cut', when: 'before' });
  await w.begin(driver, move);
  expect((await w.lookToEnd(driver, move, 5)).kind).toBe('unknown');
  const stored = await w.stored(move);
  expect(stored.unknownSince).not.toBeNull();
  expect(await seen(move)).toEqual({ ...NOT_MOVED, transfers: 0 });
});

test('a late find ends an unknown move also after its key is too old', async () => {
  const driver = w.circle({ resendMs: 1 });
  const move = await ready();
  await w.desk.ways({ list_lag_ms: 200 });
  await w.desk.fault({ call: 'transfer', how: 'cut', when: 'after' });
  await w.begin(driver, move);
  expect((await w.look(driver, move)).kind).toBe('unknown');
  expect((await w.lookToEnd(driver, move)).kind).toBe('done');
  expect(await seen(move)).toEqual(MOVED);
});

test('a refusal of a key that was sent before says nothing of the first call', async () => {
  const driver = w.circle();
  const move = await ready();
  await w.desk.ways({ list_lag_ms: 60_000, key_ttl_ms: 0 });
  await w.desk.fault({ call: 'transfer', how: 'cut', when: 'after' });
  await w.begin(driver, move);
  // All that is left is less than the amount: the same key, forgotten by Circle, would be refused.
  const other = { ...(await w.newMove('void')), from: move.from, amountMicros: 900_000n };
  await w.begin(driver, other);
  await w.begin(driver, { ...(await w.newMove('void')), from: move.from, amountMicros: 49_000n });
  expect((await w.look(driver, move)).kind).toBe('unknown');
  await w.desk.ways({ list_lag_ms: 0 });
  expect((await w.lookToEnd(driver, move)).kind).toBe('done');
  expect((await seen(move)).transfers).toBe(1);
});

test('a wallet that holds too little is refused, and nothing moves', async () => {
  const driver = w.circle();
  const move = { ...(await ready()), amountMicros: 2_000_000n };
  expect(await w.begin(driver, move)).toEqual({
    kind: 'refused',
    state: 'FAILED',
    reference: null,
    code: 'wallet_rejected',
  });
  expect(await seen(move)).toEqual({ ...NOT_MOVED, transfers: 0 });
  expect(await w.stored(move)).toMatchObject({ state: 'FAILED' });
});

const ENDS: [CircleState, object][] = [
  ['COMPLETE', { kind: 'done' }],
  ['FAILED', { kind: 'refused', code: 'wallet_failed' }],
  ['DENIED', { kind: 'refused', code: 'wallet_denied' }],
  ['CANCELLED', { kind: 'refused', code: 'wallet_cancelled' }],
];
test.each(ENDS)(
  'a transfer that ends %s is told so, and the money is where that says',
  async (end, outcome) => {
    const driver = w.circle();
    const move = await ready();
    await w.desk.ways({ end_in: end });
    await w.begin(driver, move);
    expect(await w.lookToEnd(driver, move)).toMatchObject(outcome);
    expect(await seen(move)).toEqual(end === 'COMPLETE' ? MOVED : { ...NOT_MOVED, transfers: 1 });
  },
);

const STAYS: CircleState[] = ['INITIATED', 'QUEUED', 'CLEARED', 'SENT', 'STUCK', 'CONFIRMED'];
test.each(STAYS)('a transfer that stays %s is pending, and done when it goes on', async (state) => {
  const driver = w.circle();
  const move = await ready();
  await w.desk.ways({ end_in: state });
  await w.begin(driver, move);
  const last = await w.lookToEnd(driver, move, 30);
  expect(last).toMatchObject({ kind: 'pending', state });
  const { reference } = await w.stored(move);
  await w.desk.goOn(reference ?? '', 'COMPLETE');
  expect((await w.lookToEnd(driver, move)).kind).toBe('done');
  expect(await seen(move)).toEqual(MOVED);
});

test('two transactions under one reference are never taken for one', async () => {
  const driver = w.circle();
  const move = await ready();
  await w.desk.ways({ key_ttl_ms: 0, list_lag_ms: 60_000 });
  await w.desk.fault({ call: 'transfer', how: 'cut', when: 'after', times: 2 });
  await w.begin(driver, move);
  // A network that forgets keys sooner than the window says moves twice; that is seen, and left to people.
  await w.look(driver, move);
  await w.desk.ways({ list_lag_ms: 0 });
  expect(await w.look(driver, move)).toMatchObject({
    kind: 'unknown',
    why: expect.stringContaining('2') as string,
  });
});
