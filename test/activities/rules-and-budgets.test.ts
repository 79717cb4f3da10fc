import { setBudgets } from '../../db/budgets';
import { addRule } from '../../db/standing-rules';
import { asUser } from '../../domain/principal';
import { run, setStage } from './stage';
import type { Stage } from './stage';
import { containing } from './test-chat';
import { OK } from './zoo';

let stage: Stage;
let agentId: string;
beforeAll(async () => {
  stage = await setStage();
  agentId = await stage.listAgent('Good', stage.zoo.keep('good', { invoke: OK }));
});
afterAll(() => stage.close());

test('a price above the budget of a day goes back to the model as the reason, and nobody is asked', async () => {
  const chat = await stage.openChat();
  await stage.t.db.withTx(asUser(chat.userId), 'test', (tx) =>
    setBudgets(tx, chat.userId, { dayMicros: 49_999n, monthMicros: null }),
  );
  await chat.say('read this');
  await chat.use('connect_agent', { agent_id: agentId });
  const wish = { agent_id: agentId, action: 'read', amount_usdc: '0.05', reason: 'to read' };
  const call = await chat.use('request_payment_confirmation', wish);
  expect(call).toMatchObject({ is_error: true, result: { error: { code: 'budget_exceeded' } } });
  expect(JSON.stringify(call.result)).toContain('0.049999 USDC left of this day’s budget');
  expect(await chat.frames('PAYMENT_REQUEST')).toEqual([]);
});

test('what a rule approves is not asked for, and the line says by what', async () => {
  const chat = await stage.openChat();
  await stage.t.db.withTx(asUser(chat.userId), 'test', (tx) =>
    addRule(tx, chat.userId, { agentId, paymentMicros: 50_000n, dayMicros: null }),
  );
  await chat.say('read this');
  const { paymentId } = await chat.askToPay(agentId);
  const held = await run(stage.activities.authorizePayment, { paymentId, asOf: new Date().toISOString() });
  expect(held.state).toBe('HELD');
  expect(await chat.frames('PAYMENT_REQUEST')).toEqual([]);
  const lines = (await chat.frames('STATUS')).map(({ text }) => text);
  expect(lines).toContain('You approved prices like this by a rule of yours');
  expect(lines).toContainEqual(containing('Approved by a rule of yours: 0.05 USDC'));
});
