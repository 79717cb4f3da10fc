import { run, setStage } from './stage';
import type { Stage } from './stage';
import { answer, containing, sends, toolUse } from './test-chat';
import { OK } from './zoo';

const NOBODY = `agt_${'0'.repeat(21)}`;

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage.close());

test('a turn ends in words after its time of work; waiting for a person is no work', async () => {
  const chat = await stage.openChat();
  await chat.say('work long');
  /** A step that was recorded so long after the turn began, and took so long itself. */
  const stepDone = (step: number, { atMs, workMs }: { atMs: number; workMs: number }) =>
    chat.rows(
      `insert into steps (turn_id, step, user_id, content, stop_reason, model, input_tokens, output_tokens,
                          cost_micros, created_at, work_ms)
       select id, $2, user_id, '[]', 'pause_turn', 'm', 0, 0, 0, started_at + $3 * interval '1 millisecond', $4
         from turns where session_id = $1 and outcome is null`,
      [chat.sessionId, step, atMs, workMs],
    );
  await chat.propose([
    'request_payment_confirmation',
    { agent_id: NOBODY, action: 'a', amount_usdc: '1', reason: 'r' },
  ]);
  await chat.rows(`update tool_calls set state = 'waiting', wait_until = now() where session_id = $1`, [
    chat.sessionId,
  ]);
  const MINUTE = 60_000;
  await stepDone(2, { atMs: 40 * MINUTE, workMs: 0 });
  // A day between two steps: the tools are given three minutes of it.
  await stepDone(3, { atMs: 24 * 60 * MINUTE, workMs: 6.9 * MINUTE });
  expect(await chat.step([answer([toolUse('no_such_tool', {})])], true)).toMatchObject({
    kind: 'tools',
    step: 4,
  });
  await stepDone(5, { atMs: 0, workMs: 0.1 * MINUTE });
  expect(await chat.step()).toMatchObject({ kind: 'ended', outcome: 'limit' });
  expect((await chat.frames('TURN_END')).at(-1)).toMatchObject({
    outcome: 'limit',
    text: containing('worked on this for 10 minutes'),
  });
  await chat.say('go on');
  expect(await chat.step([sends('yes')])).toMatchObject({ turn: 2, outcome: 'answered' });
});

test('what is held and what is asked for counts on the budget before each model step', async () => {
  const seller = await stage.listAgent('Seller', stage.zoo.keep('seller', { invoke: OK }));
  const chat = await stage.openChat({ budget: '0.10' });
  const wish = { agent_id: seller, action: 'read', amount_usdc: '0.05', reason: 'to read' };
  const spend = (micros: number) =>
    chat.rows(`update turns set cost_micros = $2 where session_id = $1`, [chat.sessionId, micros]);
  const limit = { kind: 'ended', outcome: 'limit' };
  await chat.say('read this');
  await chat.use('connect_agent', { agent_id: seller });
  await chat.use('request_payment_confirmation', wish);
  await spend(60_000);
  await chat.say('and this');
  expect(await chat.step()).toMatchObject({ ...limit, turn: 1 });
  expect(await chat.step()).toMatchObject({ ...limit, turn: 2 });
  const paymentId = await chat.lastPayment();
  await chat.decide(paymentId, true);
  await run(stage.activities.authorizePayment, { paymentId, asOf: new Date().toISOString() });
  expect(await chat.step()).toMatchObject({ ...limit, turn: 3 });
  expect(await chat.frames('TURN_END')).toMatchObject(
    [1, 2, 3].map(() => ({ text: containing('spent, holds and asks for') })),
  );
  await spend(10_000);
  await chat.say('go on');
  expect(await chat.step([sends('yes')])).toMatchObject({ turn: 4, outcome: 'answered' });
});

test('a hold that is the last of the budget may be spent on what it is held for', async () => {
  const seller = await stage.listAgent('Last', stage.zoo.keep('last', { invoke: OK }));
  const chat = await stage.openChat({ budget: '0.10' });
  await chat.say('read this');
  await chat.use('connect_agent', { agent_id: seller });
  const wish = { agent_id: seller, action: 'read', amount_usdc: '0.05', reason: 'to read' };
  await chat.use('request_payment_confirmation', wish);
  const paymentId = await chat.lastPayment();
  await chat.decide(paymentId, true);
  await run(stage.activities.authorizePayment, { paymentId, asOf: new Date().toISOString() });
  await chat.rows(
    `update sessions s set budget_micros = 50000 + (select sum(cost_micros) from turns t where t.session_id = s.id)
      where id = $1`,
    [chat.sessionId],
  );
  const call = await chat.use('invoke_agent', { agent_id: seller, action: 'read', arguments: {} });
  expect(call.state).toBe('waiting');
});
