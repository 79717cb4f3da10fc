import { run, setStage } from './stage';
import type { Stage } from './stage';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage.close());

test('a search tells of an agent what it has done for anybody, since when it is listed, and nothing that is not known', async () => {
  const busy = await stage.listAgent('Busy', stage.zoo.keep('busy', {}));
  const fresh = await stage.listAgent('Fresh', stage.zoo.keep('fresh', {}));
  const other = await stage.openChat();
  await other.say('count this');
  await other.use('connect_agent', { agent_id: busy });
  await other.use('invoke_agent', { agent_id: busy, action: 'count', arguments: {} });
  await run(stage.activities.deliverTask, { taskId: await other.lastTask() });

  const chat = await stage.openChat();
  await chat.say('find somebody');
  const { result } = await chat.use('vector_search', { query: 'texts' });
  const today = new Date().toISOString().slice(0, 10);
  const trusted = (id: string, jobs: number) => ({
    agent_id: id,
    trust: { total_jobs: jobs, listed_since: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) as string },
  });
  const agents = result?.['agents'] as { agent_id: string; trust: { listed_since: string } }[];
  expect(agents.find(({ agent_id: id }) => id === busy)).toMatchObject(trusted(busy, 1));
  expect(agents.find(({ agent_id: id }) => id === fresh)).toMatchObject(trusted(fresh, 0));
  expect(agents.every(({ trust }) => trust.listed_since <= today)).toBe(true);
});
