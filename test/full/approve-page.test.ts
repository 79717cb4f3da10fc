import type { Page } from 'playwright-core';
import { approvalPathOf, askPerson, decide, letPass, linkOf } from '../network/person';
import type { Asked } from '../network/person';
import { examine } from '../web/examine';
import type { ViewName } from '../web/examine';
import { visitStage } from '../web/stage-visit';

// The page of an approval: by the link of the mail, as a person opens it whom this browser does not know, and signed in.
jest.setTimeout(180_000);
const site = visitStage();
const { open } = site;
type Visit = Awaited<ReturnType<typeof open>>;

const PAYLOAD = {
  list: 'Members 2019–2023',
  where: { last_opened_before: '2023-11-20', consent: 'lapsed' },
  expected_count: 1204,
  keep_backup: false,
};
const ask = (risk: 'R2' | 'R3' = 'R2', wish: Record<string, unknown> = {}): Promise<Asked> =>
  askPerson(site.stage, {
    risk,
    wish: { description: 'Erase 1,204 contacts for good', payload_inline: PAYLOAD, ...wish },
  });
const pressApprove = (page: Page) => page.getByRole('button', { name: /^Approve/ }).click();

/** What leads to each state, and the words by which it is seen. */
const STATES: Record<string, { play: () => Promise<Visit>; shows: RegExp; views?: ViewName[] }> = {
  'approve-r2': { play: async () => open(await linkOf(site.stage, await ask())), shows: /Decide before/ },
  'approve-r3': {
    async play() {
      const visit = await open(await linkOf(site.stage, await ask('R3')));
      await visit.page.getByRole('button', { name: 'Send the code' }).click();
      return visit;
    },
    shows: /good for 10 minutes/,
  },
  'approve-wrong-code': {
    async play() {
      const visit = await open(await linkOf(site.stage, await ask('R3')));
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
          site.stage,
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
      const visit = await open(await linkOf(site.stage, await ask()));
      await visit.page.getByLabel(/^Note/).fill('Only the lapsed ones');
      await pressApprove(visit.page);
      return visit;
    },
    shows: /You approved it\./,
  },
  'approve-declined': {
    async play() {
      const visit = await open(await linkOf(site.stage, await ask()));
      await visit.page.getByRole('button', { name: /^Decline/ }).click();
      return visit;
    },
    shows: /You declined it:/,
    views: ['light'],
  },
  'approve-expired': {
    async play() {
      const asked = await ask();
      await letPass(site.stage, asked);
      return open(await linkOf(site.stage, asked));
    },
    shows: /The time of this approval is over/,
    views: ['light'],
  },
  'approval-signed-in': {
    async play() {
      const asked = await ask('R3');
      return open(await approvalPathOf(site.stage, asked), { as: asked.email });
    },
    shows: /Decide before/,
  },
  'approval-foreign': {
    play: async () =>
      open(await approvalPathOf(site.stage, await ask()), { as: 'somebody-else@example.org' }),
    shows: /leads to no question/,
    views: ['light'],
  },
  'approve-nothing': { play: () => open(`/approve/${'A'.repeat(64)}`), shows: /There is no such question/ },
};

test.each(Object.entries(STATES))('%s', async (state, { play, shows, views }) => {
  const { page } = await play();
  await page.getByText(shows).locator('visible=true').first().waitFor();
  await examine(page, { state, ...(views === undefined ? {} : { views }) });
});

test('the times are those of the person, and of UTC where the page may run no script; it complains of nothing', async () => {
  const link = await linkOf(site.stage, await ask());
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
  const { page } = await open(await linkOf(site.stage, asked), { scripts: false });
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
  const link = await linkOf(site.stage, asked);
  const { page } = await open(link);
  await decide(site.stage, asked, { approved: false });
  await pressApprove(page);
  await page.getByText('declined already').waitFor();
  expect(await page.locator('form').count()).toBe(0);
});

test('signed in, R3 is decided in place with the code of the mail; focus goes to what it came to', async () => {
  const asked = await ask('R3');
  const { page, complaints } = await open(await approvalPathOf(site.stage, asked), { as: asked.email });
  await page.getByText('Stockholm time').waitFor();
  await page.getByLabel(/^Note/).fill('Only the lapsed ones');
  await page.getByRole('button', { name: 'Send the code' }).click();
  await page.getByText('good for 10 minutes').waitFor();
  expect(await page.getByLabel(/^Note/).inputValue()).toBe('Only the lapsed ones');
  await site.stage.sendCodes();
  const code = /^\d{6}/.exec((await site.stage.mailsTo(asked.email))[0]?.text ?? '')?.[0] ?? '';
  await page.getByLabel(/^Code/).fill(code);
  await page.keyboard.press('Enter');
  await page.getByText('Nothing is decided yet').waitFor();
  await pressApprove(page);
  await page.getByText('You approved it.').waitFor();
  expect(await page.evaluate('document.activeElement.textContent')).toBe('You approved it.');
  expect((await asked.sender.call(`/v1/tasks/${asked.id}`)).body['status']).toBe('in_progress');
  expect(complaints).toEqual([]);
});
