import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { WalletDriver } from '../../activities/wallets/driver';
import { findOrOpenAccount } from '../../db/users';
import { hearOfMove, lockMove } from '../../db/wallet-moves';
import { SYSTEM } from '../../domain/principal';
import { MOVE_RANKS } from '../../domain/wallet';
import type { WalletMove } from '../../domain/wallet';
import { metrics } from '../../lib/metrics';
import { STAGE_SECRET } from '../activities/stage';
import { createTestApi, rawPost } from '../api/harness';
import type { TestApi } from '../api/harness';
import { ENTITY_SECRET, PLACE } from './circle-desk';
import { setWalletStage } from './wallet-stage';
import type { WalletStage } from './wallet-stage';

const PATH = '/api/wallet/notifications';

interface Sent {
  headers: Record<'x-circle-key-id' | 'x-circle-signature', string>;
  body: string;
}

let w: WalletStage;
let api: TestApi;
let driver: WalletDriver;
beforeAll(async () => {
  w = await setWalletStage();
  driver = w.circle();
  api = await createTestApi({
    deps: { db: w.stage.t.db, secret: STAGE_SECRET },
    env: {
      MOORING_WALLET: 'circle',
      MOORING_CIRCLE_API_KEY: w.desk.access.apiKey,
      MOORING_CIRCLE_ENTITY_SECRET: ENTITY_SECRET,
      MOORING_CIRCLE_WALLET_SET: PLACE.walletSetId,
      MOORING_CIRCLE_TOKEN_ID: PLACE.tokenId,
      MOORING_CIRCLE_URL: w.desk.access.baseUrl,
      MOORING_RATE_LIMIT_CALLBACKS: '1000000',
    },
  });
  await w.desk.ways({ url: `${api.url}${PATH}`, hold: true });
});
afterAll(async () => {
  await api.stop();
  await w.close();
});

/** A move that Circle has taken to this state, all of whose notifications are kept back. */
async function taken(end: 'COMPLETE' | 'CONFIRMED' | 'SENT'): Promise<WalletMove> {
  await w.desk.flush([]);
  await w.desk.ways({ end_in: end });
  const move = await w.newMove();
  await driver.openWallet(move.from);
  await driver.openWallet(move.to);
  await w.desk.fund(move.from, '1.00');
  await w.begin(driver, move);
  const last = async (): Promise<string | undefined> =>
    (await w.desk.record()).transactions.find(({ refId }) => refId === `${move.paymentId}/hold`)?.state;
  while ((await last()) !== end) await Promise.resolve();
  return move;
}

const notifications = async (move: WalletMove): Promise<number> =>
  (
    await w.stage.t.db.withTx(SYSTEM, 'test', (tx) =>
      tx.query('select 1 from wallet_notifications where move_key = $1', [move.key]),
    )
  ).length;

/** Every order of these. */
function ordersOf<T>(of: T[]): T[][] {
  if (of.length === 0) return [[]];
  return of.flatMap((first) => ordersOf(of.filter((one) => one !== first)).map((rest) => [first, ...rest]));
}

test('the endpoint answers HEAD, by which Circle looks whether somebody listens', async () => {
  expect((await api.call(PATH, { method: 'HEAD' })).status).toBe(200);
});

test('without the driver there is no such endpoint', async () => {
  const plain = await createTestApi();
  expect((await plain.call(PATH, { body: {} })).status).toBe(404);
  await plain.stop();
});

const WAY = ['INITIATED', 'QUEUED', 'CLEARED', 'SENT', 'CONFIRMED', 'COMPLETE'] as const;

test('six notifications in each of their 720 orders: after each one the state is the newest, and nothing has ended', async () => {
  const move = await taken('COMPLETE');
  const { reference } = await w.stored(move);
  const orders = ordersOf([...WAY]);
  expect(orders).toHaveLength(720);
  for (const order of orders) {
    const states: string[] = [];
    const undone = w.stage.t.db.withTx(SYSTEM, 'test', async (tx) => {
      for (const state of order) {
        await hearOfMove(tx, { notificationId: randomUUID(), reference: reference ?? '', refId: '', state });
        states.push((await lockMove(tx, move.key)).state);
      }
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    const newest = order.map((_, last) => {
      const told = order.slice(0, last + 1).filter((state) => state !== 'COMPLETE');
      return told.sort((a, b) => MOVE_RANKS[b] - MOVE_RANKS[a])[0] ?? 'INITIATED';
    });
    expect(states).toEqual(newest);
  }
}, 60_000);

test.each([[[0, 1, 2, 3, 4, 5]], [[5, 4, 3, 2, 1, 0]], [[5, 0, 4, 1, 3, 2]], [[3, 5, 1, 0, 2, 4]]])(
  'notifications that Circle sends in the order %j do not end a move, nor lead back',
  async (order) => {
    const move = await taken('COMPLETE');
    expect(await w.desk.flush(order)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(await w.stored(move)).toMatchObject({ state: 'CONFIRMED', endedAt: null });
  },
);

test('a notification that comes again is kept once and changes nothing', async () => {
  const move = await taken('SENT');
  expect(await w.desk.flush([3, 3, 0, 3])).toEqual([200, 200, 200, 200]);
  expect(await notifications(move)).toBe(2);
  expect(await w.stored(move)).toMatchObject({ state: 'SENT' });
});

test('COMPLETE counts when Circle says so itself, and a later notification of less changes nothing', async () => {
  const move = await taken('COMPLETE');
  await w.desk.flush([5]);
  const woken = w.stage.t.signals.filter(({ signal }) => signal === 'walletMoved');
  expect(woken.at(-1)).toMatchObject({ workflowId: `payment/${move.paymentId}` });
  expect(await w.stored(move)).toMatchObject({ endedAt: null });
  expect((await w.look(driver, move)).kind).toBe('done');
  const ended = await w.stored(move);
  expect(ended).toMatchObject({ state: 'COMPLETE' });
  const later = await taken('SENT');
  await w.desk.flush();
  expect(await w.stored(move)).toEqual(ended);
  expect(await w.stored(later)).toMatchObject({ state: 'SENT' });
});

test.each([
  ['not_made', 'COMPLETE', 1],
  ['made', 'COMPLETE', 0],
] as const)('of a move that two people say was %s, %s is %i alarms', async (outcome, end, raised) => {
  const move = await taken(end);
  await w.stage.t.db.withTx(SYSTEM, 'test', async (tx) => {
    for (const name of ['ann', 'bob']) {
      const { user } = await findOrOpenAccount(tx, `${name}@example.test`);
      await tx.query(
        `insert into wallet_decisions (move_key, admin_id, outcome, reason) values ($1, $2, $3, 'looked it up')`,
        [move.key, user.id, outcome],
      );
    }
    await tx.query('update wallet_moves set by_hand = $2 where key = $1', [move.key, outcome]);
  });
  const alarms = async () =>
    (await metrics.walletAlarms.get()).values.find(({ labels }) => labels.step === 'hold')?.value ?? 0;
  const before = await alarms();
  // Its last one is the end, and comes twice.
  expect(await w.desk.flush([5, 5])).toEqual([200, 200]);
  expect(await alarms()).toBe(before + raised);
});

test('a notification of a move whose answer was lost does not say what has become of it', async () => {
  await w.desk.fault({ call: 'transfer', when: 'after', how: 'cut' });
  const move = await taken('SENT');
  const before = await w.stored(move);
  expect(before.unknownSince).not.toBeNull();
  await w.desk.flush();
  expect(await w.stored(move)).toEqual(before);
});

describe('as Circle has signed them', () => {
  let listener: Server;
  let sent: Sent[];
  let url: string;
  beforeAll(async () => {
    listener = createServer((req, res) => {
      void text(req).then((body) => {
        const header = (name: string): string => String(req.headers[name]);
        sent.push({
          body,
          headers: {
            'x-circle-key-id': header('x-circle-key-id'),
            'x-circle-signature': header('x-circle-signature'),
          },
        });
        res.end();
      });
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await w.desk.ways({ url: `${api.url}${PATH}` });
    listener.close();
  });

  /** What Circle sends of a move that has come to this state, caught on its way. */
  async function caught(end: 'COMPLETE' | 'SENT'): Promise<{ move: WalletMove; sent: Sent[] }> {
    const move = await taken(end);
    await w.desk.ways({ url });
    sent = [];
    await w.desk.flush();
    return { move, sent };
  }
  const post = ({ headers, body }: Sent) => rawPost(api.port, { path: PATH, headers, body });
  /** Everything that a notification could change: the move, what was heard of it, who was woken. */
  const facts = async (move: WalletMove) => ({
    move: await w.stored(move),
    heard: await notifications(move),
    woken: w.stage.t.signals.length,
    allHeard: (
      await w.stage.t.db.withTx(SYSTEM, 'test', (tx) => tx.query('select 1 from wallet_notifications'))
    ).length,
  });

  test.each<[string, (one: Sent, other: Sent) => Sent]>([
    ['another state', (one) => ({ ...one, body: one.body.replace('"SENT"', '"COMPLETE"') })],
    ['another amount', (one) => ({ ...one, body: one.body.replace('"0.05"', '"5.00"') })],
    ['one more byte', (one) => ({ ...one, body: `${one.body} ` })],
    ['one byte less', (one) => ({ ...one, body: one.body.slice(0, -1) })],
    [
      'the same fields, written otherwise',
      (one) => ({ ...one, body: JSON.stringify(JSON.parse(one.body), null, 1) }),
    ],
    ['nothing', (one) => ({ ...one, body: '' })],
    ['the signature of another notification', (one, other) => ({ ...one, headers: other.headers })],
    [
      'half of its signature',
      (one) => ({
        ...one,
        headers: { ...one.headers, 'x-circle-signature': one.headers['x-circle-signature'].slice(0, 40) },
      }),
    ],
    [
      'a key that Circle does not have',
      (one) => ({ ...one, headers: { ...one.headers, 'x-circle-key-id': randomUUID() } }),
    ],
  ])('a true one with %s is refused, and moves nothing', async (_what, alter) => {
    const { move, sent: all } = await caught('SENT');
    const [one, other] = [all[3], all[0]];
    if (one === undefined || other === undefined) throw new Error('Circle has sent too few');
    const altered = alter(one, other);
    expect(altered).not.toEqual(one);
    const before = await facts(move);
    expect(await post(altered)).toBe(401);
    expect(await facts(move)).toEqual(before);
    expect(await post(one)).toBe(200);
    expect(await facts(move)).toMatchObject({ heard: 1, move: { state: 'SENT' } });
  });

  test('one that is sent again, and one that is older than the state, are taken and change nothing', async () => {
    const { move, sent: all } = await caught('SENT');
    const newest = all[3];
    if (newest === undefined) throw new Error('Circle has sent too few');
    expect(await post(newest)).toBe(200);
    const after = await facts(move);
    expect(after).toMatchObject({ heard: 1, move: { state: 'SENT' } });
    expect(await Promise.all([post(newest), post(newest), post(newest)])).toEqual([200, 200, 200]);
    expect(await facts(move)).toEqual(after);
    for (const older of all.slice(0, 3)) expect(await post(older)).toBe(200);
    expect(await facts(move)).toEqual({ ...after, heard: 4, allHeard: after.allHeard + 3 });
  });

  test('one of a transfer that is none of ours is taken, is a line in the log, and moves nothing', async () => {
    const { move } = await caught('SENT');
    const circle = await w.desk.circle();
    await w.desk.flush([]);
    const { wallets } = await w.desk.record();
    const idOf = (account: string): string => wallets.find(({ refId }) => refId === account)?.id ?? '';
    await circle.createTransaction({
      idempotencyKey: randomUUID(),
      walletId: idOf(move.from),
      tokenId: PLACE.tokenId,
      destinationAddress: `0x${'0'.repeat(40)}`,
      amount: ['0.01'],
      fee: { type: 'level', config: { feeLevel: 'MEDIUM' } },
    });
    const strange = (await w.desk.record()).transactions.at(-1);
    sent = [];
    await w.desk.flush();
    const [one] = sent;
    if (one === undefined || strange === undefined) throw new Error('Circle has sent nothing');
    const before = await facts(move);
    expect(await post(one)).toBe(200);
    expect(await post(one)).toBe(200);
    expect(await facts(move)).toEqual(before);
    const said = api
      .logged()
      .split('\n')
      .filter((line) => line.includes(strange.id));
    expect(said).toHaveLength(2);
    expect(said[0]).toContain('a transfer that is none of ours');
  });
});

test('what is not signed by Circle over its bytes is refused, and moves nothing', async () => {
  const body = JSON.stringify({
    notificationId: randomUUID(),
    notificationType: 'transactions.outbound',
    notification: { id: randomUUID(), state: 'COMPLETE' },
  });
  const signature = Buffer.from('no signature').toString('base64');
  const post = (headers: Record<string, string>) => rawPost(api.port, { path: PATH, headers, body });
  expect(await post({})).toBe(401);
  expect(await post({ 'x-circle-key-id': randomUUID(), 'x-circle-signature': signature })).toBe(401);
  expect(await post({ 'x-circle-key-id': '../../v1/w3s/wallets', 'x-circle-signature': signature })).toBe(
    401,
  );
});
