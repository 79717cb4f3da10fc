import { AGENT_TEXT_LIMIT, TURN_LIMITS } from '../../domain/session';
import { run, setStage } from './stage';
import type { Stage } from './stage';
import { containing, sends } from './test-chat';
import type { TestChat } from './test-chat';
import { json } from './zoo';

let stage: Stage;
let agentId: string;
beforeAll(async () => {
  stage = await setStage();
  agentId = await stage.listAgent('Reader', stage.zoo.keep('reader', {}));
});
afterAll(() => stage.close());

/** A chat whose first turn is open and connected to an agent. */
async function connectedChat(money?: { wallet?: string; budget?: string }, id = agentId): Promise<TestChat> {
  const chat = await stage.openChat(money);
  await chat.say('read this');
  expect(await chat.use('connect_agent', { agent_id: id })).toMatchObject({ state: 'done', is_error: false });
  return chat;
}

const pay = (action: string, amount: string, id = agentId) => ({
  agent_id: id,
  action,
  amount_usdc: amount,
  reason: 'to read the text',
});
const work = (action: string, args: Record<string, unknown> = {}, id = agentId) => ({
  agent_id: id,
  action,
  arguments: args,
});

/** What a chat has made so far. */
const made = async (chat: TestChat) => ({
  payments: (await chat.rows('select id from payments where session_id = $1', [chat.sessionId])).length,
  tasks: (await chat.rows('select id from tasks where session_id = $1', [chat.sessionId])).length,
});

const refusal = (code: string, words: string) => ({
  state: 'done',
  is_error: true,
  result: { status: 'refused', error: { code, message: containing(words) } },
});

test.each([
  ['request_payment_confirmation', () => pay('read', '0.05')],
  ['invoke_agent', () => work('count')],
] as const)('%s without connecting is refused', async (tool, input) => {
  const chat = await stage.openChat();
  await chat.say('read this');
  expect(await chat.use(tool, input())).toMatchObject(
    refusal('invalid_request', 'Connect to this agent first'),
  );
  expect(await made(chat)).toEqual({ payments: 0, tasks: 0 });
});

test.each([
  { wish: ['read', '0.049999'], code: 'invalid_request', words: 'is 0.05 USDC, not 0.049999' },
  { wish: ['read', '0.050001'], code: 'invalid_request', words: 'is 0.05 USDC, not 0.050001' },
  { wish: ['count', '0.05'], code: 'invalid_request', words: 'is free' },
  { wish: ['sing', '0.05'], code: 'invalid_request', words: 'has no action sing' },
  { wish: ['dear', '5.00'], code: 'insufficient_funds', words: 'The wallet has 1.00' },
] as const)('paying for $wish is refused in words ($words), and nothing is made', async (row) => {
  const chat = await connectedChat({ budget: '9.00' });
  const [action, amount] = row.wish;
  expect(await chat.use('request_payment_confirmation', pay(action, amount))).toMatchObject(
    refusal(row.code, row.words),
  );
  expect(await made(chat)).toEqual({ payments: 0, tasks: 0 });
});

test.each([
  { action: 'sing', code: 'invalid_request', words: 'it has: count, read' },
  { action: 'read', code: 'payment_not_open', words: 'costs 0.05 USDC' },
])('invoking $action is refused in words ($words), and nothing is made', async ({ action, code, words }) => {
  const chat = await connectedChat();
  expect(await chat.use('invoke_agent', work(action))).toMatchObject(refusal(code, words));
  expect(await made(chat)).toEqual({ payments: 0, tasks: 0 });
});

test('more than the budget is refused, and what is asked for already counts', async () => {
  const chat = await connectedChat({ budget: '0.08' });
  const wish = ['request_payment_confirmation', pay('read', '0.05')] as const;
  const [first = '', second = ''] = await chat.propose([...wish], [...wish]);
  await Promise.all([chat.runTool(first), chat.runTool(second)]);
  const calls = [await chat.call(first), await chat.call(second)];
  expect(calls.map(({ state }) => state).sort()).toEqual(['done', 'waiting']);
  expect(calls.find(({ state }) => state === 'done')).toMatchObject(
    refusal('budget_exceeded', 'left of this chat'),
  );
  expect(await made(chat)).toEqual({ payments: 1, tasks: 0 });
});

test('a payment that only asks, or was declined, lets nobody work', async () => {
  const chat = await connectedChat();
  await chat.use('request_payment_confirmation', pay('read', '0.05'));
  const paymentId = await chat.lastPayment();
  await chat.decide(paymentId, false);
  await run(stage.activities.authorizePayment, { paymentId, asOf: new Date().toISOString() });
  expect(await chat.use('invoke_agent', work('read'))).toMatchObject(
    refusal('payment_not_open', 'no payment is held'),
  );
  expect(await made(chat)).toEqual({ payments: 1, tasks: 0 });
});

/** Asks, approves and holds the price of `read`. */
async function payRead(chat: TestChat, id = agentId): Promise<string> {
  await chat.use('request_payment_confirmation', pay('read', '0.05', id));
  const paymentId = await chat.lastPayment();
  await chat.decide(paymentId, true);
  await run(stage.activities.authorizePayment, { paymentId, asOf: new Date().toISOString() });
  return paymentId;
}

test('a held payment lets the agent work once: the second work is refused', async () => {
  const chat = await connectedChat();
  const paymentId = await payRead(chat);
  expect(await chat.use('request_payment_confirmation', pay('read', '0.05'))).toMatchObject(
    refusal('invalid_request', 'paid for already'),
  );
  const [first = '', second = ''] = await chat.propose(
    ['invoke_agent', work('read')],
    ['invoke_agent', work('read')],
  );
  await Promise.all([chat.runTool(first), chat.runTool(second)]);
  const calls = [await chat.call(first), await chat.call(second)];
  expect(calls.map(({ state }) => state).sort()).toEqual(['done', 'waiting']);
  expect(calls.find(({ state }) => state === 'done')).toMatchObject(
    refusal('payment_not_open', 'no payment is held'),
  );
  expect(await chat.rows('select payment_id from tasks where session_id = $1', [chat.sessionId])).toEqual([
    { payment_id: paymentId },
  ]);
});

test('a payment of one chat pays nothing in another, and terms that have changed are paid anew', async () => {
  const changing = stage.zoo.keep('changing', {});
  const id = await stage.listAgent('Changing', changing);
  const chat = await connectedChat({}, id);
  await payRead(chat, id);
  const other = await connectedChat({}, id);
  expect(await other.use('invoke_agent', work('read', {}, id))).toMatchObject(
    refusal('payment_not_open', 'no payment'),
  );
  stage.zoo.keep('changing', {
    capabilities: json({
      message: 'I read more.',
      actions: [{ name: 'read', description: 'reads', input_schema: {}, price: '0.05' }],
    }),
  });
  await chat.use('connect_agent', { agent_id: id });
  expect(await chat.use('invoke_agent', work('read', {}, id))).toMatchObject(
    refusal('payment_not_open', 'no payment'),
  );
});

test('the same call run again, also side by side, makes one payment and one task', async () => {
  const chat = await connectedChat();
  const [payCall = ''] = await chat.propose(['request_payment_confirmation', pay('read', '0.05')]);
  const [one, two] = await Promise.all([chat.runTool(payCall), chat.runTool(payCall)]);
  expect(two).toEqual(one);
  const paymentId = await chat.lastPayment();
  await chat.decide(paymentId, true);
  await run(stage.activities.authorizePayment, { paymentId, asOf: new Date().toISOString() });
  const [workCall = ''] = await chat.propose(['invoke_agent', work('read')]);
  await Promise.all([chat.runTool(workCall), chat.runTool(workCall)]);
  await chat.runTool(workCall);
  expect(await made(chat)).toEqual({ payments: 1, tasks: 1 });
  expect(await chat.frames('PAYMENT_REQUEST')).toHaveLength(1);
  const starts = stage.t.signals.filter(({ input }) => input['paymentId'] === paymentId);
  expect(starts.filter(({ signal }) => signal === null)).toHaveLength(1);
});

test('a sixth agent in one turn is refused, however the calls are made', async () => {
  const ids: string[] = [];
  for (let n = 0; n <= TURN_LIMITS.agents; n += 1)
    ids.push(await stage.listAgent(`Reader ${n}`, `${stage.zoo.url}/reader`));
  const chat = await stage.openChat();
  await chat.say('ask everybody');
  const calls = await chat.propose(
    ...ids.map((id): ['connect_agent', { agent_id: string }] => ['connect_agent', { agent_id: id }]),
  );
  await Promise.all(calls.map((callId) => chat.runTool(callId)));
  const rows = await Promise.all(calls.map((callId) => chat.call(callId)));
  expect(rows.filter(({ is_error }) => is_error)).toMatchObject([refusal('turn_limit', '5 agents')]);
  expect(await chat.rows('select 1 from connections where session_id = $1', [chat.sessionId])).toHaveLength(
    5,
  );
  const connected = rows.findIndex(({ is_error }) => !is_error);
  expect(await chat.use('connect_agent', { agent_id: ids[connected] ?? '' })).toMatchObject({
    is_error: false,
  });
  await chat.step([sends('enough')]);
  await chat.say('the sixth');
  const refused = rows.findIndex(({ is_error }) => is_error);
  expect(await chat.use('connect_agent', { agent_id: ids[refused] ?? '' })).toMatchObject({
    is_error: false,
  });
});

test('agents that an earlier turn has connected to count as well when they are asked to be paid or hired', async () => {
  const ids: string[] = [];
  for (let n = 0; n <= TURN_LIMITS.agents; n += 1)
    ids.push(await stage.listAgent(`Reader ${n}`, `${stage.zoo.url}/reader`));
  const [sixth = '', ...others] = ids;
  const chat = await stage.openChat();
  await chat.say('connect to one');
  await chat.use('connect_agent', { agent_id: sixth });
  await chat.step([sends('done')]);
  await chat.say('connect to five more');
  for (const id of others) await chat.use('connect_agent', { agent_id: id });
  await chat.step([sends('done')]);
  await chat.say('let all of them work');
  for (const id of others) {
    const call = await chat.use('invoke_agent', { agent_id: id, action: 'count', arguments: {} });
    expect(call).toMatchObject({ is_error: false });
    await chat.rows(`update tool_calls set state = 'done', result = '{}' where id = $1`, [call.id]);
  }
  const pay = { agent_id: sixth, action: 'read', amount_usdc: '0.05', reason: 'to read' };
  const tooMany = refusal('turn_limit', '5 agents');
  expect(await chat.use('request_payment_confirmation', pay)).toMatchObject(tooMany);
  const work = { agent_id: sixth, action: 'count', arguments: {} };
  expect(await chat.use('invoke_agent', work)).toMatchObject(tooMany);
  expect(await chat.rows('select 1 from tasks where session_id = $1', [chat.sessionId])).toHaveLength(5);
  await chat.step([sends('enough')]);
  await chat.say('now the sixth');
  expect(await chat.use('invoke_agent', work)).toMatchObject({ is_error: false });
});

test.each([
  ['is down', { health: json({}, 500) }, 'agent_unavailable'],
  ['is not ready', { health: json({ status: 'ok', ready: false }) }, 'agent_unavailable'],
  ['offers nothing in the agreed form', { capabilities: json({ actions: [] }) }, 'agent_bad_answer'],
  [
    'asks a price that is no amount',
    {
      capabilities: json({
        message: '',
        actions: [{ name: 'a', description: '', input_schema: {}, price: '5e1' }],
      }),
    },
    'agent_bad_answer',
  ],
  [
    'says more than the model may read',
    {
      capabilities: json({
        message: '',
        actions: [{ name: 'a', description: '', input_schema: { x: 'y'.repeat(AGENT_TEXT_LIMIT) } }],
      }),
    },
    'agent_bad_answer',
  ],
  [
    'hangs up when it is asked for its terms',
    { capabilities: (res) => void res.destroy() },
    'agent_unavailable',
  ],
  ['never says its terms', { capabilities: () => undefined }, 'agent_unavailable'],
] satisfies [string, Parameters<Stage['zoo']['keep']>[1], string][])(
  'an agent that %s is not connected to, and the model reads why',
  async (name, animal, code) => {
    const id = await stage.listAgent('Bad', stage.zoo.keep(encodeURIComponent(name), animal));
    const chat = await stage.openChat();
    await chat.say('read this');
    expect(await chat.use('connect_agent', { agent_id: id })).toMatchObject(refusal(code, ''));
    expect(await chat.rows('select 1 from connections where session_id = $1', [chat.sessionId])).toEqual([]);
  },
);
