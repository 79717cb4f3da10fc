import type { Page } from 'playwright-core';
import { captureMoves, holdMoves } from '../../activities/wallets/payment-moves';
import { holdPayment } from '../../db/payment-money';
import type { Tx } from '../../db/database';
import { decidePayment, lockPayment, setPaymentState } from '../../db/payments';
import type { Payment } from '../../db/payments';
import { lockMove, recordMove, recordOutcome } from '../../db/wallet-moves';
import { SYSTEM } from '../../domain/principal';
import { askToPay } from '../api/payment';
import { examine } from '../web/examine';
import type { ViewName } from '../web/examine';
import { visitStage } from '../web/stage-visit';

// Payments of which nobody knows whether money moved, as the admins see them who find out.
jest.setTimeout(180_000);
const visit = visitStage();
const { open } = visit;
const EVERY: ViewName[] = ['light', 'dark', 'phone', 'narrow'];
const ANN = 'operator@example.org';
const BOB = 'test@mooring.local';
const PATH = '/ops/unknown-payments';
const NETWORK = 'circle/BASE-SEPOLIA';

let people = 0;
/** A transfer of which the answer was lost: into escrow, or on to the agent's owner. */
async function lost(step: 'hold' | 'capture' = 'hold'): Promise<string> {
  const { api } = visit.stage;
  const { token, userId } = await api.signIn(`payer-${(people += 1)}@example.org`);
  const { id: sessionId } = await api.openSession(token);
  const paymentId = await askToPay(api.t.db, { sessionId, userId, amountMicros: 400_000n });
  await api.t.db.withTx(SYSTEM, 'test', async (tx) => {
    await decidePayment(tx, { sessionId, paymentId, approved: true });
    let payment = await lockPayment(tx, paymentId);
    await holdPayment(tx, payment);
    if (step === 'capture') payment = await found(tx, payment);
    await lose(tx, payment, step);
  });
  return paymentId;
}

/** The transfer into escrow was made. */
async function found(tx: Tx, payment: Payment): Promise<Payment> {
  const [hold] = holdMoves(payment);
  if (hold === undefined) throw new Error('no move');
  await recordMove(tx, NETWORK, hold);
  await recordOutcome(tx, await lockMove(tx, hold.key), { kind: 'done', reference: `hold ${payment.id}` });
  return setPaymentState(tx, payment, { to: 'HELD' });
}

async function lose(tx: Tx, payment: Payment, step: 'hold' | 'capture'): Promise<void> {
  const whole = { paidMicros: payment.amountMicros, feeMicros: payment.feeMicros };
  const [move] = step === 'hold' ? holdMoves(payment) : captureMoves(payment, whole);
  if (move === undefined) throw new Error('no move');
  await recordMove(tx, NETWORK, move);
  await recordOutcome(tx, await lockMove(tx, move.key), { kind: 'unknown', why: 'the line was cut' });
  await setPaymentState(tx, payment, { to: 'UNKNOWN' });
}

const say = async (email: string, paymentId: string, body: { outcome: string; reason: string }) => {
  const { token } = await visit.stage.api.signIn(email);
  return visit.stage.api.call(`/api/admin/unknown-payments/${paymentId}/decide`, {
    token,
    body: { ...body, ref_id: `${paymentId}/hold` },
  });
};

/** Each test finds its own payments only. */
afterEach(async () => {
  const { token } = await visit.stage.api.signIn(ANN);
  const { text } = await visit.stage.api.call('/api/admin/unknown-payments', { token });
  for (const { id } of (JSON.parse(text) as { payments: { id: string }[] }).payments) {
    await visit.stage.query(`update payments set state = 'HELD' where id = $1`, [id]);
  }
});

const STATES: Record<
  string,
  { play: () => Promise<Page>; shows: string; touched?: boolean; views?: ViewName[] }
> = {
  'unknown-payments': {
    async play() {
      await say(BOB, await lost(), {
        outcome: 'not_made',
        reason: 'Not in the console, by reference, amount and address, from 13:30 to 14:30.',
      });
      await lost('capture');
      const { page } = await open(PATH, { as: ANN });
      await page.getByRole('button', { name: /^Say/ }).first().click();
      return page;
    },
    shows: 'Choose what you found.',
    touched: true,
    views: EVERY,
  },
  'unknown-none': {
    play: async () => (await open(PATH, { as: ANN })).page,
    shows: 'Nothing is unknown',
    views: ['light', 'narrow'],
  },
  'unknown-not-there': {
    async play() {
      await lost();
      return (await open(PATH, { as: 'eve@example.org' })).page;
    },
    shows: 'There is no page at this address',
    views: ['light'],
  },
};

test.each(Object.entries(STATES))('%s', async (state, { play, shows, views, touched = false }) => {
  const page = await play();
  await page.getByText(shows).locator('visible=true').first().waitFor();
  await examine(page, { state, touched, ...(views === undefined ? {} : { views }) });
});

async function sayOnPage(page: Page, { choice, reason }: { choice: string; reason: string }): Promise<void> {
  await page.getByLabel(choice).check();
  await page.getByLabel('How you know').fill(reason);
  await page.getByRole('button', { name: /^Say it was/ }).click();
}

test('what one admin says is shown to the next; the second who says the same ends it, in a sentence', async () => {
  await lost();
  const ann = await open(PATH, { as: ANN });
  const not = { choice: 'No transfer was made', reason: 'not in the console' };
  await ann.page.getByRole('button', { name: 'Say what you found' }).click();
  await ann.page.getByText('Choose what you found.').waitFor();
  await ann.page.getByText('Say how you know', { exact: false }).waitFor();
  await sayOnPage(ann.page, not);
  await ann.page.getByText('One more admin has to say the same.').waitFor();
  expect(await ann.page.locator(':focus').textContent()).toBe('One more admin has to say the same.');
  expect(await ann.page.getByRole('button', { name: /^Say/ }).count()).toBe(0);
  const bob = await open(PATH, { as: BOB });
  await bob.page.getByText('says it was not made', { exact: false }).waitFor();
  await sayOnPage(bob.page, { ...not, reason: 'neither did I' });
  await bob.page
    .getByText('Two admins have said that the transfer of 0.40 USDC was not made', { exact: false })
    .waitFor();
  await bob.page.getByText('Nothing is unknown').waitFor();
  expect([...ann.complaints, ...bob.complaints]).toEqual([]);
});

test('two who do not agree are told so, and a third is asked for', async () => {
  const id = await lost();
  await say(BOB, id, { outcome: 'made', reason: 'found as 3f' });
  const { page } = await open(PATH, { as: ANN });
  await sayOnPage(page, { choice: 'No transfer was made', reason: 'that one is another' });
  await page.getByText('They do not agree', { exact: false }).waitFor();
});

test('what was chosen of one transfer is not chosen of the next that holds the payment up', async () => {
  const id = await lost();
  const { page } = await open(PATH, { as: ANN });
  await page.getByLabel('The transfer was made').check();
  await visit.stage.api.t.db.withTx(SYSTEM, 'test', async (tx) =>
    lose(tx, await found(tx, await lockPayment(tx, id)), 'capture'),
  );
  // The page looks again every ten seconds.
  await page.getByText('Capture: out of escrow', { exact: false }).waitFor({ timeout: 20_000 });
  expect(await page.getByLabel('The transfer was made').isChecked()).toBe(false);
});

test('a transfer out of escrow that was not made cannot be said away, and why stands beside it', async () => {
  await lost('capture');
  const { page } = await open(PATH, { as: ANN });
  await page.getByText('It is owed', { exact: false }).waitFor();
  expect(await page.getByLabel('No transfer was made').isDisabled()).toBe(true);
});

test('what the server refuses is said at the form, and nothing that was typed is lost', async () => {
  const id = await lost();
  const { page } = await open(PATH, { as: ANN });
  await page.getByLabel('How you know').waitFor();
  await page.route('**/api/admin/unknown-payments', (route) => route.abort());
  await say(ANN, id, { outcome: 'made', reason: 'found it' });
  await sayOnPage(page, { choice: 'No transfer was made', reason: 'not in the console' });
  await page.getByText('You have said otherwise before', { exact: false }).waitFor();
  expect(await page.getByLabel('How you know').inputValue()).toBe('not in the console');
});
