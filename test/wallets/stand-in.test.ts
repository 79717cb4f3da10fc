import { randomUUID } from 'node:crypto';
import { initiateDeveloperControlledWalletsClient } from '@circle-fin/developer-controlled-wallets';
import { stableKey } from '../../lib/stable-key';
import { openCircleDesk, PLACE } from './circle-desk';
import type { CircleDesk } from './circle-desk';

let desk: CircleDesk;
let from: { id: string; address: string };
let to: { id: string; address: string };
beforeAll(async () => {
  desk = await openCircleDesk();
  const circle = await desk.circle();
  const open = async (account: string) => {
    const { data } = await circle.createWallets({
      idempotencyKey: randomUUID(),
      walletSetId: PLACE.walletSetId,
      blockchains: [PLACE.blockchain],
      count: 1,
      metadata: [{ refId: account }],
    });
    return data?.wallets[0] ?? { id: '', address: '' };
  };
  from = await open('one');
  to = await open('two');
  await desk.fund('one', '1.00');
});
afterAll(() => desk.close());

const transfer = (idempotencyKey: string, amount = '0.05') => ({
  idempotencyKey,
  walletId: from.id,
  tokenId: PLACE.tokenId,
  destinationAddress: to.address,
  amount: [amount],
  fee: { type: 'level', config: { feeLevel: 'MEDIUM' } } as const,
});

/** A call beside the client of Circle, which would not make it. */
const raw = (path: string, body?: object) =>
  fetch(desk.access.baseUrl + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${desk.access.apiKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

test('the same key is the same transfer, answered as the first time', async () => {
  const circle = await desk.circle();
  const key = randomUUID();
  const [first, second] = [
    await circle.createTransaction(transfer(key)),
    await circle.createTransaction(transfer(key)),
  ];
  expect(second.data?.id).toBe(first.data?.id);
  expect((await desk.record()).transactions.filter(({ id }) => id === first.data?.id)).toHaveLength(1);
});

test('a key that is no UUID v4 is refused', async () => {
  const circle = await desk.circle();
  const v1 = '9b1deb4d-3b7d-1bad-9bdd-2b0d7b3dcb6d';
  for (const key of ['hold', v1]) {
    await expect(circle.createTransaction(transfer(key))).rejects.toMatchObject({ status: 400 });
  }
});

test('a ciphertext of the entity secret that was seen before is refused, and so is another secret', async () => {
  const circle = await desk.circle();
  const entitySecretCiphertext = await circle.generateEntitySecretCiphertext();
  const { fee: _fee, amount: amounts, ...rest } = transfer(randomUUID());
  const body = { ...rest, amounts, feeLevel: 'MEDIUM', entitySecretCiphertext };
  expect((await raw('/v1/w3s/developer/transactions/transfer', body)).status).toBe(201);
  const again = await raw('/v1/w3s/developer/transactions/transfer', {
    ...body,
    idempotencyKey: randomUUID(),
  });
  expect(await again.json()).toMatchObject({ code: 156_004 });
  const other = initiateDeveloperControlledWalletsClient({ ...desk.access, entitySecret: '77'.repeat(32) });
  await expect(other.createTransaction(transfer(randomUUID()))).rejects.toMatchObject({ status: 400 });
});

test('unknown fields, unknown filters and look-ups that Circle lacks are refused', async () => {
  const circle = await desk.circle();
  const entitySecretCiphertext = await circle.generateEntitySecretCiphertext();
  const { fee: _fee, amount: amounts, ...rest } = transfer(randomUUID());
  const body = { ...rest, amounts, feeLevel: 'MEDIUM', entitySecretCiphertext, memo: 'for you' };
  expect((await raw('/v1/w3s/developer/transactions/transfer', body)).status).toBe(400);
  for (const path of [
    '/v1/w3s/transactions?idempotencyKey=1',
    '/v1/w3s/transactions?refId=pay_1',
    `/v1/w3s/developer/transactions/transfer?idempotencyKey=${randomUUID()}`,
  ]) {
    expect([400, 404]).toContain((await raw(path)).status);
  }
});

test('a call without the key of the API is refused', async () => {
  expect((await fetch(`${desk.access.baseUrl}/v1/w3s/wallets`)).status).toBe(401);
});

test('lists are cut into pages that join without gap or double', async () => {
  const circle = await desk.circle();
  for (let made = 0; made < 7; made += 1) await circle.createTransaction(transfer(randomUUID(), '0.01'));
  const ids: string[] = [];
  for (let pageAfter: string | undefined; ; pageAfter = ids.at(-1)) {
    const page = await circle.listTransactions({
      walletIds: [from.id],
      pageSize: 3,
      ...(pageAfter === undefined ? {} : { pageAfter }),
    });
    ids.push(...(page.data?.transactions ?? []).map(({ id }) => id));
    if ((page.data?.transactions ?? []).length < 3) break;
  }
  const all = (await desk.record()).transactions.map(({ id }) => id);
  expect([...ids].sort()).toEqual([...all].sort());
});

test('a call that gets no answer ends in its time', async () => {
  const slow = await openCircleDesk({ timeoutMs: 100 });
  await slow.fault({ call: 'list-wallets', when: 'before', how: 'hang' });
  await expect((await slow.circle()).listWallets({})).rejects.toThrow();
  await slow.close();
});

test('keys come from names alone and have the shape of a UUID v4', () => {
  expect(stableKey('pay_1', 'hold')).toBe(stableKey('pay_1', 'hold'));
  expect(stableKey('pay_1', 'hold')).not.toBe(stableKey('pay_1', 'void'));
  expect(stableKey('a/b', 'c')).not.toBe(stableKey('a', 'b/c'));
  for (let n = 0; n < 200; n += 1) {
    expect(stableKey(`pay_${n}`)).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  }
});
