import { ownerAccount } from '../../db/ledger';
import { readPayment } from '../../db/payment-pages';
import { readStatement } from '../../db/statement';
import { setCircleRefunds } from './circle-refunds';
import type { CircleRefunds } from './circle-refunds';

let c: CircleRefunds;
beforeAll(async () => {
  c = await setCircleRefunds();
});
afterAll(() => c.close());

test('in the statement of the owner a refund is held until it has moved, and given back where it failed', async () => {
  const entries = async (limit: number) => {
    const ownerId = await c.ownerId();
    const page = { account: ownerAccount(ownerId), ownerId, before: null, limit };
    return (await c.inTx((tx) => readStatement(tx, page))).map((one) => [one.kind, one.amountMicros]);
  };
  const asked = await c.paid();
  await c.desk.ways({ end_in: 'FAILED' });
  const first = await c.giveBack(asked, { key: 'first' });
  expect(await entries(1)).toEqual([['hold', -47_500n]]);
  expect(await c.untilOver(first)).toBe('failed');
  expect(await entries(1)).toEqual([['void', 47_500n]]);
  await c.desk.ways({ end_in: 'COMPLETE' });
  expect(await c.untilOver(await c.giveBack(asked, { key: 'second' }))).toBe('done');
  const hold = ['hold', -47_500n];
  expect(await entries(5)).toEqual([['refund', 0n], hold, ['void', 47_500n], hold, ['capture', 47_500n]]);
});

test('a refund is told as unknown while its transfer is lost, and as refused once a part of it has moved', async () => {
  const asked = await c.paid();
  const id = asked.paymentId;
  const told = () =>
    c.inTx(async (tx) => (await readPayment(tx, { id, userId: '', isAdmin: true })).refunds.at(-1)?.unknown);
  const refund = await c.giveBack(asked);
  expect(await told()).toBeNull();
  await c.desk.fault({ call: 'transfer', how: 'cut', when: 'after' });
  await c.desk.fault({ call: 'list-transactions', how: 503, when: 'before', times: 2 });
  expect((await c.settleRefund(refund)).state).toBe('pending');
  expect(await told()).toMatchObject({ step: 'refund', moveMicros: 47_500n, refused: false });
  await c.desk.ways({ end_in: 'DENIED' });
  await c.desk.mend();
  expect(await c.untilOver(refund, 20)).toBe('pending');
  expect(await told()).toMatchObject({ step: 'refund_fee', moveMicros: 2_500n, refused: true });
});
