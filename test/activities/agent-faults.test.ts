import { run, setStage } from './stage';
import type { Stage } from './stage';
import { sends } from './test-chat';
import { json, OK } from './zoo';
import type { Behaviour } from './zoo';

// What a client is told in frames of the log: of a turn, of an agent's work, and of one that fails.
let stage: Stage;
beforeAll(async () => {
  stage = await setStage({ delaysMs: [0, 10_000], invokeTimeoutMs: 300 });
});
afterAll(() => stage.close());

async function hire(name: string, invoke: Behaviour) {
  const agentId = await stage.listAgent(name, stage.zoo.keep(name, { invoke }));
  const chat = await stage.openChat();
  await chat.say('count these words');
  await chat.use('connect_agent', { agent_id: agentId });
  await chat.use('invoke_agent', { agent_id: agentId, action: 'count', arguments: { n: 1 } });
  return { chat, taskId: await chat.lastTask() };
}
const down: Behaviour = (res) => void res.writeHead(500).end('no');

test('a task is told when it begins, when its next attempt is, and how it ended', async () => {
  const { chat, taskId } = await hire('stumbling', (res, n) => (n === 1 ? down : OK)(res, n));
  const begun = { task_id: taskId, status: 'in_progress', attempt: 0, risk_level: 'R0' };
  expect(await chat.frames('TASK_UPDATE')).toEqual([begun]);
  const before = Date.now();
  await run(stage.activities.deliverTask, { taskId });
  const [, retry] = await chat.frames('TASK_UPDATE');
  expect(retry).toEqual({ ...begun, attempt: 1, next_attempt_at: expect.any(String) as string });
  const waits = Date.parse(String(retry?.['next_attempt_at'])) - before;
  expect(waits).toBeGreaterThanOrEqual(10_000);
  expect(waits).toBeLessThan(20_000);
  await run(stage.activities.deliverTask, { taskId });
  expect((await chat.frames('TASK_UPDATE')).slice(2)).toEqual([
    { ...begun, attempt: 2, status: 'completed' },
  ]);
  expect(await chat.frames('ERROR')).toEqual([]);
});

test.each<[string, Behaviour, string]>([
  ['silent', () => undefined, 'agent_unavailable'],
  ['unwilling', json({ ok: false, error: 'No.' }), 'agent_refused'],
])('an agent at work that is %s is told as agent_unavailable too', async (name, invoke, code) => {
  const { chat, taskId } = await hire(name, invoke);
  while ((await run(stage.activities.deliverTask, { taskId })).kind === 'retry');
  expect(await chat.frames('ERROR')).toMatchObject([
    { error_type: 'agent_unavailable', code, fatal: false, turn_id: expect.any(String) as string },
  ]);
});

test('an agent that cannot be connected to is told as agent_unavailable, a broken rule is not', async () => {
  const agentId = await stage.listAgent('ill', stage.zoo.keep('ill', { health: down }));
  const chat = await stage.openChat();
  await chat.say('count these words');
  await chat.use('connect_agent', { agent_id: agentId });
  await chat.use('invoke_agent', { agent_id: agentId, action: 'count', arguments: {} });
  expect(await chat.frames('ERROR')).toMatchObject([
    { error_type: 'agent_unavailable', code: 'agent_unavailable', retryable: true, fatal: false },
  ]);
});

test('a turn is told with the message it answers, and at its end with each time the model was asked', async () => {
  const chat = await stage.openChat();
  await chat.say('hello');
  await chat.use('vector_search', { query: 'words' });
  await chat.step([sends('Here.')]);
  const [message] = await chat.frames('USER_MESSAGE');
  const [start] = await chat.frames('TURN_START');
  const [end] = await chat.frames('TURN_END');
  expect(start).toEqual({ turn_id: end?.['turn_id'], message_id: message?.['message_id'] });
  const asked = { input_tokens: 100, output_tokens: 10, cost_usdc: expect.any(String) as string };
  expect(end?.['usage']).toMatchObject({ input_tokens: 200, output_tokens: 20, steps: [asked, asked] });
});
