import { resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { setNetworkStage } from '../network/stage';
import type { NetworkStage } from '../network/stage';
import { openBrowser } from './browser';

export interface StageVisit {
  readonly stage: NetworkStage;
  /** Opens a page in Stockholm: as nobody, or signed in with this mail address. */
  open: (
    path: string,
    options?: { scripts?: boolean; as?: string | null },
  ) => Promise<{ page: Page; complaints: string[] }>;
}

/** For the tests of one file: the real API of the network with its pages, and one browser. */
export function visitStage(): StageVisit {
  let stage: NetworkStage;
  let browser: Browser;
  const opened: Page[] = [];
  beforeAll(async () => {
    stage = await setNetworkStage({ webRoot: resolve('dist/web') });
    browser = await openBrowser();
  }, 60_000);
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((page) => page.context().close()));
  });
  afterAll(async () => {
    await browser.close();
    await stage.close();
  });
  return {
    get stage() {
      return stage;
    },
    async open(path, { scripts = true, as = null } = {}) {
      const context = await browser.newContext({
        javaScriptEnabled: scripts,
        timezoneId: 'Europe/Stockholm',
        viewport: { width: 1280, height: 800 },
      });
      if (as !== null) {
        const { token, refreshToken } = await stage.api.signIn(as);
        const tokens = JSON.stringify({ access_token: token, refresh_token: refreshToken });
        await context.addInitScript(`localStorage.setItem('mooring.sign-in', ${JSON.stringify(tokens)})`);
      }
      const page = await context.newPage();
      opened.push(page);
      page.setDefaultTimeout(10_000);
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
      });
      await page.goto(stage.api.url + path);
      return { page, complaints };
    },
  };
}
