import { parseUsdc } from '../../domain/money';
import { SYSTEM } from '../../domain/principal';
import { createTestApi } from './harness';
import type { TestApi } from './harness';
import { askToPay, pay } from './payment';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.stop());

interface Statement {
  balance_usdc: string;
  held_usdc: string;
  entries: { id: string; kind: string; amount_usdc: string; payment_id?: string; counterparty?: string }[];
  next_cursor: string | null;
}

let people = 0;
const person = () => api.signIn(`s${(people += 1)}@example.test`);
const read = async (token: string, query = ''): Promise<Statement> =>
  (await api.call(`/api/wallet/statement${query}`, { token })).body as unknown as Statement;
const sum = (entries: { amount_usdc: string }[]): bigint =>
  entries.reduce((total, { amount_usdc: text }) => {
    const micros = parseUsdc(text.replace('-', '')) ?? 0n;
    return text.startsWith('-') ? total - micros : total + micros;
  }, 0n);

/** A wallet that was opened, topped up, paid from, refunded to, and of which 0.05 is held. */
async function busy() {
  const [payer, owner] = [await person(), await person()];
  const { id: sessionId } = await api.openSession(payer.token);
  const who = { sessionId, userId: payer.userId, ownerId: owner.userId };
  await api.call('/api/wallet/top-up', {
    ...{ method: 'POST', token: payer.token, body: { amount_usdc: '1', id: 'once' } },
  });
  const paymentId = await pay(api.t.db, who);
  await api.call(`/api/payments/${paymentId}/refund`, {
    ...{ method: 'POST', token: owner.token, body: { id: 'r', amount_usdc: '0.02', reason: 'why' } },
  });
  await askToPay(api.t.db, who);
  return { payer, owner, paymentId };
}

test('the entries of a statement are what was held, paid, refunded and topped up, and sum to the balance', async () => {
  const { payer, owner, paymentId } = await busy();
  const statement = await read(payer.token);
  expect(statement).toMatchObject({
    balance_usdc: '5.97',
    held_usdc: '0.00',
    next_cursor: null,
    entries: [
      { kind: 'refund', amount_usdc: '0.02', payment_id: paymentId, counterparty: 'Text analyst' },
      { kind: 'capture', amount_usdc: '0.00', payment_id: paymentId },
      { kind: 'hold', amount_usdc: '-0.05', payment_id: paymentId },
      { kind: 'top_up', amount_usdc: '1.00' },
      { kind: 'top_up', amount_usdc: '5.00' },
    ],
  });
  expect(sum(statement.entries)).toBe(parseUsdc(statement.balance_usdc));
  const earnings = await read(owner.token, '?account=earnings');
  expect(earnings.entries.map(({ kind, amount_usdc: amount }) => `${kind} ${amount}`)).toEqual([
    'refund -0.0195',
    'capture 0.04875',
  ]);
  expect(sum(earnings.entries)).toBe(parseUsdc(earnings.balance_usdc));
  expect(earnings.entries[0]).toMatchObject({ payment_id: paymentId, counterparty: 'Text analyst' });
});

test('pages of a statement miss nothing and hold nothing twice', async () => {
  const { payer } = await busy();
  const whole = await read(payer.token);
  const seen: Statement['entries'] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Statement = await read(payer.token, `?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
    seen.push(...page.entries);
    cursor = page.next_cursor;
  }
  expect(seen).toEqual(whole.entries);
});

test('as CSV the whole statement is one file, in which no name is a formula', async () => {
  const { payer, paymentId } = await busy();
  await api.t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query('update payments set agent_name = $2 where id = $1', [paymentId, '=SUM("a",b)']),
  );
  const { text, headers } = await api.call('/api/wallet/statement?format=csv', { token: payer.token });
  expect(headers.get('content-type')).toContain('text/csv');
  const lines = text.trimEnd().split('\r\n');
  expect(lines).toHaveLength(6);
  expect(lines[0]).toBe('id,at,kind,amount_usdc,payment_id,task_id,counterparty');
  expect(lines[1]).toMatch(/^\d+,[^,]+Z,refund,0\.02,pay_\w+,tsk_\w+,"'=SUM\(""a"",b\)"$/);
});

test('a statement shows nothing of others', async () => {
  const { payer } = await busy();
  const other = await person();
  expect((await read(other.token)).entries.map(({ kind }) => kind)).toEqual(['top_up']);
  expect((await read(payer.token, '?account=earnings')).entries).toEqual([]);
});

test.each([
  '?cursor=x',
  '?cursor=-1',
  '?limit=0',
  '?limit=1001',
  '?format=pdf',
  '?account=outside',
  '?user=x',
])('a statement asked for by %s is refused', async (query) => {
  const { token } = await person();
  expect(await api.call(`/api/wallet/statement${query}`, { token })).toMatchObject({ status: 400 });
});

test.each([
  ['seven decimals', '0.0000001'],
  ['a negative amount', '-1'],
  ['nothing', '0'],
  ['2^63 millionths', '9223372036854.775808'],
  ['more than anybody tests with', '1000000.000001'],
  ['an exponent', '1e3'],
  ['another currency', '1 EUR'],
  ['a number', 1],
])('a top-up of %s is refused and moves nothing', async (_what, amount) => {
  const { token } = await person();
  const body = { amount_usdc: amount };
  expect(await api.call('/api/wallet/top-up', { method: 'POST', token, body })).toMatchObject({
    status: 400,
    body: { error: { code: 'invalid_request' } },
  });
  expect(await read(token)).toMatchObject({ balance_usdc: '5.00' });
});

test('a top-up is made once for its id, and for people of this machine only', async () => {
  const { token } = await person();
  const topUp = (headers = {}) =>
    api.call('/api/wallet/top-up', {
      ...{ method: 'POST', token, headers, body: { amount_usdc: '2.5', id: 'once' } },
    });
  expect(await topUp()).toMatchObject({ status: 201, body: { balance_usdc: '7.50' } });
  expect(await topUp()).toMatchObject({ status: 201, body: { balance_usdc: '7.50' } });
  expect(await topUp({ 'x-forwarded-for': '203.0.113.9' })).toMatchObject({ status: 404 });
});
