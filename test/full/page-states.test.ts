import type { Page } from 'playwright-core';
import { examine } from '../web/examine';
import type { ViewName } from '../web/examine';
import type { ScriptedChat } from '../web/scripted-chat';
import type { Story } from '../web/story';
import { visitPages } from '../web/visit';

// Each state of the page, drawn and held to what `examine` holds.
const visit = visitPages();
jest.setTimeout(120_000);

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

/** A retry of the agent's work, by the frames of the platform. */
const retrying = ({ story, chat }: Scene): void => {
  story.ask();
  story.work();
  const task = { task_id: 'tsk_1' };
  const step = { turn_id: 'trn_1', call_id: 'trn_1/4', tool: 'invoke_agent' as const, ...task };
  const text = 'Text Analyst could not answer and is asked again';
  chat.append({ type: 'STATUS', data: { phase: 'WORKING', state: 'now', text, ...step } });
  const next_attempt_at = new Date(Date.now() + 60_000).toISOString();
  const update = { status: 'in_progress', attempt: 1, risk_level: 'R0', next_attempt_at, ...task } as const;
  chat.append({ type: 'TASK_UPDATE', data: update });
};

const drawn = ({ story, chat }: Scene): void => {
  story.ask();
  story.work();
  const at = { turn_id: 'trn_1', call_id: 'trn_1/4', task_id: 'tsk_1' };
  chat.append({ type: 'STATUS', data: { phase: 'WORKING', state: 'now', text: 'Squareprint works', ...at } });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><path d="M0 0h2v2h2v2H0z"/></svg>`;
  const result = { pictures: [{ name: 'svg', alt: 'A QR code', svg }] };
  const update = { task_id: 'tsk_1', status: 'completed', attempt: 1, risk_level: 'R0', result } as const;
  chat.append({ type: 'TASK_UPDATE', data: update });
  story.finish();
};

/** The decision is refused: another page of the chat was first. */
const tooLate = async ({ story, chat, page }: Scene): Promise<void> => {
  visit.server.behave.withholdAcks = true;
  story.ask();
  await page.getByRole('button', { name: /^Approve/ }).click();
  await page.getByText('Sending…').waitFor();
  const { id } = chat.received.at(-1) ?? { id: '' };
  const code = 'payment_not_open' as const;
  const refusal = {
    error_type: 'payment_declined',
    code,
    message: 'Declined.',
    request_id: 'req_9',
  } as const;
  chat.moment({ type: 'ERROR', data: { for: id, ...refusal, retryable: false, fatal: false } });
  story.decline();
};

interface State {
  play: (scene: Scene) => Promise<unknown> | void;
  shows: string | RegExp;
  /** where it can be seen, when not in each */
  views?: ViewName[];
}

const onPhone = async (scene: Scene, button: string | RegExp): Promise<void> => {
  finished(scene);
  await scene.page.getByText('Paid 0.05 USDC').waitFor();
  await scene.page.setViewportSize({ width: 390, height: 844 });
  await scene.page.getByRole('button', { name: button }).locator('visible=true').click();
};

/** What leads to each state, and the words by which it is seen. */
const STATES: Record<string, State> = {
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
  'run-out': { play: ({ story }) => (story.ask(), story.runOut()), shows: /no answer came/ },
  retrying: { play: retrying, shows: /asked again/ },
  'agent-failed': {
    play: ({ story }) => (story.ask(), story.unasked('PAYMENT_RELEASED')),
    shows: 'The agent could not be reached',
  },
  'decision-late': { play: tooLate, shows: /came too late/ },
  picture: { play: drawn, shows: 'Download SVG' },
  waiting: {
    play: ({ story }) => (
      story.ask(),
      story.end('waiting', 'I wait for your approval, and go on when it comes.')
    ),
    shows: /go on when it comes/,
  },
  limit: {
    play: ({ story }) => (
      story.ask(),
      story.work(),
      story.end('limit', null, 'This took 12 steps, the most of one turn.')
    ),
    shows: /the most of one turn/,
  },
  reset: {
    play: ({ story, chat }) => (
      story.ask(),
      story.work(),
      story.stream(200),
      chat.moment({ type: 'TURN_RESET', data: { turn_id: 'trn_1', attempt: 2 } })
    ),
    shows: 'The text reads at the level',
  },
  'too-long': {
    async play({ page }) {
      await page.getByRole('textbox', { name: 'Message' }).fill('word '.repeat(4_000));
      await page.keyboard.press('Enter');
    },
    shows: /a message holds 16 KB/,
  },
  'new-page': {
    play: ({ page }) => page.goto(visit.server.url),
    shows: 'What should be done?',
  },
  'sign-in': {
    play: ({ page }) => page.getByRole('button', { name: 'Sign out' }).click(),
    shows: 'Continue as the test user',
  },
  'not-there': {
    play: ({ page }) => page.goto(`${visit.server.url}/chat/ses_${'9'.repeat(21)}`),
    shows: 'There is no chat at this address',
  },
  loading: {
    async play({ page }) {
      await page.clock.install();
      await page.route('**/api/sessions/*/token', () => undefined);
      await page.reload();
      await page.locator('.skeleton').waitFor({ state: 'attached' });
      await page.clock.runFor(11_000);
    },
    shows: 'This chat has not come yet.',
  },
  drawer: { play: (scene) => onPhone(scene, 'Menu'), shows: 'Chats', views: ['phone'] },
  sheet: { play: (scene) => onPhone(scene, /^Money in this chat/), shows: 'Rules', views: ['phone'] },
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
  confirm: { play: ({ story }) => story.risky('R2'), shows: 'On its page' },
  'confirm-r3': { play: ({ story }) => story.risky('R3'), shows: 'Decide on its page' },
  'confirm-late': { play: ({ story }) => story.risky('R2', -0.1), shows: /The time is over/ },
  'confirm-approved': {
    play: ({ story }) => (story.risky('R2'), story.resolveRisky('approved')),
    shows: 'You confirmed it; the agent works',
    views: ['light'],
  },
  'confirm-declined': {
    play: ({ story }) => (
      story.risky('R2'),
      story.resolveRisky('declined'),
      story.end('answered', 'Not sent.')
    ),
    shows: 'Not sent.',
    views: ['light'],
  },
  'confirm-expired': {
    play: ({ story }) => (story.risky('R2'), story.resolveRisky('expired')),
    shows: /Nobody confirmed it in time/,
    views: ['light'],
  },
  'confirm-withdrawn': {
    play: ({ story }) => (story.risky('R2'), story.resolveRisky('withdrawn'), story.stopped()),
    shows: 'Stopped by you',
    views: ['light'],
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

/** What has something of its own to be touched: there axe looks at the phone too. */
const TOUCHED = new Set([
  'paying',
  'question-options',
  'confirm',
  'answered',
  'failed',
  'closing',
  'used-up',
  'searching',
]);

test.each(Object.entries(STATES))('%s', async (state, { play, shows, views }) => {
  const { page } = await visit.signIn();
  await play({ page, ...(await visit.ask(page)) });
  const seen = page.getByText(shows).or(page.getByPlaceholder(shows)).locator('visible=true');
  await seen.first().waitFor();
  await examine(page, { state, touched: TOUCHED.has(state), ...(views === undefined ? {} : { views }) });
});
