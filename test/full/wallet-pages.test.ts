import type { Page } from 'playwright-core';
import { lockPayment, setPaymentState } from '../../db/payments';
import { SYSTEM } from '../../domain/principal';
import { askToPay, finishWork, giveWork, holdMoney, pay } from '../api/payment';
import { examine } from '../web/examine';
import type { ViewName } from '../web/examine';
import { visitStage } from '../web/stage-visit';

// The wallet and the payments of a person, and what their agents' owners see of them.
jest.setTimeout(180_000);
const visit = visitStage();
const { open } = visit;

let people = 0;
interface Payer {
  email: string;
  owner: string;
  asked: { sessionId: string; userId: string; ownerId: string };
}
async function payer(): Promise<Payer> {
  people += 1;
  const [email, owner] = [`payer-${people}@example.org`, `owner-${people}@example.org`];
  const [{ token, userId }, { userId: ownerId }] = [
    await visit.stage.api.signIn(email),
    await visit.stage.api.signIn(owner),
  ];
  const { id: sessionId } = await visit.stage.api.openSession(token);
  return { email, owner, asked: { sessionId, userId, ownerId } };
}
const db = () => visit.stage.api.t.db;
const lose = (paymentId: string): Promise<unknown> =>
  db().withTx(SYSTEM, 'test', async (tx) =>
    setPaymentState(tx, await lockPayment(tx, paymentId), { to: 'UNKNOWN' }),
  );

/** One of each: asked, held and at work, held and waiting for the person, not known, paid. */
async function busy(): Promise<Payer & { paidId: string; lostId: string }> {
  const one = await payer();
  const { api } = visit.stage;
  const { token } = await api.signIn(one.email);
  await api.call('/api/wallet/budgets', {
    ...{ method: 'PUT', token, body: { day_usdc: '5.00', month_usdc: '50.00' } },
  });
  await api.call('/api/wallet/rules', {
    ...{ method: 'POST', token, body: { payment_usdc: '0.01', day_usdc: '0.10' } },
  });
  const paidId = await pay(db(), one.asked);
  const lostId = await holdMoney(db(), { ...one.asked, amountMicros: 400_000n });
  await lose(lostId);
  const heldId = await holdMoney(db(), { ...one.asked, amountMicros: 600_000n });
  await giveWork(db(), { ...one.asked, paymentId: heldId }, 'R2');
  await holdMoney(db(), { ...one.asked, amountMicros: 1_234_567n });
  await askToPay(db(), one.asked);
  return { ...one, paidId, lostId };
}

const EVERYWHERE: ViewName[] = ['light', 'dark', 'phone', 'narrow'];
const STATES: Record<string, { play: () => Promise<Page>; shows: string | RegExp; views?: ViewName[] }> = {
  wallet: {
    async play() {
      return (await open('/wallet', { as: (await busy()).email })).page;
    },
    shows: 'We do not know yet whether',
    views: EVERYWHERE,
  },
  'wallet-empty': {
    async play() {
      return (await open('/wallet', { as: (await payer()).email })).page;
    },
    shows: 'No payment yet',
  },
  payments: {
    async play() {
      return (await open('/wallet/payments', { as: (await busy()).email })).page;
    },
    shows: 'Held, waits for you',
    views: EVERYWHERE,
  },
  'payment-paid': {
    async play() {
      const { email, paidId } = await busy();
      const { page } = await open(`/wallet/payments/${paidId}`, { as: email });
      await page.getByRole('button', { name: 'Show its receipt' }).click();
      await page.getByRole('link', { name: 'Verify it' }).waitFor();
      return page;
    },
    shows: 'Nothing more moves by itself.',
    views: EVERYWHERE,
  },
  'payment-unknown': {
    async play() {
      const { email, lostId } = await busy();
      return (await open(`/wallet/payments/${lostId}`, { as: email })).page;
    },
    shows: 'The transfer is looked for',
    views: EVERYWHERE,
  },
  'payment-not-there': {
    async play() {
      const { paidId } = await busy();
      return (await open(`/wallet/payments/${paidId}`, { as: 'eve@example.org' })).page;
    },
    shows: 'There is no payment at this address',
    views: ['light'],
  },
  'wallet-unreached': {
    async play() {
      const { page } = await open('/', { as: 'mara@example.org' });
      await page.route('**/api/wallet/budgets', (route) => route.abort());
      await page.goto(`${visit.stage.api.url}/wallet`);
      return page;
    },
    shows: 'The server did not answer.',
    views: ['light'],
  },
};

test.each(Object.entries(STATES))('%s', async (state, { play, shows, views }) => {
  const page = await play();
  await page.getByText(shows).locator('visible=true').first().waitFor();
  await examine(page, { state, ...(views === undefined ? {} : { views }) });
});

test('a payment is followed from the wallet while it is looked at, from held to paid', async () => {
  const one = await payer();
  const paymentId = await holdMoney(db(), one.asked);
  const task = await giveWork(db(), { ...one.asked, paymentId });
  const { page, complaints } = await open('/wallet', { as: one.email });
  await page.getByText('0.05 at work').waitFor();
  await page.getByText('4.95 USDC available').waitFor();
  await page.getByRole('link', { name: 'Text analyst' }).click();
  await page.getByText('Text analyst works').waitFor();
  await page.getByText('0.05 USDC is held, and not paid.', { exact: false }).waitFor();
  await finishWork(db(), task, paymentId);
  await page.getByText('0.05 USDC is paid to the owner of Text analyst.', { exact: false }).waitFor();
  expect(await page.getByText('Text analyst works').count()).toBe(0);
  await page.getByRole('link', { name: 'The task it pays for' }).waitFor();
  await page.getByRole('link', { name: 'Wallet' }).first().click();
  await page.getByText('no agent works for money now').waitFor();
  expect(complaints).toEqual([]);
});

test('test money is added, budgets are set and taken away, a rule is added and ended', async () => {
  const { email, asked } = await payer();
  await pay(db(), asked);
  const { page, complaints } = await open('/wallet', { as: email });
  await page.getByRole('button', { name: 'Add money' }).click();
  const amount = page.getByRole('textbox', { name: /^Amount/ });
  await amount.fill('1e3');
  await page.getByRole('button', { name: 'Add money' }).last().click();
  await page.getByText('This is no amount.', { exact: false }).waitFor();
  await amount.fill('2,5');
  await page.getByRole('button', { name: 'Add 2.50 USDC' }).dblclick();
  await page.getByText('7.45 USDC available').waitFor();

  await page.getByRole('button', { name: 'Set budgets' }).click();
  await page.getByRole('textbox', { name: /^A day/ }).fill('0.5');
  await page.getByRole('button', { name: 'Save budgets' }).click();
  await page.getByText('of 0.50').waitFor();
  expect(await page.getByRole('img', { name: /^Today/ }).getAttribute('aria-label')).toBe(
    'Today: 0.05 paid, 0.00 held, 0.00 not known, of 0.50',
  );
  await page.getByRole('button', { name: 'Edit budgets' }).click();
  await page.getByRole('textbox', { name: /^A day/ }).fill('');
  await page.getByRole('button', { name: 'Save budgets' }).click();
  await page.getByRole('button', { name: 'Set budgets' }).waitFor();

  await page.getByRole('button', { name: 'Add a rule' }).click();
  await page.getByLabel('Agent').selectOption({ label: 'Text analyst' });
  await page.getByRole('textbox', { name: /^A payment/ }).fill('0.10');
  await page.getByRole('textbox', { name: /^A day/ }).fill('0.05');
  await page.getByRole('button', { name: 'Add rule' }).click();
  await page.getByText('must be at least payment_usdc', { exact: false }).waitFor();
  await page.getByRole('textbox', { name: /^A day/ }).fill('1');
  await page.getByRole('button', { name: 'Add rule' }).click();
  await page.getByText('up to 0.10 a payment, 1.00 a day').waitFor();
  await page.getByRole('button', { name: 'End the rule for Text analyst' }).click();
  await page.getByText('Every payment is asked for.').waitFor();
  expect(complaints.filter((line) => !line.includes('400'))).toEqual([]);
});

test('the owner of the agent gives a part back, and then all that is left; the payer reads why', async () => {
  const { email, owner, asked } = await payer();
  const path = `/wallet/payments/${await pay(db(), asked)}`;
  const { page } = await open(path, { as: owner });
  const reason = page.getByRole('textbox', { name: 'Reason' });
  await page.getByRole('textbox', { name: /^Amount/ }).fill('0.06');
  await reason.fill('one page was missing');
  await page.getByRole('button', { name: 'Refund 0.06 USDC' }).click();
  await page.getByText('Of what was paid 0.05 USDC is left to refund.').waitFor();
  await page.getByRole('textbox', { name: /^Amount/ }).fill('0.02');
  await examine(page, { state: 'payment-refund', views: ['light', 'narrow'] });
  await page.getByRole('button', { name: 'Refund 0.02 USDC' }).dblclick();
  await page.getByText('0.03 USDC of it is left.', { exact: false }).waitFor();
  await page.getByRole('textbox', { name: 'Reason' }).fill('and the rest of it');
  await page.getByRole('button', { name: 'Refund 0.03 USDC' }).click();
  await page.getByText('0.05 USDC was paid, and all of it was given back.').waitFor();
  expect(await page.getByRole('button', { name: /^Refund/ }).count()).toBe(0);
  const other = await open(path, { as: email });
  await other.page.getByText('one page was missing').waitFor();
  expect(await other.page.getByRole('heading', { name: 'Give it back' }).count()).toBe(0);
});

test('payments are filtered and paged, and lead to their pages and back', async () => {
  const { email, asked } = await payer();
  await pay(db(), asked);
  for (let count = 0; count < 31; count += 1) await askToPay(db(), asked);
  const { page } = await open('/wallet', { as: email });
  await page.getByRole('link', { name: 'All of them' }).click();
  const rows = page.locator('.rows tbody tr');
  await page.getByRole('button', { name: 'Show 30 more' }).click();
  await page.getByRole('button', { name: 'Show 30 more' }).waitFor({ state: 'detached' });
  expect(await rows.count()).toBe(32);
  await page.getByLabel('State').selectOption('CAPTURED');
  await page.getByText('Asked, until').first().waitFor({ state: 'detached' });
  expect(await rows.count()).toBe(1);
  await page.getByRole('link', { name: 'Text analyst' }).click();
  await page.getByText('Nothing more moves by itself.', { exact: false }).waitFor();
  await page.getByRole('link', { name: 'Payments', exact: true }).click();
  await page.getByRole('heading', { name: 'Payments' }).waitFor();
});

test('a server that gives no test money offers none', async () => {
  const { page } = await open('/', { as: (await payer()).email });
  await page.route('**/api/about', async (route) => {
    const about = (await (await route.fetch()).json()) as object;
    await route.fulfill({ json: { ...about, sign_in: { development: false } } });
  });
  await page.goto(`${visit.stage.api.url}/wallet`);
  await page.getByText('No payment yet').waitFor();
  await page.getByRole('link', { name: 'Statement' }).waitFor();
  expect(await page.getByRole('button', { name: 'Add money' }).count()).toBe(0);
});
