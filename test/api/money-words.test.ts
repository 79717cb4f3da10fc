import { createTestApi } from './harness';
import type { TestApi } from './harness';
import { pay } from './payment';

// Whoever sends a wrong amount reads which field it is and what it has to be, on every route that takes one.
let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.stop());

const NOT_AN_AMOUNT = 'must be an amount of USDC with at most 6 decimals';
const AMOUNTS: [string, unknown, string][] = [
  ['seven decimals', '0.0000001', NOT_AN_AMOUNT],
  ['a negative amount', '-1', NOT_AN_AMOUNT],
  ['2^63 millionths', '9223372036854.775808', NOT_AN_AMOUNT],
  ['an exponent', '1e3', NOT_AN_AMOUNT],
  ['another currency', '1 EUR', NOT_AN_AMOUNT],
  ['a number', 1, 'must be a string'],
];
const NOTHING: (typeof AMOUNTS)[number] = ['nothing', '0', 'must be more than 0'];

const ROUTES: [string, { method: string; field: string; more?: object }][] = [
  ['/api/wallet/top-up', { method: 'POST', field: 'amount_usdc' }],
  ['/api/wallet/budgets', { method: 'PUT', field: 'day_usdc', more: { month_usdc: null } }],
  ['/api/wallet/budgets', { method: 'PUT', field: 'month_usdc', more: { day_usdc: null } }],
  ['/api/wallet/rules', { method: 'POST', field: 'payment_usdc' }],
  ['/api/wallet/rules', { method: 'POST', field: 'day_usdc', more: { payment_usdc: '1' } }],
  ['/api/payments/:id/refund', { method: 'POST', field: 'amount_usdc', more: { id: 'r', reason: 'why' } }],
  ['/api/sessions', { method: 'POST', field: 'budget_usdc' }],
  ['/api/sessions', { method: 'POST', field: 'auto_approve_usdc' }],
];
const MAY_BE_NOTHING = ['/api/wallet/budgets', '/api/sessions'];

test.each(ROUTES)(
  '%s names the field and the rule of a wrong amount (%j)',
  async (path, { method, field, more }) => {
    const [payer, owner] = [await api.signIn('payer@example.test'), await api.signIn('owner@example.test')];
    const { id: sessionId } = await api.openSession(payer.token);
    const asked = { sessionId, userId: payer.userId, ownerId: owner.userId };
    const refunds = path.includes(':id');
    const at = refunds ? path.replace(':id', await pay(api.t.db, asked)) : path;
    const { token } = refunds ? owner : payer;
    const wrong = MAY_BE_NOTHING.includes(path) ? AMOUNTS : [...AMOUNTS, NOTHING];
    for (const [what, amount, rule] of wrong) {
      const { status, body } = await api.call(at, { method, token, body: { ...more, [field]: amount } });
      expect({ what, status, error: body.error }).toMatchObject({
        what,
        status: 400,
        error: { code: 'invalid_request', message: `${field}: ${rule}`, details: { field, rule } },
      });
    }
  },
);
