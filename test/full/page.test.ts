import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import type { ScriptedChat } from '../web/scripted-chat';
import { HOSTILE, PLAIN } from '../web/pictures';
import { ANSWER } from '../web/story';
import { logOf, seriousFindings, visitPages } from '../web/visit';

// The page in Chromium, before a server whose every frame the test writes. What the product makes of the main job is
// test/full/main-job.test.ts.
const visit = visitPages();
const { signIn, ask } = visit;
jest.setTimeout(90_000);

const approve = (page: Page) => page.getByRole('button', { name: 'Approve 0.05 USDC' });
test('a person asks, sees each step, approves, and gets the answer with what it cost', async () => {
  const { page, complaints } = await signIn();
  const { chat, story } = await ask(page);
  expect(new URL(page.url()).pathname).toBe(`/chat/${chat.id}`);
  await page.getByText(/^Pasted text, \d+ words$/).waitFor();

  story.ask();
  await page.getByText('Connected to Text Analyst, healthy').waitFor();
  await page.getByRole('heading', { name: 'Hire Text Analyst for readability?' }).waitFor();
  await page.getByRole('timer').waitFor();
  await page.getByText('0.05 USDC asked').waitFor();
  await approve(page).click();
  await page.getByRole('button', { name: 'Sending…' }).waitFor();
  expect(chat.received.at(-1)).toMatchObject({ type: 'PAYMENT_RESPONSE', data: { approved: true } });

  story.work();
  await page.getByText('Text Analyst works: readability').first().waitFor();
  await approve(page).waitFor({ state: 'detached' });
  story.stream(200);
  await page.getByText(/^4 steps in .*, one agent hired/).waitFor();
  story.finish();
  await page.getByText('Paid 0.05 USDC to Text Analyst').waitFor();
  await page.getByText('Model 0.0123 USDC').waitFor();
  await page.getByText(/^Saved at \d\d:\d\d:\d\d\./).waitFor();
  expect(complaints).toEqual([]);
});

test('a reload shows all as it was, and an open question can still be answered', async () => {
  const { page } = await signIn();
  const { story } = await ask(page);
  story.ask();
  await approve(page).waitFor();
  await page.reload();
  await approve(page).click();
  await page.getByRole('button', { name: 'Sending…' }).waitFor();
  story.work();
  story.finish();
  await page.getByText('Paid 0.05 USDC').waitFor();
  const before = await logOf(page).innerText();
  await page.reload();
  await page.getByText('Paid 0.05 USDC').waitFor();
  expect(await logOf(page).innerText()).toBe(before);
});

test('a declined offer stays visible as a step', async () => {
  const { page } = await signIn();
  const { chat, story } = await ask(page);
  story.ask();
  await page.getByRole('button', { name: 'Decline' }).click();
  await page.getByRole('button', { name: 'Sending…' }).waitFor();
  expect(chat.received.at(-1)).toMatchObject({ data: { approved: false } });
  story.decline();
  await page.getByText('You declined; nothing was paid').waitFor();
  await page.getByText('0.00 USDC').first().waitFor();
  await approve(page).waitFor({ state: 'detached' });
});

test('an answer that streams is drawn as it comes, and the same when it is whole', async () => {
  const { page } = await signIn();
  const { story } = await ask(page);
  story.ask();
  story.work();
  story.stream(ANSWER.length - 40);
  const table = page.getByRole('table');
  await table.waitFor();
  const mark = await table.elementHandle();
  story.finish();
  await page.getByText('No language model was used for this answer.').waitFor();
  // The finished block is the very same element: it was not drawn again.
  expect(await mark?.isVisible()).toBe(true);
  const link = page.getByRole('link', { name: 'plain language (plainlanguage.example)' });
  expect(await link.getAttribute('rel')).toContain('noopener');
});

test('while an answer streams nothing that stands already moves', async () => {
  const { page } = await signIn();
  const { story } = await ask(page);
  story.ask();
  story.work();
  story.stream(20);
  await page.getByText('The text reads').waitFor();
  await page.waitForLoadState('networkidle');
  await page.evaluate(WATCH_SHIFTS);
  for (let shown = 40; shown < ANSWER.length; shown += 20) {
    story.stream(shown);
    await page.evaluate('new Promise(requestAnimationFrame)');
  }
  await page.getByRole('table').waitFor();
  // What stands below the words goes down with them: the end of the line, and nothing else.
  const moved = new Set(await page.evaluate<string[]>('shifts'));
  expect([...moved].filter((html) => html !== '<span class="knot last todo"></span>')).toEqual([]);
});

/** What Chromium calls a shift: something that was seen stands elsewhere in the next picture, and no key was pressed. */
const WATCH_SHIFTS = `globalThis.shifts = [];
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, sources } of list.getEntries())
      if (!hadRecentInput) shifts.push(...sources.map(({ node }) => (node?.outerHTML ?? node?.parentElement?.outerHTML ?? '').slice(0, 160)));
  }).observe({ type: 'layout-shift' });`;

test('what an agent writes can run nothing and load nothing', async () => {
  const { page, complaints } = await signIn();
  const { chat } = await ask(page);
  const content = [
    '<img src=x onerror="document.title=1"><script>document.title = 2</script>',
    '![picture](https://evil.example/pixel.png) [run](javascript:alert(1)) [mail](data:text/html,x)',
    '<a href="https://evil.example" style="position:fixed">over all</a>',
  ].join('\n\n');
  chat.append({ type: 'AGENT_MESSAGE', data: { content, message_id: 't/1', turn_id: 't' } });
  await page.getByText('picture').waitFor();
  expect(await logOf(page).locator('img, script, iframe, [style], a[href]').count()).toBe(0);
  expect(await page.title()).toContain('Mooring');
  expect(complaints).toEqual([]);
});

/** The chat's agent has made this picture. */
function draw(chat: ScriptedChat, svg: string): void {
  const at = { turn_id: 'trn_1', call_id: 'trn_1/4', task_id: 'tsk_1' };
  chat.append({ type: 'STATUS', data: { phase: 'WORKING', state: 'now', text: 'Squareprint works', ...at } });
  const pictures = [{ name: '../svg', alt: 'A QR code that holds “x”', svg }];
  chat.append({
    type: 'TASK_UPDATE',
    data: { task_id: 'tsk_1', status: 'completed', attempt: 1, risk_level: 'R0', result: { pictures } },
  });
}

test('a picture stands with the answer, after a reload too, and is kept as a file as it is shown', async () => {
  const { page, complaints } = await signIn();
  const { chat, story } = await ask(page);
  story.ask();
  story.work();
  draw(chat, PLAIN);
  story.finish();
  await page.getByText('Paid 0.05 USDC').waitFor();
  await page.reload();
  await page.getByRole('img', { name: 'A QR code that holds “x”' }).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download SVG' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('svg.svg');
  expect(readFileSync(await download.path(), 'utf8').replaceAll('></path>', '/>')).toBe(PLAIN);
  expect(complaints).toEqual([]);
});

test('a picture that an agent made is shown, and runs nothing and loads nothing, however hostile', async () => {
  const { page, complaints } = await signIn();
  const { chat, story } = await ask(page);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  story.ask();
  story.work();
  draw(chat, HOSTILE);
  const image = page.getByRole('img', { name: 'A QR code that holds “x”' });
  await image.waitFor();
  const width =
    "document.querySelector('.picture img').decode().then(() => document.querySelector('.picture img').naturalWidth)";
  expect(await page.evaluate(width)).toBeGreaterThan(0);
  const link = page.getByRole('link', { name: 'Download SVG' });
  expect(await link.getAttribute('download')).toBe('svg.svg');
  const kept = decodeURIComponent((await link.getAttribute('href')) ?? '');
  expect(kept).toContain('<rect');
  expect(kept).not.toMatch(/script|onload|onerror|onbegin|foreignObject|iframe|pixel|javascript/);
  // What its CSS would load from elsewhere is gone; what it paints with of its own stays.
  expect(kept).not.toMatch(/evil|style|import|image-set/i);
  expect(kept).toContain('fill="url(#own)" stroke="url(\'#own\')"');
  expect(await image.getAttribute('src')).toBe(await link.getAttribute('href'));
  expect(await logOf(page).locator('script, iframe, svg:not(.icon)').count()).toBe(0);
  story.finish();
  await page.getByText('Paid 0.05 USDC').waitFor();
  await image.waitFor();
  expect(await page.title()).not.toContain('run');
  expect(asked.filter((url) => !url.startsWith('data:') && !url.startsWith(visit.server.url))).toEqual([]);
  expect(asked.filter((url) => url.endsWith('/run'))).toEqual([]);
  // What is cleaned away is read for it first, where the page's policy stops and names it.
  expect(complaints.filter((text) => !text.includes('Content Security Policy'))).toEqual([]);
  expect(await seriousFindings(page)).toEqual([]);
});

test('a turn that failed shows the request that an operator asks for, and copies it', async () => {
  const { page } = await signIn();
  const { chat, story } = await ask(page);
  story.ask();
  const [turn_id, error_type] = ['trn_1', 'internal_error'] as const;
  const failure = { code: 'model_overloaded', message: 'No.', retryable: true, fatal: false } as const;
  chat.append({ type: 'ERROR', data: { ...failure, error_type, turn_id, request_id: 'req_of_the_message' } });
  const usage = { input_tokens: 0, output_tokens: 0 };
  chat.append({
    type: 'TURN_END',
    data: { turn_id, outcome: 'failed', text: 'No.', usage, cost_usdc: '0.00' },
  });
  await page.getByText('req_of_the_message').waitFor();
  await page.getByRole('button', { name: 'Copy the request' }).click();
  await page.getByRole('button', { name: 'Copied the request' }).waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe('req_of_the_message');
  expect(await seriousFindings(page)).toEqual([]);
});

test('while nobody answers the page says so, keeps what was sent, and goes on by itself', async () => {
  const { page } = await signIn();
  const { chat, story } = await ask(page);
  story.ask();
  story.work();
  story.finish();
  await page.getByText('Paid 0.05 USDC').waitFor();
  await visit.server.stop();
  await page
    .getByText('Nothing is lost: the work goes on without this page.', { exact: false })
    .first()
    .waitFor();
  await page.getByRole('textbox', { name: 'Message' }).fill('And the second text?');
  await page.keyboard.press('Enter');
  await page.getByText('It goes out when the connection is back.').waitFor();
  await visit.server.start();
  await chat.until(({ type, data }) => type === 'USER_MESSAGE' && data.content === 'And the second text?');
  await page.getByText('Reading your message').waitFor();
  await page.getByText('Reconnecting.').waitFor({ state: 'detached' });
  expect(chat.log.filter(({ type }) => type === 'USER_MESSAGE')).toHaveLength(2);
});

test('only Tab and Enter approve: the letter keys go to places', async () => {
  const { page } = await signIn();
  const { chat, story } = await ask(page);
  story.ask();
  await approve(page).waitFor();
  await logOf(page).focus();
  await page.keyboard.press('a');
  await page.keyboard.press('Enter');
  expect(chat.received).toHaveLength(1);
  await page.keyboard.press('/');
  expect(await page.evaluate('document.activeElement.type')).toBe('search');
  await page.keyboard.press('Escape');
  await approve(page).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Sending…' }).waitFor();
  // The row keeps the focus when its card goes.
  expect(await page.evaluate('document.activeElement.dataset.call')).toBeDefined();
});

test('on a phone the chats are a drawer and the money is a sheet', async () => {
  const { page } = await signIn({ width: 390, height: 844, touch: true });
  const { story } = await ask(page);
  story.ask();
  await approve(page).waitFor();
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('dialog', { name: 'Chats' }).getByText('Approve 0.05 USDC').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^Money in this chat/ }).click();
  await page.getByRole('dialog', { name: 'This chat' }).getByText('Asked now').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const sizes = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]');
  expect(sizes).toEqual([390, 390]);
});

test.each([
  ['light', {}],
  ['dark', { dark: true }],
  ['on a phone', { width: 390, height: 844, touch: true }],
  ['at 320 px, dark', { width: 320, height: 640, dark: true }],
])('axe finds nothing serious, %s', async (_name, view) => {
  const { page } = await visit.open(view);
  await page.getByRole('button', { name: 'Continue as the test user' }).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Continue as the test user' }).click();
  await page.getByRole('heading', { name: 'What should be done?' }).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  const { story } = await ask(page);
  story.ask();
  await approve(page).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  story.work();
  story.finish();
  await page.getByText('Paid 0.05 USDC').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
});

test('a chat that is not ours says so and offers a way on', async () => {
  const { page } = await signIn();
  await page.goto(`${visit.server.url}/chat/ses_unknown`);
  await page.getByRole('heading', { name: 'There is no chat at this address' }).waitFor();
  await page.getByRole('link', { name: 'Start a new chat' }).click();
  await page.getByRole('heading', { name: 'What should be done?' }).waitFor();
});
