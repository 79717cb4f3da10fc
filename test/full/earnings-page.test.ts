import type { Page } from 'playwright-core';
import { askToPay, pay } from '../api/payment';
import { examine } from '../web/examine';
import type { ViewName } from '../web/examine';
import { visitStage } from '../web/stage-visit';

// What an owner's agents have earned.
jest.setTimeout(180_000);
const visit = visitStage();
const { open } = visit;
const EVERY: ViewName[] = ['light', 'dark', 'phone', 'narrow'];

let people = 0;
async function payerAndOwner() {
  people += 1;
  const email = `owner-${people}@example.org`;
  const { api } = visit.stage;
  const [payer, owner] = [await api.signIn(`payer-${people}@example.org`), await api.signIn(email)];
  const { id: sessionId } = await api.openSession(payer.token);
  return { email, owner, who: { sessionId, userId: payer.userId, ownerId: owner.userId } };
}

const NAMES = [
  { name: 'Plainsight', health: 'healthy', status: 'ACTIVE', price: '0.05' },
  { name: 'Patterncheck', health: 'degraded', status: 'ACTIVE', price: '0.01' },
  {
    name: 'Northlight OCR for very long scanned documents',
    health: null,
    status: 'SUSPENDED',
    price: '0.12',
  },
  { name: 'Draftline', health: null, status: 'PENDING', price: null },
];

/** Four agents of which money came, went back, is held and is not known of. */
async function busyOwner() {
  const stage = await payerAndOwner();
  const { db } = visit.stage.api.t;
  const paid = await pay(db, { ...stage.who, amountMicros: 1_234_567n });
  await visit.stage.api.call(`/api/payments/${paid}/refund`, {
    ...{ token: stage.owner.token, body: { id: 'r', amount_usdc: '0.02', reason: 'half was missing' } },
  });
  await pay(db, stage.who);
  const open: string[] = [];
  for (let count = 0; count < 2; count += 1) open.push(await askToPay(db, stage.who));
  const set = (id: string | undefined, state: string) =>
    visit.stage.query('update payments set state = $2 where id = $1', [id, state]);
  for (const id of open) {
    await set(id, 'AUTHORIZING');
    await set(id, 'HELD');
  }
  await set(open[1], 'UNKNOWN');
  const agents = await visit.stage.query<{ id: string }>(
    `select id from agents where owner_id = $1 and kind = 'service' order by created_at, id`,
    [stage.owner.userId],
  );
  for (const [index, { name, health, status, price }] of NAMES.entries()) {
    await visit.stage.query(
      `update agents set name = $2, last_health_status = $3, status = $4,
              pricing_summary = case when $5::text is null then null else jsonb_build_object('type', 'per_action', 'from_usdc', $5) end
        where id = $1`,
      [agents[index]?.id, name, health, status, price],
    );
  }
  return { ...stage, paid };
}

const STATES: Record<
  string,
  { play: () => Promise<Page>; shows: string; touched?: boolean; views?: ViewName[] }
> = {
  earnings: {
    play: async () => (await open('/earnings', { as: (await busyOwner()).email })).page,
    shows: 'Outcome not known yet',
    touched: true,
    views: EVERY,
  },
  'earnings-none': {
    play: async () => (await open('/earnings', { as: 'nobody-yet@example.org' })).page,
    shows: 'You have no agent yet',
    views: EVERY,
  },
};

test.each(Object.entries(STATES))('%s', async (state, { play, shows, views, touched = false }) => {
  const page = await play();
  await page.getByText(shows).locator('visible=true').first().waitFor();
  await examine(page, { state, touched, ...(views === undefined ? {} : { views }) });
});

test('an owner reads what was earned, what it was for, and comes to the payment and the statement', async () => {
  const { email, paid } = await busyOwner();
  const { page, complaints } = await open('/earnings', { as: email });
  await page.getByText('1.232952', { exact: false }).first().waitFor();
  await page.getByText('yours when one job is done; 0.04875 more not known yet').waitFor();
  const row = page.getByRole('row', { name: /Paid, in part refunded/ });
  expect(await row.getByRole('link').getAttribute('href')).toBe(`/wallet/payments/${paid}`);
  await page.getByRole('link', { name: 'Statement' }).click();
  await page.getByText('Refunded by you').waitFor();
  expect(complaints).toEqual([]);
});

test('what was received is paged, and looked at again on demand', async () => {
  const { email, who } = await payerAndOwner();
  const ask = async (): Promise<void> => {
    const id = await askToPay(visit.stage.api.t.db, who);
    await visit.stage.query(`update payments set state = 'AUTHORIZING' where id = $1`, [id]);
  };
  for (let count = 0; count < 22; count += 1) await ask();
  const { page } = await open('/earnings', { as: email });
  const rows = page.locator('#received tbody tr');
  await page.getByRole('button', { name: 'Show 20 more' }).click();
  await page.getByRole('button', { name: 'Show 20 more' }).waitFor({ state: 'detached' });
  expect(await rows.count()).toBe(22);
  await ask();
  await page.getByRole('button', { name: 'Look again' }).click();
  await page.getByRole('button', { name: 'Show 20 more' }).waitFor();
  expect(await rows.count()).toBe(20);
});
