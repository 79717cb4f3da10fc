import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Page } from 'playwright-core';
import type { ScriptedChat } from '../web/scripted-chat';
import type { Story } from '../web/story';
import { seriousFindings, visitPages } from '../web/visit';

// Each state of the page, drawn light, dark and on a phone: the pictures lie in .mooring/pictures to be looked at, beside
// those of the look. Held here: nothing that axe calls serious (the rules that look at the tree are asked once for each
// state, those that look at what is drawn in each view), no sideways scrolling, no words that are cut off.
const visit = visitPages();
jest.setTimeout(120_000);
const PICTURES = resolve('.mooring/pictures');
beforeAll(() => mkdirSync(PICTURES, { recursive: true }));

interface Scene {
  page: Page;
  chat: ScriptedChat;
  story: Story;
}
const more = async ({ page }: Scene, choice: RegExp): Promise<void> => {
  await page.getByRole('button', { name: 'More about this chat' }).locator('visible=true').click();
  await page.getByRole('button', { name: choice }).click();
};
const finished = ({ story }: Scene): void => {
  story.ask();
  story.work();
  story.finish();
};

/** What leads to each state, and the words by which it is seen. */
const STATES: Record<string, { play: (scene: Scene) => Promise<unknown> | void; shows: string | RegExp }> = {
  reading: { play: () => undefined, shows: 'Reading your message' },
  paying: { play: ({ story }) => story.ask(), shows: 'Approve 0.05 USDC' },
  working: { play: ({ story }) => (story.ask(), story.work()), shows: 'Text Analyst works: readability' },
  streaming: {
    play: ({ story }) => (story.ask(), story.work(), story.stream(330)),
    shows: 'The text reads at the level',
  },
  answered: { play: finished, shows: 'Paid 0.05 USDC' },
  unasked: { play: ({ story }) => story.unasked('PAYMENT_SUCCESSFUL'), shows: 'Payments of up to 0.10 USDC' },
  'came-back': { play: ({ story }) => story.unasked('PAYMENT_RELEASED'), shows: '0.05 USDC came back' },
  declined: { play: ({ story }) => (story.ask(), story.decline()), shows: 'You declined; nothing was paid' },
  'question-options': {
    play: ({ story }) => story.question(['Age 11', 'Age 14', 'Adults']),
    shows: 'Or in your own words',
  },
  'question-words': { play: ({ story }) => story.question(), shows: 'Which text should be read?' },
  'question-answered': {
    play: ({ story }) => (story.question(['Age 11', 'Age 14']), story.resolve('answered', 'Age 14')),
    shows: 'You answered Age 14',
  },
  'question-expired': {
    play: ({ story }) => (story.question(['Age 11', 'Age 14']), story.resolve('expired')),
    shows: /ended without an answer/,
  },
  'question-late': {
    play: ({ story }) => story.question(['Age 11', 'Age 14'], -0.1),
    shows: 'ended, waiting for word',
  },
  stopped: {
    play: ({ story }) => (
      story.ask(),
      story.work(),
      story.stream(1),
      story.stopped('**The text reads at the level of a 16-year-old.** A 14-year-old follows most of')
    ),
    shows: 'Stopped by you',
  },
  'stopped-asking': {
    play: ({ story }) => (story.question(['Age 11', 'Age 14']), story.resolve('withdrawn'), story.stopped()),
    shows: 'Stopped by you',
  },
  failed: { play: ({ story }) => story.fail(), shows: 'req_of_the_message' },
  queued: {
    async play({ story, page }) {
      story.ask();
      await page.getByRole('textbox', { name: 'Message' }).fill('And the second text?');
      await page.keyboard.press('Enter');
    },
    shows: 'Answered next',
  },
  'used-up': {
    play(scene) {
      finished(scene);
      scene.chat.budget = { ...scene.chat.budget, limit_usdc: '0.06' };
    },
    shows: 'The budget of this chat is used up:',
  },
  closing: {
    async play(scene) {
      scene.story.ask();
      await scene.page.getByText('0.05 USDC').first().waitFor({ state: 'attached' });
      await more(scene, /^Close chat/);
    },
    shows: 'Close this chat?',
  },
  erasing: {
    async play(scene) {
      finished(scene);
      await scene.page.getByText('Paid 0.05 USDC').waitFor();
      await more(scene, /^Erase chat/);
    },
    shows: 'Erase this chat?',
  },
  closed: {
    async play(scene) {
      finished(scene);
      await more(scene, /^Close chat/);
      await scene.page.getByRole('dialog').getByRole('button', { name: 'Close chat' }).click();
      await scene.page.getByRole('dialog').waitFor({ state: 'detached' });
    },
    shows: 'This chat is closed',
  },
  erased: {
    play: ({ chat }) =>
      void chat.append({ type: 'SESSION_CLOSED', data: { reason: 'erased', phase: 'CLOSED' } }),
    shows: 'This chat was erased',
  },
  searching: {
    async play(scene) {
      finished(scene);
      visit.server.openChat('Winter newsletter');
      await scene.page.getByRole('searchbox').fill('newsletter');
    },
    shows: 'Winter newsletter',
  },
  keys: {
    play: ({ page }) => page.getByRole('log').press('?'),
    shows: 'Single letters are keys',
  },
  reconnecting: {
    async play(scene) {
      finished(scene);
      await scene.page.getByText('Paid 0.05 USDC').waitFor();
      await visit.server.stop();
    },
    shows: 'Reconnecting.',
  },
};

const VIEWS = {
  light: { width: 1280, height: 800, colorScheme: 'light' },
  dark: { width: 1280, height: 800, colorScheme: 'dark' },
  phone: { width: 390, height: 844, colorScheme: 'light' },
} as const;
const DRAWN = ['color-contrast', 'target-size', 'scrollable-region-focusable'];

test.each(Object.entries(STATES))('%s', async (state, { play, shows }) => {
  const { page } = await visit.signIn();
  await play({ page, ...(await visit.ask(page)) });
  const seen = page.getByText(shows).or(page.getByPlaceholder(shows)).locator('visible=true');
  await seen.first().waitFor();
  for (const [view, { colorScheme, ...size }] of Object.entries(VIEWS)) {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme });
    expect({ view, serious: await seriousFindings(page, view === 'light' ? undefined : DRAWN) }).toEqual({
      view,
      serious: [],
    });
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect({ view, cut: await page.evaluate(CUT_OFF) }).toEqual({ view, cut: [] });
    await page.screenshot({ path: `${PICTURES}/${state}-${view}.png` });
  }
});

/** Buttons, headings and notices whose words do not fit in them. */
const CUT_OFF = `[...document.querySelectorAll('.btn, .ask h2, .notice, .badge, dialog h2, .turn-foot span')]
  .filter((node) => node.clientWidth > 0 && node.scrollWidth > node.clientWidth + 1 && !node.matches('.sr'))
  .map((node) => node.outerHTML.slice(0, 120))`;
