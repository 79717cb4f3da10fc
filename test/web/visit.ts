import { resolve } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, openPage } from './browser';
import type { View } from './browser';
import type { ScriptedChat } from './scripted-chat';
import { startScriptedServer } from './scripted-server';
import type { ScriptedServer } from './scripted-server';
import { tell } from './story';
import type { Story } from './story';

export interface Visit {
  /** of the test that runs */
  readonly server: ScriptedServer;
  open: (view?: View) => Promise<{ page: Page; complaints: string[] }>;
  signIn: (view?: View) => Promise<{ page: Page; complaints: string[] }>;
  /** Sends the first example, and gives the chat that it opened. */
  ask: (page: Page) => Promise<{ chat: ScriptedChat; story: Story }>;
}

/** For the tests of one file: a browser, and for each test a scripted server of its own. */
export function visitPages(): Visit {
  let server: ScriptedServer;
  let browser: Browser;
  const opened: Page[] = [];
  beforeAll(async () => {
    browser = await openBrowser();
  }, 60_000);
  afterAll(() => browser.close());
  beforeEach(async () => {
    server = await startScriptedServer({ webRoot: resolve('dist/web') });
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((page) => page.context().close()));
    await server.stop();
  });
  const open: Visit['open'] = async (view = {}) => {
    const visit = await openPage(browser, view);
    opened.push(visit.page);
    await visit.page.goto(server.url);
    return visit;
  };
  return {
    get server() {
      return server;
    },
    open,
    async signIn(view) {
      const visit = await open(view);
      await visit.page.getByRole('button', { name: 'Continue as the test user' }).click();
      await visit.page.getByRole('textbox', { name: 'Message' }).waitFor();
      return visit;
    },
    async ask(page) {
      await page.getByRole('button', { name: /^How readable/ }).click();
      await page.locator('textarea:not(:placeholder-shown)').press('Enter');
      // On a busy machine the first socket may need a second try.
      await page.getByText('Reading your message').waitFor({ timeout: 30_000 });
      const chat = [...server.chats.values()].at(-1);
      if (chat === undefined) throw new Error('no chat was opened');
      return { chat, story: tell(chat) };
    },
  };
}

export const logOf = (page: Page) => page.getByRole('log');

/** What axe calls serious or worse, by these of its rules, else by all. */
export async function seriousFindings(page: Page, rules?: readonly string[]): Promise<string[]> {
  const axe = new AxeBuilder({ page });
  const { violations } = await (rules === undefined ? axe : axe.withRules([...rules])).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}
