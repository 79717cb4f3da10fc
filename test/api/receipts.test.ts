import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { compactVerify, createRemoteJWKSet } from 'jose';
import { asUser, SYSTEM } from '../../domain/principal';
import { createTestApi } from './harness';
import type { TestApi } from './harness';
import { askToPay, pay } from './payment';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.stop());

let people = 0;
const person = () => api.signIn(`r${(people += 1)}@example.test`);

async function paid() {
  const [payer, owner] = [await person(), await person()];
  const { id: sessionId } = await api.openSession(payer.token);
  const wish = { sessionId, userId: payer.userId, ownerId: owner.userId, amountMicros: 1_000_000n };
  return { payer, owner, paymentId: await pay(api.t.db, wish) };
}

const receiptFor = async (paymentId: string, token: string): Promise<string> => {
  const { body } = await api.call(`/api/payments/${paymentId}/receipt`, { token });
  return (body as unknown as { receipt: string }).receipt;
};

const verified = async (receipt: string): Promise<string> =>
  (await fetch(`${api.url}/receipts`, { method: 'POST', body: new URLSearchParams({ receipt }) })).text();

test('payer and owner get the same receipt of a captured payment, and anybody verifies it by the published keys', async () => {
  const { payer, owner, paymentId } = await paid();
  const receipt = await receiptFor(paymentId, payer.token);
  expect(await receiptFor(paymentId, owner.token)).toBe(receipt);
  const keys = createRemoteJWKSet(new URL(`${api.url}/.well-known/jwks.json`));
  const { payload, protectedHeader } = await compactVerify(receipt, keys, { algorithms: ['ES256'] });
  expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'mooring-receipt+jws' });
  expect(JSON.parse(Buffer.from(payload).toString())).toMatchObject({
    jti: paymentId,
    payer: payer.userId,
    payee: owner.userId,
    currency: 'USDC',
    approved_usdc: '1.00',
    paid_usdc: '1.00',
    fee_usdc: '0.025',
    approved_by: 'person',
  });
});

test('what is published of a key is its public half, and no private one stands in a row unsealed', async () => {
  const { payer, paymentId } = await paid();
  await receiptFor(paymentId, payer.token);
  const { keys } = (await (await fetch(`${api.url}/.well-known/jwks.json`)).json()) as {
    keys: Record<string, unknown>[];
  };
  expect(keys).toHaveLength(1);
  expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  const rows = await api.t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query<{ sealed: string }>('select sealed_private as sealed from signing_keys'),
  );
  expect(rows.map(({ sealed }) => sealed.slice(0, 3))).toEqual(['v1.']);
  const seen = await api.t.db.withTx(asUser(payer.userId), 'test', (tx) =>
    tx.query('select id from signing_keys'),
  );
  expect(seen).toEqual([]);
});

test('a payment that is not captured has no receipt, and that of others is not there', async () => {
  const { paymentId } = await paid();
  const stranger = await person();
  const { id: sessionId } = await api.openSession(stranger.token);
  const open = await askToPay(api.t.db, { sessionId, userId: stranger.userId });
  for (const id of [open, paymentId, 'pay_000000000000000000000', 'pay_x', '%00']) {
    expect(await api.call(`/api/payments/${id}/receipt`, { token: stranger.token })).toMatchObject({
      status: 404,
      body: { error: { code: 'not_found' } },
    });
  }
});

test('the page says what a receipt says, and that a changed one, a foreign one and anything else is none', async () => {
  const { payer, paymentId } = await paid();
  const receipt = await receiptFor(paymentId, payer.token);
  const good = await verified(receipt);
  expect(good).toContain('Signed by this platform, and unchanged');
  expect(good).toContain('1.00 USDC');
  expect(good).toContain(paymentId);
  const [head = '', body = '', signature = ''] = receipt.split('.');
  const claims = Buffer.from(body, 'base64url').toString().replace('"1.00"', '"9.00"');
  const forged = [head, Buffer.from(claims).toString('base64url'), signature].join('.');
  const unsigned = [Buffer.from('{"alg":"none"}').toString('base64url'), body, ''].join('.');
  for (const bad of [forged, unsigned, `${receipt}A`, 'x', '<script>', 'a.b.c']) {
    const page = await verified(bad);
    expect(page).toContain('This is not a receipt of ours');
    expect(page).not.toContain('<script>');
  }
  const long = await fetch(`${api.url}/receipts`, {
    method: 'POST',
    body: new URLSearchParams({ receipt: 'x'.repeat(9_000) }),
  });
  expect(long.status).toBe(400);
});

test('the recipe of docs/receipts.md verifies a receipt with curl and Node alone', async () => {
  const { payer, paymentId } = await paid();
  const docs = readFileSync(join(__dirname, '../../docs/receipts.md'), 'utf8');
  const recipe = /```sh\n([\s\S]*?)\n```/.exec(docs)?.[1] ?? '';
  const run = async (receipt: string): Promise<string> => {
    const env = { ...process.env, MOORING: api.url, RECEIPT: receipt };
    return (await promisify(execFile)('bash', ['-c', recipe], { env })).stdout;
  };
  const receipt = await receiptFor(paymentId, payer.token);
  expect(await run(receipt)).toContain('signed true');
  expect(await run(receipt)).toContain(paymentId);
  expect(await run(`${receipt.slice(0, -8)}AAAAAAAA`)).toContain('signed false');
});
