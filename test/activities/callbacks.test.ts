import { Webhook } from 'standardwebhooks';
import { eraseSession } from '../../db/erase';
import { SYSTEM } from '../../domain/principal';
import { createTestApi } from '../api/harness';
import type { TestApi } from '../api/harness';
import { run, setStage, SIGNING_SECRET, STAGE_SECRET } from './stage';
import type { Stage } from './stage';
import { containing } from './test-chat';
import type { TestChat } from './test-chat';
import { json, OK } from './zoo';
import type { Behaviour } from './zoo';

let stage: Stage;
let api: TestApi;
beforeAll(async () => {
  stage = await setStage();
  api = await createTestApi({ deps: { db: stage.t.db, secret: STAGE_SECRET } });
});
afterAll(async () => {
  await api.stop();
  await stage.close();
});

const TAKEN = json({ accepted: true }, 202);
const DONE = { ok: true, output: { words: 3 } };

interface Hired {
  chat: TestChat;
  taskId: string;
  callId: string;
}

async function hire(name: string, invoke: Behaviour = TAKEN): Promise<Hired> {
  const agentId = await stage.listAgent(name, stage.zoo.keep(name, { invoke }));
  const chat = await stage.openChat();
  await chat.say('count these words');
  await chat.use('connect_agent', { agent_id: agentId });
  const { id } = await chat.use('invoke_agent', { agent_id: agentId, action: 'count', arguments: {} });
  return { chat, callId: id, taskId: await chat.lastTask() };
}

const deliver = ({ taskId }: Hired) => run(stage.activities.deliverTask, { taskId });

/** Reports as an agent does; `how` is what it does wrong. */
function report(
  { taskId }: Pick<Hired, 'taskId'>,
  said: unknown,
  how: { secret?: string; at?: Date; signed?: string; id?: string } = {},
) {
  const raw = typeof said === 'string' ? said : JSON.stringify(said);
  const { secret = SIGNING_SECRET, at = new Date(), signed = raw, id = taskId } = how;
  return api.call(`/api/callbacks/${taskId}`, {
    raw,
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, at, signed),
    },
  });
}

const attempts = ({ chat, taskId }: Hired) =>
  chat.rows('select kind, http_status, outcome from task_attempts where task_id = $1 order by attempt', [
    taskId,
  ]);
const statusOf = async ({ chat, taskId }: Hired) =>
  (await chat.rows('select status, error_code from tasks where id = $1', [taskId]))[0];

test('an agent that answers 202 reports later, by its signature, to the address that it was told', async () => {
  const hired = await hire('later');
  expect(await deliver(hired)).toMatchObject({ kind: 'promised' });
  const [call] = stage.zoo.calls('later');
  expect(JSON.parse(call?.body ?? '{}')).toMatchObject({
    callback_url: containing(`/api/callbacks/${hired.taskId}`),
  });
  // Whatever wakes the workflow, nothing is sent again.
  expect(await deliver(hired)).toMatchObject({ kind: 'promised' });
  expect(stage.zoo.calls('later')).toHaveLength(1);

  const answer = await report(hired, DONE);
  expect(answer).toMatchObject({ status: 200, body: { task_id: hired.taskId, accepted: true } });
  expect(await deliver(hired)).toEqual({ kind: 'ended', status: 'completed' });
  expect(await hired.chat.call(hired.callId)).toMatchObject({
    is_error: false,
    result: { status: 'completed', output: { words: 3 } },
  });
  expect(await attempts(hired)).toEqual([
    { kind: 'attempt', http_status: 202, outcome: 'accepted' },
    { kind: 'callback', http_status: null, outcome: 'completed' },
  ]);
});

test('the same report again is answered the same, before and after the end; another one is refused', async () => {
  const hired = await hire('twice');
  await deliver(hired);
  const first = await report(hired, DONE);
  expect((await report(hired, DONE)).body).toEqual(first.body);
  expect(await report(hired, { ok: false, error: 'no' })).toMatchObject({
    status: 409,
    body: { error: { code: 'invalid_state_transition', details: { status: 'in_progress' } } },
  });
  await deliver(hired);
  expect(await report(hired, DONE)).toMatchObject({ status: 200, body: first.body });
  expect(await report(hired, { ok: true, output: 4 })).toMatchObject({
    status: 409,
    body: { error: { code: 'invalid_state_transition', details: { status: 'completed' } } },
  });
  expect(await statusOf(hired)).toMatchObject({ status: 'completed' });
});

test('a report of failure fails the task in the agent’s words', async () => {
  const hired = await hire('failing');
  await deliver(hired);
  await report(hired, { ok: false, error: 'There are no words.' });
  expect(await deliver(hired)).toEqual({ kind: 'ended', status: 'failed' });
  expect(await hired.chat.call(hired.callId)).toMatchObject({
    is_error: true,
    result: { error: { code: 'agent_refused', message: 'There are no words.' } },
  });
});

test.each<[string, unknown, Parameters<typeof report>[2], number, string]>([
  [
    'a signature by another secret',
    DONE,
    { secret: `whsec_${Buffer.from('another').toString('base64')}` },
    401,
    'unauthorized',
  ],
  ['a signature of ten minutes ago', DONE, { at: new Date(Date.now() - 600_000) }, 401, 'unauthorized'],
  ['another body than was signed', DONE, { signed: '{"ok":true,"output":9}' }, 401, 'unauthorized'],
  ['no JSON', '<html>', {}, 400, 'invalid_request'],
  ['another form than agreed', { output: 3 }, {}, 400, 'invalid_request'],
])('a report with %s is refused by name, and the task waits on', async (...[, said, how, status, code]) => {
  const hired = await hire('wrong');
  await deliver(hired);
  expect(await report(hired, said, how)).toMatchObject({ status, body: { error: { code } } });
  expect(await statusOf(hired)).toMatchObject({ status: 'in_progress' });
  expect(await report(hired, DONE)).toMatchObject({ status: 200 });
});

test('a report without a signature, one of a task that is not there, and one over 1 MiB are refused', async () => {
  const hired = await hire('bare');
  await deliver(hired);
  expect(await api.call(`/api/callbacks/${hired.taskId}`, { body: DONE })).toMatchObject({ status: 401 });
  expect(await report({ taskId: 'tsk_nowhere' }, DONE)).toMatchObject({ status: 404 });
  expect(await report(hired, { ok: true, output: 'x'.repeat(1024 * 1024) })).toMatchObject({ status: 413 });
});

test('who takes the work and does not report in its time has failed; a report after that is late', async () => {
  const hired = await hire('silent');
  const promised = await deliver(hired);
  const until = promised.kind === 'promised' ? promised.until : '';
  expect(Date.parse(until) - Date.now()).toBeLessThanOrEqual(60_000);
  await hired.chat.rows(`update tasks set callback_until = now() where id = $1`, [hired.taskId]);
  expect(await report(hired, DONE)).toMatchObject({ status: 409 });
  const asOf = new Date().toISOString();
  expect(await run(stage.activities.expireTask, { taskId: hired.taskId, asOf })).toEqual({
    kind: 'ended',
    status: 'failed',
  });
  expect(await statusOf(hired)).toEqual({ status: 'failed', error_code: 'agent_unavailable' });
  expect(await report(hired, DONE)).toMatchObject({
    status: 409,
    body: { error: { details: { status: 'failed' } } },
  });
});

test('a report in the last moment is the end, also when the deadline is looked at first', async () => {
  const hired = await hire('last');
  const promised = await deliver(hired);
  await report(hired, DONE);
  const asOf = promised.kind === 'promised' ? promised.until : '';
  expect(await run(stage.activities.expireTask, { taskId: hired.taskId, asOf })).toEqual({
    kind: 'ended',
    status: 'completed',
  });
});

test('a report that is faster than the 202 counts, and so does one of an agent whose answer was lost', async () => {
  const fast = await hire('fast', (res) => {
    const id = stage.zoo.calls('fast').at(-1)?.headers['idempotency-key'];
    void report({ taskId: String(id) }, DONE).then(() => TAKEN(res, 1));
  });
  expect(await deliver(fast)).toEqual({ kind: 'ended', status: 'completed' });
  const lost = await hire('lost', (res) => void res.socket?.resetAndDestroy());
  expect(await deliver(lost)).toMatchObject({ kind: 'retry' });
  await report(lost, DONE);
  expect(await deliver(lost)).toEqual({ kind: 'ended', status: 'completed' });
  expect(stage.zoo.calls('lost')).toHaveLength(1);
});

test('202 without its word is no promise, and a plain answer is one as ever', async () => {
  const vague = await hire('vague', json({}, 202));
  expect(await deliver(vague)).toEqual({ kind: 'ended', status: 'failed' });
  expect(await deliver(await hire('plain', OK))).toEqual({ kind: 'ended', status: 'completed' });
});

test('of an erased chat nothing of a report is left', async () => {
  const hired = await hire('erased');
  await deliver(hired);
  await report(hired, { ok: true, output: 'a secret word' });
  await deliver(hired);
  const { sessionId, userId } = hired.chat;
  await stage.t.db.withTx(SYSTEM, 'test', (tx) => eraseSession(tx, { sessionId, userId }));
  expect(await hired.chat.rows('select body from task_callbacks where task_id = $1', [hired.taskId])).toEqual(
    [{ body: null }],
  );
});
