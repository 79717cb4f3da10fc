import { eraseSession } from '../../db/erase';
import { wallet } from '../../db/ledger';
import { SYSTEM } from '../../domain/principal';
import { tablesWith } from '../harness/all-text';
import { run, setStage } from './stage';
import type { Stage } from './stage';
import { answer, sends, text, toolUse } from './test-chat';
import type { TestChat } from './test-chat';
import { json } from './zoo';

// Words of the person, of the model and of the agent, in every place where the product puts them.
const SAID = 'pelargonium';
const ANSWERED = 'quincunx';
const WORKED = 'zygote';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage.close());

const now = (): string => new Date().toISOString();
const whereWords = async (): Promise<string[]> =>
  (await Promise.all([SAID, ANSWERED, WORKED].map((word) => tablesWith(stage.t.url, word)))).flat();
const erase = ({ sessionId, userId }: TestChat): Promise<void> =>
  stage.t.db.withTx(SYSTEM, 'test', (tx) => eraseSession(tx, { sessionId, userId }));

let animals = 0;
async function agent(invoke = json({ ok: true, output: { note: WORKED } })): Promise<string> {
  const name = `eraser-${(animals += 1)}`;
  return stage.listAgent('Reader', stage.zoo.keep(name, { invoke }));
}

/** A chat in which a price was approved and the work is given out. */
async function working(agentId: string): Promise<{ chat: TestChat; taskId: string; paymentId: string }> {
  const chat = await stage.openChat();
  await chat.rows(
    `update sessions set title = $2, metadata = jsonb_build_object('note', $2::text) where id = $1`,
    [chat.sessionId, SAID],
  );
  await chat.say(`read this: ${SAID}`);
  const { paymentId } = await chat.askToPay(agentId, `to read ${ANSWERED}`);
  await chat.decide(paymentId, true);
  await run(stage.activities.authorizePayment, { paymentId, asOf: now() });
  await chat.use('invoke_agent', { agent_id: agentId, action: 'read', arguments: { text: SAID } });
  return { chat, taskId: await chat.lastTask(), paymentId };
}

test('of an erased chat no word is left in any table; its payment and the ledger stay as they were', async () => {
  const { chat, taskId, paymentId } = await working(await agent());
  await run(stage.activities.deliverTask, { taskId });
  await run(stage.activities.settlePayment, { paymentId, asOf: now() });
  await chat.step([answer([toolUse(`tool_${ANSWERED}`, { a: ANSWERED }), text(ANSWERED)])]);
  await chat.step([sends(`It says ${ANSWERED}`)]);
  await chat.say(`and this: ${SAID}`);
  expect(new Set(await whereWords())).toEqual(
    new Set(['messages', 'session_events', 'sessions', 'steps', 'task_attempts', 'tasks', 'tool_calls']),
  );
  const money = () =>
    chat.rows(
      `select p.id, p.state, p.amount_micros, p.agent_name, p.action, t.phase, t.kind, t.amount_micros as moved
         from payments p join ledger_transfers t on t.payment_id = p.id where p.session_id = $1 order by t.id`,
      [chat.sessionId],
    );
  const before = await money();
  await erase(chat);
  expect(await whereWords()).toEqual([]);
  expect(before).toHaveLength(3);
  expect(await money()).toEqual(before);
  await erase(chat);
  expect(await money()).toEqual(before);
});

test('what a running task needs stays until it ends, then its words and its answer go too', async () => {
  const agentId = await agent();
  const { chat, taskId, paymentId } = await working(agentId);
  await erase(chat);
  expect(new Set(await whereWords())).toEqual(new Set(['messages', 'tasks']));
  await run(stage.activities.deliverTask, { taskId });
  expect(stage.zoo.calls(`eraser-${animals}`)[0]?.body).toContain(SAID);
  expect(await whereWords()).toEqual([]);
  await run(stage.activities.settlePayment, { paymentId, asOf: now() });
  const [payment] = await chat.rows('select state from payments where id = $1', [paymentId]);
  expect(payment).toEqual({ state: 'CAPTURED' });
  expect(await stage.t.db.withTx(SYSTEM, 'test', (tx) => wallet(tx, chat.userId))).toEqual({
    balanceMicros: 950_000n,
    heldMicros: 0n,
  });
});

test('an agent that says no after the chat was erased leaves no word, and the money comes back', async () => {
  const { chat, taskId, paymentId } = await working(await agent(json({ ok: false, error: WORKED })));
  await erase(chat);
  await run(stage.activities.deliverTask, { taskId });
  await run(stage.activities.settlePayment, { paymentId, asOf: now() });
  expect(await whereWords()).toEqual([]);
  expect(await chat.rows('select state from payments where id = $1', [paymentId])).toEqual([
    { state: 'VOIDED' },
  ]);
});

test('an answer that comes after the task has ended in an erased chat leaves no word', async () => {
  const late = await agent((res) => {
    void (async () => {
      await erase(scene.chat);
      await run(stage.activities.expireTask, {
        taskId: scene.taskId,
        asOf: new Date(Date.now() + 3_600_000).toISOString(),
      });
      json({ ok: true, output: WORKED })(res, 1);
    })();
  });
  const scene = await working(late);
  const { taskId } = scene;
  expect(await run(stage.activities.deliverTask, { taskId })).toMatchObject({ status: 'expired' });
  expect(await whereWords()).toEqual([]);
});

test('a model that still thinks, and a tool that still runs, add nothing to an erased chat', async () => {
  const chat = await stage.openChat();
  await chat.say(SAID);
  stage.model.next.push(async () => {
    await erase(chat);
    return sends(ANSWERED);
  });
  await expect(chat.step()).rejects.toMatchObject({ type: 'fence_lost' });
  expect(await whereWords()).toEqual([]);
  expect(await chat.step()).toEqual({ kind: 'closed' });

  const other = await stage.openChat();
  await other.say(SAID);
  const [callId = ''] = await other.propose(['vector_search', { query: SAID }]);
  await erase(other);
  expect(await other.runTool(callId)).toEqual({ waitsUntil: null });
  await run(stage.activities.failToolCall, { callId, code: 'internal_error' });
  await run(stage.activities.failTurn, { sessionId: other.sessionId, code: 'internal_error' });
  expect(await whereWords()).toEqual([]);
});

test.each([true, false])(
  'a payment that was asked for in an erased chat ends without one (approved: %s)',
  async (yes) => {
    const agentId = await agent();
    const chat = await stage.openChat();
    await chat.say(SAID);
    const { paymentId } = await chat.askToPay(agentId, ANSWERED);
    if (yes) await chat.decide(paymentId, true);
    await erase(chat);
    const later = new Date(Date.now() + 3_600_000).toISOString();
    await run(stage.activities.authorizePayment, { paymentId, asOf: later });
    if (yes) await run(stage.activities.settlePayment, { paymentId, asOf: later });
    const [payment] = await chat.rows<{ state: string }>('select state from payments where id = $1', [
      paymentId,
    ]);
    expect(['EXPIRED', 'DECLINED', 'VOIDED', 'FAILED']).toContain(payment?.state);
    expect(await whereWords()).toEqual([]);
  },
);
