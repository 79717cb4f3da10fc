import { SYSTEM } from '../../domain/principal';
import { wallet } from '../../db/ledger';
import { run, setStage } from './stage';
import type { Stage } from './stage';
import { sends } from './test-chat';
import type { TestChat } from './test-chat';
import { json, OK } from './zoo';

let stage: Stage;
let goodId: string;
let badId: string;
beforeAll(async () => {
  stage = await setStage();
  goodId = await stage.listAgent('Good', stage.zoo.keep('good', { invoke: OK }));
  badId = await stage.listAgent('Bad', stage.zoo.keep('bad', { invoke: json({ ok: false, error: 'no' }) }));
});
afterAll(() => stage.close());

const inOneHour = (): string => new Date(Date.now() + 3_600_000).toISOString();
const now = (): string => new Date().toISOString();

const authorize = (paymentId: string, asOf = now()) =>
  run(stage.activities.authorizePayment, { paymentId, asOf });
const settle = (paymentId: string, asOf = now()) => run(stage.activities.settlePayment, { paymentId, asOf });

interface Asked {
  chat: TestChat;
  paymentId: string;
  callId: string;
  agentId: string;
}

/** A chat that asks a person to pay 0.05 USDC. */
async function ask({ wallet: money = '1.00', agentId = goodId } = {}): Promise<Asked> {
  const chat = await stage.openChat({ wallet: money });
  await chat.say('read this');
  return { chat, agentId, ...(await chat.askToPay(agentId)) };
}

/** The same, approved and held. */
async function held(options: Parameters<typeof ask>[0] = {}): Promise<Asked> {
  const asked = await ask(options);
  await asked.chat.decide(asked.paymentId, true);
  await authorize(asked.paymentId);
  return asked;
}

/** The paid work, delivered once. */
async function work({ chat, agentId }: Asked): Promise<void> {
  await chat.use('invoke_agent', { agent_id: agentId, action: 'read', arguments: {} });
  await run(stage.activities.deliverTask, { taskId: await chat.lastTask() });
}

const purse = ({ chat }: Asked) => stage.t.db.withTx(SYSTEM, 'test', (tx) => wallet(tx, chat.userId));
const ledger = ({ chat, paymentId }: Asked) =>
  chat.rows<{ phase: string }>('select phase from ledger_transfers where payment_id = $1 order by id', [
    paymentId,
  ]);
const stateOf = async ({ chat, paymentId }: Asked) =>
  (await chat.rows<{ state: string }>('select state from payments where id = $1', [paymentId]))[0]?.state;
/** How often the prompt's call was answered: by a result in the turn, or by a message when the turn had left it. */
const outcomesOf = async ({ chat }: Asked) =>
  (await chat.rows(`select 1 from messages where session_id = $1 and kind = 'outcome'`, [chat.sessionId]))
    .length;

test('approving twice says the same and holds once', async () => {
  const asked = await ask();
  const first = await asked.chat.decide(asked.paymentId, true);
  expect(first.state).toBe('AUTHORIZING');
  expect((await asked.chat.decide(asked.paymentId, true)).state).toBe('AUTHORIZING');
  expect((await authorize(asked.paymentId)).state).toBe('HELD');
  expect((await authorize(asked.paymentId)).state).toBe('HELD');
  expect((await asked.chat.decide(asked.paymentId, true)).state).toBe('HELD');
  expect(await ledger(asked)).toEqual([{ phase: 'pending' }]);
  expect(await purse(asked)).toEqual({ balanceMicros: 950_000n, heldMicros: 50_000n });
  expect(await asked.chat.call(asked.callId)).toMatchObject({
    state: 'done',
    result: { status: 'held', payment_id: asked.paymentId, amount_usdc: '0.05' },
  });
});

test.each([
  [false, true],
  [true, false],
])('an answer of %s is not taken back by one of %s', async (first, second) => {
  const asked = await ask();
  await asked.chat.decide(asked.paymentId, first);
  await expect(asked.chat.decide(asked.paymentId, second)).rejects.toMatchObject({
    code: 'payment_not_open',
  });
  expect((await asked.chat.decide(asked.paymentId, first)).state).toBe(first ? 'AUTHORIZING' : 'DECLINED');
});

test('a declined payment moves nothing and is told once', async () => {
  const asked = await ask();
  await asked.chat.decide(asked.paymentId, false);
  await authorize(asked.paymentId);
  expect((await authorize(asked.paymentId, inOneHour())).state).toBe('DECLINED');
  expect(await ledger(asked)).toEqual([]);
  expect(await asked.chat.frames('PAYMENT_FAILED')).toMatchObject([
    { state: 'DECLINED', reason_code: 'declined' },
  ]);
  expect(await asked.chat.frames('ERROR')).toMatchObject([{ error_type: 'payment_declined' }]);
  expect(await asked.chat.call(asked.callId)).toMatchObject({
    state: 'done',
    result: { status: 'declined' },
  });
});

test('of a yes and a no at the same moment one is the answer', async () => {
  for (let round = 0; round < 10; round += 1) {
    const asked = await ask();
    const answers = await Promise.allSettled(
      [true, false].map((approved) => asked.chat.decide(asked.paymentId, approved)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const approved = answers[0]?.status === 'fulfilled';
    expect(await stateOf(asked)).toBe(approved ? 'AUTHORIZING' : 'DECLINED');
  }
});

test('an answer and the deadline at the same moment: one end, told once, fifty times', async () => {
  const ends = new Set<string | undefined>();
  for (let round = 0; round < 50; round += 1) {
    const asked = await ask();
    const decide = () => asked.chat.decide(asked.paymentId, true);
    const expire = () => authorize(asked.paymentId, inOneHour());
    // Who comes first on the way to the lock changes from round to round.
    const race = round % 2 === 0 ? [decide(), expire()] : [expire(), decide()];
    const results = await Promise.allSettled(race);
    // By now: an hour on, what is held with nothing to spend it on is given back.
    await authorize(asked.paymentId);
    const end = await stateOf(asked);
    ends.add(end);
    expect(end).toBe(results[round % 2]?.status === 'fulfilled' ? 'HELD' : 'EXPIRED');
    expect(await ledger(asked)).toEqual(end === 'HELD' ? [{ phase: 'pending' }] : []);
    expect(await asked.chat.frames('PAYMENT_FAILED')).toHaveLength(end === 'EXPIRED' ? 1 : 0);
    const { result } = await asked.chat.call(asked.callId);
    expect(result).toMatchObject({ status: end === 'HELD' ? 'held' : 'expired' });
  }
  expect([...ends].sort()).toEqual(['EXPIRED', 'HELD']);
});

test('an offer whose time is over takes no answer, though nobody has ended it yet', async () => {
  const asked = await ask();
  await asked.chat.rows(`update payments set expires_at = now() - interval '1 second' where id = $1`, [
    asked.paymentId,
  ]);
  await expect(asked.chat.decide(asked.paymentId, true)).rejects.toMatchObject({ code: 'payment_not_open' });
  expect((await authorize(asked.paymentId)).state).toBe('EXPIRED');
  await expect(asked.chat.decide(asked.paymentId, false)).rejects.toMatchObject({ code: 'payment_not_open' });
});

test('a wallet that was emptied meanwhile ends the payment without a trace in the ledger', async () => {
  const chat = await stage.openChat({ wallet: '0.06' });
  await chat.say('read this twice');
  await chat.use('connect_agent', { agent_id: goodId });
  const wish = { agent_id: goodId, action: 'read', amount_usdc: '0.05', reason: 'to read the text' };
  const [callId = '', secondCall = ''] = await chat.propose(
    ['request_payment_confirmation', wish],
    ['request_payment_confirmation', wish],
  );
  await chat.runTool(callId);
  const asked = { chat, paymentId: await chat.lastPayment(), callId, agentId: goodId };
  await chat.runTool(secondCall);
  const second = await chat.lastPayment();
  for (const id of [asked.paymentId, second]) await chat.decide(id, true);
  const ends = await Promise.all([asked.paymentId, second].map((id) => authorize(id)));
  expect(ends.map(({ state }) => state).sort()).toEqual(['FAILED', 'HELD']);
  const failed = ends[0]?.state === 'FAILED' ? asked.paymentId : second;
  expect(await ledger({ ...asked, paymentId: failed })).toEqual([]);
  expect(await asked.chat.frames('PAYMENT_FAILED')).toMatchObject([
    { state: 'FAILED', reason_code: 'insufficient_funds' },
  ]);
  expect(await purse(asked)).toEqual({ balanceMicros: 10_000n, heldMicros: 50_000n });
});

test('a completed task captures once, however often that is asked for', async () => {
  const paid = await held();
  await work(paid);
  const settled = await Promise.all([settle(paid.paymentId), settle(paid.paymentId)]);
  expect(settled.map(({ state }) => state)).toEqual(['CAPTURED', 'CAPTURED']);
  expect((await settle(paid.paymentId, inOneHour())).state).toBe('CAPTURED');
  // from the person into the escrow, and in the same moment on to the owner
  expect(await ledger(paid)).toEqual([{ phase: 'pending' }, { phase: 'posted' }, { phase: 'single' }]);
  expect(await paid.chat.frames('PAYMENT_SUCCESSFUL')).toHaveLength(1);
  expect(await purse(paid)).toEqual({ balanceMicros: 950_000n, heldMicros: 0n });
});

test('a failed task gives the money back', async () => {
  const paid = await held({ agentId: badId });
  await work(paid);
  expect((await settle(paid.paymentId)).state).toBe('VOIDED');
  expect((await settle(paid.paymentId)).state).toBe('VOIDED');
  expect(await ledger(paid)).toEqual([{ phase: 'pending' }, { phase: 'voided' }]);
  expect(await paid.chat.frames('PAYMENT_RELEASED')).toMatchObject([
    { state: 'VOIDED', reason_code: 'task_failed' },
  ]);
  expect(await purse(paid)).toEqual({ balanceMicros: 1_000_000n, heldMicros: 0n });
});

test('a hold that nobody uses comes back at its deadline; one in use stays', async () => {
  const unused = await held();
  expect((await settle(unused.paymentId)).state).toBe('HELD');
  expect((await settle(unused.paymentId, inOneHour())).state).toBe('RECLAIMED');
  expect(await ledger(unused)).toEqual([{ phase: 'pending' }, { phase: 'expired' }]);
  expect(await unused.chat.frames('PAYMENT_RELEASED')).toMatchObject([
    { state: 'RECLAIMED', reason_code: 'unused' },
  ]);
  expect(
    await unused.chat.use('invoke_agent', { agent_id: goodId, action: 'read', arguments: {} }),
  ).toMatchObject({ is_error: true });

  const used = await held();
  await used.chat.use('invoke_agent', { agent_id: goodId, action: 'read', arguments: {} });
  const still = await settle(used.paymentId, inOneHour());
  expect(still.state).toBe('HELD');
  expect(Date.parse(still.captureDeadline)).toBeGreaterThan(Date.now() + 60_000);
  await run(stage.activities.deliverTask, { taskId: await used.chat.lastTask() });
  expect((await settle(used.paymentId)).state).toBe('CAPTURED');
});

test('an approval that comes after the turn has gone on is one message of its own', async () => {
  const asked = await ask();
  expect(await asked.chat.step([sends('Approve it when you like.')], true)).toMatchObject({
    outcome: 'waiting',
  });
  await asked.chat.decide(asked.paymentId, true);
  await Promise.all([authorize(asked.paymentId), authorize(asked.paymentId)]);
  expect(await outcomesOf(asked)).toBe(1);
  expect(await asked.chat.step([sends('Going on.')])).toMatchObject({ kind: 'ended', turn: 2 });
  expect(await asked.chat.step()).toMatchObject({ kind: 'idle' });
});

test('no payment is answered through another chat', async () => {
  const [asked, other] = [await ask(), await ask()];
  await expect(other.chat.decide(asked.paymentId, true)).rejects.toMatchObject({ code: 'not_found' });
  expect(await stateOf(asked)).toBe('AWAITING_APPROVAL');
});
