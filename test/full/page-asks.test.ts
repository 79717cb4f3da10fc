import type { ScriptedChat } from '../web/scripted-chat';
import { logOf, seriousFindings, visitPages } from '../web/visit';

// Questions, stops and endings on the page, before a server whose every frame the test writes.
const visit = visitPages();
const { signIn, ask } = visit;
jest.setTimeout(90_000);

/** Resolves when the chat has received a frame of this type. */
async function chatHas(chat: ScriptedChat, type: string): Promise<void> {
  while (!chat.received.some((frame) => frame.type === type)) await new Promise((go) => setImmediate(go));
}

const OPTIONS = ['Age 11', 'Age 14', 'Adults'];
const QUESTION = 'Which readers should the text suit?';

test('a question is answered by one of its options, and becomes a row of the line', async () => {
  const { page, complaints } = await signIn();
  const { chat, story } = await ask(page);
  story.question(OPTIONS);
  await page.getByRole('heading', { name: QUESTION }).waitFor();
  await page.getByText(/^Without an answer by \d\d:\d\d/).waitFor();
  await page
    .getByText(/^Answer a question · 9:/)
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Age 14' }).click();
  await page.getByRole('button', { name: 'Sending…' }).waitFor();
  expect(chat.received.at(-1)).toMatchObject({ type: 'USER_PROMPT_RESPONSE', data: { answer: 'Age 14' } });
  // The row keeps the focus when its card goes.
  expect(await page.evaluate('document.activeElement.dataset.call')).toContain('/q');
  story.resolve('answered', 'Age 14');
  await page.getByText('You answered Age 14').waitFor();
  await page.getByRole('heading', { name: QUESTION }).waitFor({ state: 'detached' });
  expect(complaints).toEqual([]);
});

test('other words answer too, in several lines, also after a reload; the box below is for something else', async () => {
  const { page } = await signIn();
  const { chat, story } = await ask(page);
  story.question();
  await page.getByText('A question above waits for your answer.').waitFor();
  await page.reload();
  const own = page.getByRole('textbox', { name: 'Your answer' });
  await own.fill('The committee\nwill review it.');
  await own.press('Enter');
  await chatHas(chat, 'USER_PROMPT_RESPONSE');
  expect(chat.received.at(-1)?.data).toMatchObject({ answer: 'The committee\nwill review it.' });
  story.resolve('answered', 'The committee\nwill review it.');
  await page.getByText('You answered, 5 words').click();
  await page.getByText('will review it.').waitFor();
  await page.getByRole('textbox', { name: 'Message' }).fill('And something else.');
  await page.keyboard.press('Enter');
  await page.getByText('Answered next').waitFor();
});

test.each([
  ['expired', 'The question ended without an answer.'],
  ['withdrawn', 'The question was taken back.'],
] as const)('a question that has %s can no more be answered', async (outcome, words) => {
  const { page } = await signIn();
  const { story } = await ask(page);
  story.question(OPTIONS);
  await page.getByRole('heading', { name: QUESTION }).waitFor();
  story.resolve(outcome);
  await page.getByText(`${QUESTION} ${words}`).waitFor();
  expect(await page.getByRole('button', { name: 'Age 14' }).count()).toBe(0);
});

test('a turn is stopped by its button; what was said stays, and is asked again as a new message', async () => {
  const { page } = await signIn();
  const { chat, story } = await ask(page);
  story.ask();
  story.work();
  story.stream(60);
  await page.getByText('The text reads at the level').waitFor();
  await page.getByRole('button', { name: 'Stop this turn' }).click();
  await page.getByRole('button', { name: 'Stopping…' }).waitFor();
  expect(chat.received.at(-1)).toMatchObject({ type: 'CANCEL_TURN', data: { turn_id: 'trn_1' } });
  story.stopped('**The text reads at the level');
  await page.getByText('Stopped by you').waitFor();
  await page.getByText('The text reads at the level').waitFor();
  expect(await page.getByRole('button', { name: /^Stop/ }).count()).toBe(0);
  await page.getByText('Model 0.0041 USDC').click();
  await page.getByText('3,000 tokens read, of them 2,100 from the cache; 40 written').waitFor();
  await page.getByText('800 tokens read; 30 written: 0.0031 USDC').waitFor();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Reading your message').waitFor();
  const [first, again] = chat.log.filter(({ type }) => type === 'USER_MESSAGE');
  expect(again?.data).toMatchObject({ content: (first?.data as { content: string }).content });
});

test('Ctrl and . stop a turn, also out of the box, and before it has begun', async () => {
  const { page } = await signIn();
  const { chat } = await ask(page);
  await page.getByRole('textbox', { name: 'Message' }).fill('half a word');
  await page.keyboard.press('Control+.');
  await page.getByRole('button', { name: 'Stopping…' }).waitFor();
  expect(chat.received.at(-1)).toMatchObject({ type: 'CANCEL_TURN', data: {} });
});

test('a turn that failed is tried again', async () => {
  const { page } = await signIn();
  const { chat, story } = await ask(page);
  story.fail();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Reading your message').waitFor();
  expect(chat.log.filter(({ type }) => type === 'USER_MESSAGE')).toHaveLength(2);
});

test('closing says what becomes of the money, and leaves a chat that is read', async () => {
  const { page } = await signIn();
  const { chat, story } = await ask(page);
  story.ask();
  await page.getByText('0.05 USDC asked').waitFor();
  await page.getByRole('button', { name: 'More about this chat' }).click();
  await page.getByRole('button', { name: /^Close chat/ }).click();
  await page.getByText('0.05 USDC asked now is taken back').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Leave it open' }).click();
  expect(chat.phase).not.toBe('CLOSED');
  await page.getByRole('button', { name: 'More about this chat' }).click();
  await page.getByRole('button', { name: /^Close chat/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Close chat' }).click();
  await page.getByText('This chat is closed').waitFor();
  expect(await page.getByRole('textbox', { name: 'Message' }).count()).toBe(0);
  await page.reload();
  await page.getByText('This chat is closed').waitFor();
  await logOf(page).getByText('Connected to Text Analyst').waitFor();
});

test('erasing is said to be for good, and leads away; another page of it shows nothing more', async () => {
  const { page } = await signIn();
  const { chat, story } = await ask(page);
  story.ask();
  story.work();
  story.finish();
  await page.getByText('Paid 0.05 USDC').waitFor();
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.getByText('Paid 0.05 USDC').waitFor();
  await page.getByRole('button', { name: 'More about this chat' }).click();
  await page.getByRole('button', { name: /^Erase chat/ }).click();
  await page.getByText('0.0623 USDC spent stays spent.').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Erase chat' }).click();
  await page.getByRole('heading', { name: 'What should be done?' }).waitFor();
  expect(visit.server.chats.has(chat.id)).toBe(false);
  await other.getByRole('heading', { name: 'This chat was erased' }).waitFor();
  expect(await other.getByText('Paid 0.05 USDC').count()).toBe(0);
  expect(await seriousFindings(other)).toEqual([]);
});

test('the side finds chats that it has not loaded', async () => {
  const { page } = await signIn();
  for (let n = 0; n < 55; n += 1) visit.server.openChat(n === 0 ? 'Winter newsletter' : `Chat ${n}`);
  const search = page.getByRole('searchbox', { name: 'Search chats' });
  await search.fill('newsletter');
  await page.getByRole('link', { name: /^Winter newsletter/ }).waitFor();
  await search.fill('no such title');
  await page.getByText('No chat has “no such title” in its title.').waitFor();
});
