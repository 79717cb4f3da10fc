import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { askPerson } from '../network/person';
import type { Player } from '../network/stage';
import { examine } from '../web/examine';
import type { ViewName } from '../web/examine';
import { visitStage } from '../web/stage-visit';

// A task's line and an agent's inbox, as the person behind the agent sees them.
jest.setTimeout(180_000);
const visit = visitStage();
const { open } = visit;

let people = 0;
interface Person {
  email: string;
  agent: Player;
}
async function personWithAgent(wish: Record<string, unknown> = {}): Promise<Person> {
  people += 1;
  const email = `mara-${people}@example.org`;
  const { token } = await visit.stage.api.signIn(email);
  return { email, agent: await visit.stage.join(wish, token) };
}
const ask = async (from: Player, to: Player, wish: Record<string, unknown> = {}): Promise<string> => {
  const { body } = await from.call('/v1/tasks', {
    body: { to_agent_id: to.id, task_type: 'service_request', description: 'Count these words', ...wish },
  });
  return String(body['id']);
};

/** Told at the second try, taken and done. */
async function doneTask(): Promise<{ id: string; ben: Person }> {
  const endpoint = await visit.stage.listen((_req, res) => {
    const first = endpoint.heard.length === 1;
    res.statusCode = first ? 503 : 200;
    res.end(first ? '{"error": "busy just now, <b>come back</b>"}' : '{}');
  });
  const [ann, ben] = [await personWithAgent(), await personWithAgent({ endpoint: endpoint.url })];
  const id = await ask(ann.agent, ben.agent, {
    payload_inline: { text: 'one two', deep: { list: [1, 2, 3] } },
  });
  await visit.stage.deliver(id);
  await visit.stage.deliver(id);
  await ben.agent.call(`/v1/tasks/${id}/accept`, { method: 'POST' });
  await ann.agent.call(`/v1/tasks/${id}/messages`, { body: { content: 'How far are you? '.repeat(12) } });
  await ben.agent.call(`/v1/tasks/${id}/messages`, {
    body: { content: 'Half', message_type: 'counter', structured_data: { share: 0.5 } },
  });
  await visit.stage.api.call(`/v1/tasks/${id}/artifacts/two words.txt`, {
    method: 'PUT',
    raw: 'one two',
    headers: { authorization: `Bearer ${ben.agent.key}`, 'content-type': 'text/plain' },
  });
  await ben.agent.call(`/v1/tasks/${id}/artifacts`, {
    body: { name: 'words.csv', url: 'https://files.example/words.csv', size: 1204 },
  });
  await ben.agent.call(`/v1/tasks/${id}/complete`, {
    body: { result: { words: 2 }, result_text: 'Two words.', notes: 'That was easy' },
  });
  return { id, ben };
}

const STATES: Record<
  string,
  { play: () => Promise<Page>; shows: string | RegExp; touched?: boolean; views?: ViewName[] }
> = {
  'task-done': {
    async play() {
      const { id, ben } = await doneTask();
      const { page } = await open(`/tasks/${id}`, { as: ben.email });
      await page.getByText('What was answered').first().click();
      return page;
    },
    shows: 'busy just now',
    touched: true,
  },
  'task-asking': {
    async play() {
      const asked = await askPerson(visit.stage, { risk: 'R3' });
      return (await open(`/tasks/${asked.id}`, { as: asked.email })).page;
    },
    shows: 'Waiting for you to confirm it',
  },
  'task-declined': {
    async play() {
      const [ann, ben] = [await personWithAgent(), await personWithAgent()];
      const id = await ask(ann.agent, ben.agent, { description: 'Unbreakable'.repeat(60) });
      await ben.agent.call(`/v1/tasks/${id}/decline`, { body: { reason: 'Too much at once' } });
      return (await open(`/tasks/${id}`, { as: ben.email })).page;
    },
    shows: /declined it/,
  },
  'task-not-there': {
    async play() {
      const [ann, ben] = [await personWithAgent(), await personWithAgent()];
      const id = await ask(ann.agent, ben.agent);
      return (await open(`/tasks/${id}`, { as: 'eve@example.org' })).page;
    },
    shows: 'There is no task at this address',
    views: ['light'],
  },
  'task-unreached': {
    async play() {
      const { page } = await open('/', { as: 'mara@example.org' });
      await page.route('**/api/tasks/*', (route) => route.abort());
      await page.goto(`${visit.stage.api.url}/tasks/tsk_${'a'.repeat(21)}`);
      return page;
    },
    shows: 'The server did not answer.',
    views: ['light'],
  },
  'task-loading': {
    async play() {
      const { page } = await open('/', { as: 'mara@example.org' });
      await page.clock.install();
      await page.route('**/api/tasks/*', () => undefined);
      await page.goto(`${visit.stage.api.url}/tasks/tsk_${'a'.repeat(21)}`);
      await page.locator('.skeleton').waitFor({ state: 'attached' });
      await page.clock.runFor(11_000);
      return page;
    },
    shows: 'This task has not come yet.',
    views: ['light'],
  },
  inbox: {
    async play() {
      const [ann, ben] = [await personWithAgent(), await personWithAgent()];
      for (let count = 0; count < 22; count += 1)
        await ask(ann.agent, ben.agent, count % 3 === 0 ? { risk_level: 'R1', description: null } : {});
      return (await open(`/agents/${ben.agent.id}/inbox`, { as: ben.email })).page;
    },
    shows: 'Show 20 more',
    touched: true,
  },
  'inbox-empty': {
    async play() {
      const ben = await personWithAgent();
      return (await open(`/agents/${ben.agent.id}/inbox`, { as: ben.email })).page;
    },
    shows: 'No task here',
    views: ['light'],
  },
  'inbox-not-there': {
    async play() {
      const ben = await personWithAgent();
      return (await open(`/agents/${ben.agent.id}/inbox`, { as: 'eve@example.org' })).page;
    },
    shows: 'There is no agent of yours at this address',
    views: ['light'],
  },
};

test.each(Object.entries(STATES))('%s', async (state, { play, shows, views, touched = false }) => {
  const page = await play();
  await page.getByText(shows).locator('visible=true').first().waitFor();
  await examine(page, { state, touched, ...(views === undefined ? {} : { views }) });
});

test('a person saves a file of a task, and reads when it cannot be had', async () => {
  const { id, ben } = await doneTask();
  const { page, complaints } = await open(`/tasks/${id}`, { as: ben.email });
  const save = page.getByRole('button', { name: 'Download two words.txt' });
  const [download] = await Promise.all([page.waitForEvent('download'), save.click()]);
  expect(download.suggestedFilename()).toBe('two words.txt');
  expect(readFileSync(await download.path(), 'utf8')).toBe('one two');
  expect(complaints).toEqual([]);
  await page.route('**/artifacts/*', (route) => route.abort());
  await save.click();
  await page.getByText('The file did not come. Try again.').waitFor();
});

test('a task is followed while it is looked at: new rows come at the end, nothing above them moves, an open answer stays open', async () => {
  const endpoint = await visit.stage.listen((_req, res) => {
    res.statusCode = endpoint.heard.length === 1 ? 503 : 200;
    res.end('{"said": "this"}');
  });
  const [ann, ben] = [await personWithAgent(), await personWithAgent({ endpoint: endpoint.url })];
  const id = await ask(ann.agent, ben.agent);
  await visit.stage.deliver(id);
  const { page, complaints } = await open(`/tasks/${id}`, { as: ben.email });
  await page.getByText('What was answered').click();
  const attempt = page.getByText('Attempt 1: answered 503');
  const before = await attempt.boundingBox();
  await visit.stage.deliver(id);
  await page.getByText('was told', { exact: false }).waitFor();
  await ben.agent.call(`/v1/tasks/${id}/accept`, { method: 'POST' });
  await ben.agent.call(`/v1/tasks/${id}/complete`, { body: { result: 1 } });
  await page.getByText('has done it').waitFor();
  expect(await attempt.boundingBox()).toEqual(before);
  await page.getByText('"said"').first().waitFor();
  expect(complaints).toEqual([]);
});

test('an inbox is filtered and paged, and leads to the task, whose inbox leads back', async () => {
  const [ann, ben] = [await personWithAgent(), await personWithAgent()];
  for (let count = 0; count < 22; count += 1) await ask(ann.agent, ben.agent);
  const taken = await ask(ann.agent, ben.agent, { description: 'The one that was taken' });
  await ben.agent.call(`/v1/tasks/${taken}/accept`, { method: 'POST' });
  const { page } = await open(`/agents/${ben.agent.id}/inbox`, { as: ben.email });
  const rows = page.locator('.task-rows > li');
  await page.getByRole('button', { name: 'Show 20 more' }).click();
  await page.getByRole('button', { name: 'Show 20 more' }).waitFor({ state: 'detached' });
  expect(await rows.count()).toBe(22);
  await page.getByLabel('State').selectOption('in_progress');
  await page.getByRole('link', { name: 'The one that was taken' }).click();
  await page.getByText('may begin').waitFor();
  await page.getByRole('link', { name: /^The inbox of/ }).click();
  await page.getByRole('heading', { name: /^Inbox of/ }).waitFor();
});
