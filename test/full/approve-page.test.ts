import { resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { askPerson, decide, letPass, linkOf } from '../network/person';
import type { Asked } from '../network/person';
import { setNetworkStage } from '../network/stage';
import type { NetworkStage } from '../network/stage';
import { openBrowser } from '../web/browser';
import { examine } from '../web/examine';

// The page of an approval as a person without an account of this browser opens it, by the link of the mail.
jest.setTimeout(60_000);
let stage: NetworkStage;
let browser: Browser;
beforeAll(async () => {
  stage = await setNetworkStage({ webRoot: resolve('dist/web') });
  browser = await openBrowser();
}, 60_000);
afterAll(async () => {
  await browser.close();
  await stage.close();
});

interface Visit {
  page: Page;
  complaints: string[];
}

async function open(path: string, { scripts = true } = {}): Promise<Visit> {
  const context = await browser.newContext({
    javaScriptEnabled: scripts,
    timezoneId: 'Europe/Stockholm',
    viewport: { width: 1280, height: 800 },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(stage.api.url + path);
  return { page, complaints };
}

const PAYLOAD = {
  list: 'Members 2019–2023',
  where: { last_opened_before: '2023-11-20', consent: 'lapsed' },
  expected_count: 1204,
  keep_backup: false,
};
const ask = (risk: 'R2' | 'R3' = 'R2', wish: Record<string, unknown> = {}): Promise<Asked> =>
  askPerson(stage, {
    risk,
    wish: { description: 'Erase 1,204 contacts for good', payload_inline: PAYLOAD, ...wish },
  });
const pressApprove = (page: Page) => page.getByRole('button', { name: /^Approve/ }).click();

/** What leads to each state, and the words by which it is seen. */
const STATES: Record<string, { play: () => Promise<Visit>; shows: RegExp }> = {
  'approve-r2': { play: async () => open(await linkOf(stage, await ask())), shows: /Decide before/ },
  'approve-r3': {
    async play() {
      const visit = await open(await linkOf(stage, await ask('R3')));
      await visit.page.getByRole('button', { name: 'Send the code' }).click();
      return visit;
    },
    shows: /good for 10 minutes/,
  },
  'approve-wrong-code': {
    async play() {
      const visit = await open(await linkOf(stage, await ask('R3')));
      await visit.page.getByRole('button', { name: 'Send the code' }).click();
      await visit.page.getByLabel(/^Note/).fill('Only the lapsed ones');
      await visit.page.getByLabel(/^Code/).fill('000000');
      await pressApprove(visit.page);
      return visit;
    },
    shows: /Tries left/,
  },
  'approve-long': {
    play: async () =>
      open(
        await linkOf(
          stage,
          await ask('R2', {
            description: 'Unbreakable'.repeat(40),
            payload_inline: { x: 'y'.repeat(4_000) },
          }),
        ),
      ),
    shows: /Decide before/,
  },
  'approve-approved': {
    async play() {
      const visit = await open(await linkOf(stage, await ask()));
      await visit.page.getByLabel(/^Note/).fill('Only the lapsed ones');
      await pressApprove(visit.page);
      return visit;
    },
    shows: /You approved it\./,
  },
  'approve-declined': {
    async play() {
      const visit = await open(await linkOf(stage, await ask()));
      await visit.page.getByRole('button', { name: /^Decline/ }).click();
      return visit;
    },
    shows: /You declined it:/,
  },
  'approve-expired': {
    async play() {
      const asked = await ask();
      await letPass(stage, asked);
      return open(await linkOf(stage, asked));
    },
    shows: /The time of this approval is over/,
  },
  'approve-nothing': { play: () => open(`/approve/${'A'.repeat(64)}`), shows: /There is no such question/ },
};

test.each(Object.entries(STATES))('%s', async (state, { play, shows }) => {
  const { page } = await play();
  await page.getByText(shows).locator('visible=true').first().waitFor();
  await examine(page, { state });
  await page.context().close();
});

test('the times are those of the person, and of UTC where the page may run no script; it complains of nothing', async () => {
  const link = await linkOf(stage, await ask());
  const local = await open(link);
  await local.page.getByText('Stockholm time').waitFor();
  const plain = await open(link, { scripts: false });
  await plain.page.locator('.until', { hasText: 'UTC' }).waitFor();
  const deadlineOf = ({ page }: Visit) => page.locator('.until time').first();
  const iso = (await deadlineOf(local).getAttribute('datetime')) ?? '';
  const clock = (timeZone: string): string =>
    new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone }).format(new Date(iso));
  expect(await deadlineOf(local).textContent()).toContain(clock('Europe/Stockholm'));
  expect(await deadlineOf(plain).textContent()).toContain(clock('UTC'));
  expect(local.complaints).toEqual([]);
});

test('it is decided without scripts, by keys alone; Enter in a field decides nothing and keeps what was typed', async () => {
  const asked = await ask();
  const { page } = await open(await linkOf(stage, asked), { scripts: false });
  const statusOf = async () => (await asked.sender.call(`/v1/tasks/${asked.id}`)).body['status'];
  await page.getByLabel(/^Note/).fill('go on');
  // A line break in the note is no press; the inert first button is what Enter in a field would press.
  await page.locator('button[value=review]').dispatchEvent('click');
  await page.getByText('Nothing is decided yet').waitFor();
  expect(await page.getByLabel(/^Note/).inputValue()).toBe('go on');
  expect(await statusOf()).toBe('waiting_human_confirm');
  await page.getByLabel(/^Note/).focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('You approved it.').waitFor();
  expect(await statusOf()).toBe('in_progress');
});

test('two tabs: the second press shows what the first decided', async () => {
  const asked = await ask();
  const link = await linkOf(stage, asked);
  const { page } = await open(link);
  await decide(stage, asked, { approved: false });
  await pressApprove(page);
  await page.getByText('declined already').waitFor();
  expect(await page.locator('form').count()).toBe(0);
});
