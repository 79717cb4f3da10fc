import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { readRunFile } from '../../dev/run-file';
import { freePort } from '../../dev/supervisor/ports';
import { startProduct } from '../harness/product';

// The main job as a newcomer does it: `npm start`'s own process tree, a real browser, no fake between them.
const CHROMIUM = '/usr/bin/chromium';
const QUESTION =
  'How readable is this text: The committee will review the proposal at its next meeting. People wait for the answer.';

let folder: string;
let tree: ChildProcess;
let url: string;
let browser: Browser;

beforeAll(async () => {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing: apt-get install chromium`);
  folder = mkdtempSync(join(tmpdir(), 'mooring-page-'));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  tree = await startProduct(folder, port);
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
}, 120_000);

afterAll(async () => {
  await browser.close();
  tree.kill('SIGINT');
  await once(tree, 'exit');
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

async function signIn(): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  await page.goto(url);
  await page.getByRole('button', { name: 'Continue as the test user' }).click();
  return page;
}

async function ask(page: Page): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(QUESTION);
  await page.keyboard.press('Enter');
}

test('a person asks, approves, gets the answer with what it cost, and a reload keeps all', async () => {
  const page = await signIn();
  await ask(page);
  await page.getByRole('button', { name: 'Approve 0.05 USDC' }).click({ timeout: 20_000 });
  const answer = page.getByText('Flesch reading ease').first();
  await answer.waitFor({ timeout: 30_000 });
  await page.getByText(/Paid 0\.05/).waitFor({ timeout: 10_000 });
  const shown = await page.getByRole('log').innerText();
  await page.reload();
  await answer.waitFor({ timeout: 10_000 });
  await page.getByText(/Paid 0\.05/).waitFor({ timeout: 10_000 });
  expect((await page.getByRole('log').innerText()).split('\n')).toEqual(shown.split('\n'));
}, 90_000);

test.each(['platform', 'postgres', 'temporal', 'agents'] as const)(
  'kill -9 of %s while the agent works: the page shows one answer, paid once',
  async (part) => {
    const page = await signIn();
    await page.getByRole('textbox', { name: 'Message' }).fill(QUESTION.replace('The', '#agent:slow The'));
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Approve 0.05 USDC' }).click({ timeout: 20_000 });
    await page.getByText('Plainsight works').waitFor({ timeout: 20_000 });
    process.kill(readRunFile(folder)?.pids[part] ?? Number.NaN, 'SIGKILL');
    await page.getByText(/Paid 0\.05/).waitFor({ timeout: 40_000 });
    expect(await page.getByRole('article').count()).toBe(1);
    expect(await page.getByText(/^The text is .* to read/).count()).toBe(1);
    await page.context().close();
  },
  120_000,
);
