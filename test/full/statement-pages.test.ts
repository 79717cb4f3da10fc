import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { askToPay, pay } from '../api/payment';
import { examine } from '../web/examine';
import type { ViewName } from '../web/examine';
import { visitStage } from '../web/stage-visit';

// What a person can spend and what their agents have earned, entry by entry.
jest.setTimeout(180_000);
const visit = visitStage();
const { open } = visit;
const EVERY: ViewName[] = ['light', 'dark', 'phone', 'narrow'];

let people = 0;
/** Somebody who pays, and the owner of the agent that is paid. */
async function payerAndOwner() {
  people += 1;
  const emails = { payer: `payer-${people}@example.org`, owner: `owner-${people}@example.org` };
  const { api } = visit.stage;
  const [payer, owner] = [await api.signIn(emails.payer), await api.signIn(emails.owner)];
  const { id: sessionId } = await api.openSession(payer.token);
  return { emails, payer, owner, who: { sessionId, userId: payer.userId, ownerId: owner.userId } };
}

/** A wallet that was paid from, refunded to, and of which something is held. */
async function busy() {
  const stage = await payerAndOwner();
  const { api } = visit.stage;
  const paymentId = await pay(api.t.db, stage.who);
  await api.call(`/api/payments/${paymentId}/refund`, {
    ...{ token: stage.owner.token, body: { id: 'r', amount_usdc: '0.02', reason: 'half of it was missing' } },
  });
  await pay(api.t.db, { ...stage.who, amountMicros: 1_234_567n });
  await askToPay(api.t.db, stage.who);
  return { ...stage, paymentId };
}

async function topUps(token: string, count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    await visit.stage.api.call('/api/wallet/top-up', { token, body: { amount_usdc: '0.01' } });
  }
}

const STATES: Record<
  string,
  { play: () => Promise<Page>; shows: string; touched?: boolean; views?: ViewName[] }
> = {
  'statement-wallet': {
    async play() {
      const { emails, payer } = await busy();
      await topUps(payer.token, 50);
      return (await open('/wallet/statement', { as: emails.payer })).page;
    },
    shows: 'Show 50 more',
    touched: true,
    views: EVERY,
  },
  'statement-earnings': {
    async play() {
      const { emails } = await busy();
      return (await open('/earnings/statement', { as: emails.owner })).page;
    },
    shows: 'Refunded by you',
    touched: true,
    views: EVERY,
  },
  'statement-empty': {
    async play() {
      return (await open('/earnings/statement', { as: 'nobody-yet@example.org' })).page;
    },
    shows: 'Nothing yet',
    views: EVERY,
  },
  'statement-unreached': {
    async play() {
      const { page } = await open('/', { as: 'mara@example.org' });
      await page.route('**/api/wallet/statement*', (route) => route.abort());
      await page.goto(`${visit.stage.api.url}/wallet/statement`);
      return page;
    },
    shows: 'The server did not answer.',
    views: ['light'],
  },
};

test.each(Object.entries(STATES))('%s', async (state, { play, shows, views, touched = false }) => {
  const page = await play();
  await page.getByText(shows).locator('visible=true').first().waitFor();
  await examine(page, { state, touched, ...(views === undefined ? {} : { views }) });
});

test('a statement is paged without reading anything twice, and leads to the other account and back', async () => {
  const { emails, payer } = await busy();
  await topUps(payer.token, 60);
  const { page, complaints } = await open('/wallet/statement', { as: emails.payer });
  const rows = page.locator('tbody tr');
  await page.getByRole('button', { name: 'Show 50 more' }).click();
  await page.getByRole('button', { name: 'Show 50 more' }).waitFor({ state: 'detached' });
  expect(await rows.count()).toBe(66);
  await page.getByRole('navigation', { name: 'Account' }).getByRole('link', { name: 'Earnings' }).click();
  await page.getByText('Nothing yet').waitFor();
  expect(page.url()).toMatch(/\/earnings\/statement$/);
  await page.goBack();
  await page.getByRole('button', { name: 'Show 50 more' }).click();
  await page.getByText('Refunded to you').waitFor();
  const link = page.getByRole('row', { name: /Refunded to you/ }).getByRole('link');
  expect(await link.getAttribute('href')).toMatch(/^\/wallet\/payments\/pay_\w{21}$/);
  expect(complaints).toEqual([]);
});

test('a statement is saved as CSV and as JSON; a file that does not come is said to', async () => {
  const { emails } = await busy();
  const { page } = await open('/wallet/statement', { as: emails.payer });
  const saved = async (name: string): Promise<string> => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`mooring-wallet.${name.toLowerCase()}`);
    return readFileSync(await download.path(), 'utf8');
  };
  expect((await saved('CSV')).split('\r\n')[0]).toBe(
    'id,at,kind,amount_usdc,payment_id,task_id,counterparty',
  );
  expect(JSON.parse(await saved('JSON'))).toMatchObject({
    account: 'wallet',
    entries: [
      { kind: 'capture', amount_usdc: '0.00' },
      { kind: 'hold', amount_usdc: '-1.234567' },
      { kind: 'refund' },
      { kind: 'capture' },
      { kind: 'hold' },
      { kind: 'top_up', amount_usdc: '5.00' },
    ],
  });
  await page.route('**/api/wallet/statement?format=csv*', (route) => route.abort());
  await page.getByRole('button', { name: 'CSV' }).click();
  await page.getByText('The file did not come', { exact: false }).waitFor();
});
