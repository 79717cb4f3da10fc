import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApplicationFailure } from '@temporalio/common';
import { createModel } from '../../activities/orchestrator/model';
import { createStandIn } from '../../dev/model/server';
import type { TurnProgress } from '../../domain/workflows';
import { run, setStage } from './stage';
import type { Stage } from './stage';
import { containing } from './test-chat';
import type { TestChat } from './test-chat';

// Each way in which an answer of the model can end, over HTTP: the real SDK, the real activities, the stand-in.
let server: Server;
let stage: Stage;
let agentId: string;
beforeAll(async () => {
  server = createStandIn({ tokenDelayMs: 0, maxBodyBytes: 4 * 1024 * 1024 }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const settings = { apiKey: 'any', baseUrl, model: 'stand-in', maxTokens: 8_192, timeoutMs: 20_000 };
  stage = await setStage({ realModel: createModel(settings) });
  agentId = await stage.listAgent('Reader', stage.zoo.keep('reader', {}));
});
afterAll(async () => {
  await stage.close();
  server.closeAllConnections();
  server.close();
});

/** A step as Temporal would try it: again while the failure may pass. How often it failed is kept. */
async function tryStep(chat: TestChat, failures: string[]): Promise<TurnProgress> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run(stage.activities.askModel, { sessionId: chat.sessionId, leaveWaits: true }, attempt);
    } catch (error) {
      if (!(error instanceof ApplicationFailure)) throw error;
      failures.push(error.type ?? '');
      if (error.nonRetryable === true) {
        await run(stage.activities.failTurn, { sessionId: chat.sessionId, code: error.type ?? '' });
        return { kind: 'closed' };
      }
    }
  }
}

/** Says it and runs the turn to its end. */
async function turnOf(words: string): Promise<{ chat: TestChat; failures: string[] }> {
  const chat = await stage.openChat();
  await chat.say(words);
  const failures: string[] = [];
  for (;;) {
    const progress = await tryStep(chat, failures);
    if (progress.kind !== 'tools') break;
    await Promise.all(progress.calls.map(({ id }) => chat.runTool(id)));
  }
  expect(await chat.frames('TURN_END')).toHaveLength(1);
  return { chat, failures };
}

const endOf = async (chat: TestChat) => (await chat.frames('TURN_END'))[0];
const saidIn = async (chat: TestChat) =>
  (await chat.frames('AGENT_MESSAGE')).map(({ content }) => String(content));
const stepsOf = (chat: TestChat) =>
  chat.rows<{ stop_reason: string; input_tokens: number }>(
    `select s.* from steps s join turns t on t.id = s.turn_id where t.session_id = $1 order by s.step`,
    [chat.sessionId],
  );
const callsOf = (chat: TestChat) =>
  chat.rows(
    'select name, state, is_error, result from tool_calls where session_id = $1 order by step, position',
    [chat.sessionId],
  );
/** Nothing was asked to be paid, bought or handed to an agent. */
async function expectNothingBought(chat: TestChat): Promise<void> {
  for (const table of ['payments', 'tasks'])
    expect(await chat.rows(`select 1 from ${table} where session_id = $1`, [chat.sessionId])).toEqual([]);
  expect(await chat.frames('PAYMENT_REQUEST')).toEqual([]);
}

test('tools that are called side by side all run, and the model reads both results', async () => {
  const before = stage.model.asked.length;
  const { chat } = await turnOf('Hello #model:parallel');
  expect((await callsOf(chat)).slice(0, 2)).toMatchObject([
    { name: 'vector_search', state: 'done', is_error: false },
    { name: 'vector_search', state: 'done', is_error: false },
  ]);
  expect(stage.model.asked[before + 1]?.at(-1)?.content).toMatchObject([
    { type: 'tool_result', tool_use_id: 'toolu_a' },
    { type: 'tool_result', tool_use_id: 'toolu_b' },
  ]);
});

test('thinking goes back unchanged, signature and all, and nobody is shown any of it', async () => {
  const before = stage.model.asked.length;
  const { chat } = await turnOf('Hello #model:thinking');
  expect(stage.model.asked[before + 1]?.at(-2)).toMatchObject({
    role: 'assistant',
    content: [
      {
        type: 'thinking',
        thinking: 'The person wants nothing. I look anyway.',
        signature: 'c2lnbmVkIGJ5IHRoZSBzdGFuZC1pbg==',
      },
      { type: 'redacted_thinking', data: 'bm90IHRvIGJlIHJlYWQ=' },
      { type: 'tool_use', name: 'vector_search' },
    ],
  });
  const shown = await chat.rows('select data::text as data from session_events where session_id = $1', [
    chat.sessionId,
  ]);
  expect(JSON.stringify(shown)).not.toMatch(/I look anyway|bm90IHRv/);
});

test.each([
  { fault: 'refusal', words: 'declined', said: ['I would rather'] },
  { fault: 'max-tokens', words: 'was cut here', said: ['Half of an ans'] },
  { fault: 'max-tokens-tool', words: 'was cut here', said: [] },
])('#model:$fault ends the turn in words, with what was said', async ({ fault, words, said }) => {
  const { chat, failures } = await turnOf(`Hello #model:${fault}`);
  expect(failures).toEqual([]);
  expect(await endOf(chat)).toMatchObject({ outcome: 'failed', text: containing(words) });
  expect(await saidIn(chat)).toEqual(said);
  expect((await callsOf(chat)).filter(({ name }) => name !== 'send_orchestrator_message')).toMatchObject(
    fault === 'max-tokens-tool' ? [{ state: 'done', is_error: true }] : [],
  );
  await expectNothingBought(chat);
});

test('half the JSON of a tool runs no tool, whatever the answer says of its end', async () => {
  const { chat } = await turnOf('Hello #model:half-json');
  expect((await callsOf(chat))[0]).toMatchObject({ name: 'vector_search', state: 'done', is_error: true });
  expect(await endOf(chat)).toMatchObject({ outcome: 'answered' });
});

test('a model that pauses goes on in the same turn', async () => {
  const { chat } = await turnOf('Hello #model:pausex2');
  expect(await endOf(chat)).toMatchObject({ outcome: 'answered' });
  expect((await stepsOf(chat)).map(({ stop_reason: stop }) => stop)).toEqual([
    'pause_turn',
    'pause_turn',
    'tool_use',
  ]);
  expect((await saidIn(chat)).slice(0, 2)).toEqual(['One moment.', 'One moment.']);
});

test.each(['window', '413', '400-long'])(
  '#model:%s is asked again once with less; the second time it is told in words',
  async (fault) => {
    const once = await turnOf(`Hello #model:${fault}`);
    expect(once.failures).toEqual(['chat_too_long']);
    expect(await endOf(once.chat)).toMatchObject({ outcome: 'answered' });
    expect(await stepsOf(once.chat)).toHaveLength(1);

    const twice = await turnOf(`Hello again #model:${fault}x2`);
    expect(await endOf(twice.chat)).toMatchObject({
      outcome: 'failed',
      text: containing('too long for the model'),
    });
  },
);

test.each([
  ['529', 'model_overloaded'],
  ['cut', 'model_overloaded'],
  ['no-stop', 'model_overloaded'],
  ['garbage', 'model_bad_answer'],
  ['forge-block', 'model_bad_answer'],
])('#model:%s twice is asked again, and only the answer that stands is billed', async (fault, code) => {
  const { chat, failures } = await turnOf(`Hello #model:${fault}x2`);
  expect(failures).toEqual([code, code]);
  expect(await endOf(chat)).toMatchObject({ outcome: 'answered' });
  const steps = await stepsOf(chat);
  expect(steps).toHaveLength(1);
  expect(await endOf(chat)).toMatchObject({ usage: { input_tokens: steps[0]?.input_tokens } });
  expect((await saidIn(chat)).join()).not.toContain('Nearly');
});

test.each([
  ['forge-block', 'what is no answer'],
  ['no-stop', 'is away, and did not answer'],
  ['429-spend', 'spending limit is reached'],
  ['402', 'has no credit'],
])('#model:%s without an end is told in words, and recorded by its code', async (fault, words) => {
  const { chat, failures } = await turnOf(`Hello #model:${fault}x20`);
  expect(failures.length).toBe(['429-spend', '402'].includes(fault) ? 1 : 6);
  expect(await endOf(chat)).toMatchObject({ outcome: 'failed', text: containing(words) });
  expect(await chat.frames('ERROR')).toMatchObject([{ code: failures[0] }]);
  await expectNothingBought(chat);
});

test('a model that asks to wait is told with the time until when', async () => {
  const { chat, failures } = await turnOf('Hello #model:429-wait');
  expect(failures).toEqual(['model_overloaded']);
  expect(await chat.frames('STATUS')).toMatchObject([
    {
      state: 'done',
      call_id: expect.stringMatching(/^trn_.*\/1\/wait$/) as string,
      text: expect.stringMatching(
        /^The model is busy: it is asked again at \d\d:\d\d:\d\d UTC, in 4 min$/,
      ) as string,
    },
  ]);
  expect(await endOf(chat)).toMatchObject({ outcome: 'answered' });
});

test('10 MB of text are cut off, said and recorded', async () => {
  const { chat, failures } = await turnOf('Hello #model:flood');
  expect(failures).toEqual([]);
  expect(await endOf(chat)).toMatchObject({
    outcome: 'failed',
    text: containing('far more than one answer'),
  });
  const [said = ''] = await saidIn(chat);
  expect(said.length).toBeGreaterThan(60_000);
  expect(said.length).toBeLessThan(256 * 1024);
  expect(await stepsOf(chat)).toMatchObject([{ stop_reason: 'too_long' }]);
});

test('words that look like a result, an outcome or a request to pay are only words', async () => {
  const { chat } = await turnOf('Hello #model:forge');
  expect(await endOf(chat)).toMatchObject({ outcome: 'answered' });
  expect(await saidIn(chat)).toMatchObject([containing('"amount_usdc":"900.00"')]);
  expect(await callsOf(chat)).toEqual([]);
  await expectNothingBought(chat);
});

test.each([
  ['no-tool', 'transfer_everything', 'There is no tool transfer_everything'],
  ['bad-args', 'vector_search', 'k: '],
])('#model:%s is refused, and the model reads why', async (fault, name, words) => {
  const { chat } = await turnOf(`Hello #model:${fault}`);
  expect((await callsOf(chat))[0]).toMatchObject({ name, state: 'done', is_error: true });
  expect(JSON.stringify((await callsOf(chat))[0])).toContain(words);
  expect(await endOf(chat)).toMatchObject({ outcome: 'answered' });
  await expectNothingBought(chat);
});

test('a price that is not in the agent’s terms is refused, said to the model and in the line, and nothing is asked for', async () => {
  const { chat } = await turnOf(`Hello #model:bad-price ${agentId}`);
  expect(await callsOf(chat)).toMatchObject([
    { name: 'connect_agent', is_error: false },
    { name: 'request_payment_confirmation', is_error: true, result: { status: 'refused' } },
    { name: 'send_orchestrator_message' },
  ]);
  expect((await chat.frames('STATUS')).filter(({ state }) => state === 'failed')).toMatchObject([
    { text: containing('is 0.05 USDC, not 900.00') },
  ]);
  await expectNothingBought(chat);
});
