import { askPrompt } from '../../db/prompts';
import { proposeToolCalls } from '../../db/tool-calls';
import { claimMessage } from '../../db/turns';
import { acceptMessage } from '../../db/messages';
import { SYSTEM } from '../../domain/principal';
import { connect } from './client';
import { createTestApi } from './harness';
import type { TestApi } from './harness';
import { askToPay } from './payment';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi({ deps: { timings: { checkMs: 50 } } });
});
afterAll(() => api.stop());

async function openChat() {
  const person = await api.signIn(`p${Math.random().toString(36).slice(2)}@example.test`);
  const { id, token: sessionToken, wsUrl } = await api.openSession(person.token);
  const post = (path: string, body?: unknown) =>
    api.call(`/api/sessions/${id}/${path}`, { method: 'POST', token: person.token, body });
  return { ...person, id, sessionToken, wsUrl, post };
}
type Chat = Awaited<ReturnType<typeof openChat>>;

/** What the worker does when the model asks the person; answers with the question's id. */
async function ask(chat: Chat): Promise<string> {
  const session = { id: chat.id, userId: chat.userId };
  return api.t.db.withTx(SYSTEM, 'test', async (tx) => {
    await acceptMessage(tx, { sessionId: chat.id, clientId: 'm1', content: 'How readable is this?' });
    const turn = await claimMessage(tx, session);
    if (turn === null) throw new Error('no turn');
    const wish = { toolUseId: 'toolu_1', name: 'user_prompt', input: {} };
    const [call] = await proposeToolCalls(tx, turn, { step: 1, calls: [wish] });
    if (call === undefined) throw new Error('no call');
    const of = { sessionId: chat.id, userId: chat.userId, turnId: turn.id, toolCallId: call.id };
    await askPrompt(tx, { ...of, question: 'Which language?', options: ['en', 'de'], deadlineMs: 60_000 });
    const [row] = await tx.query<{ id: string }>('select id from prompts where tool_call_id = $1', [call.id]);
    return row?.id ?? '';
  });
}

test('an open question is pending on a reload, and is answered over the socket once', async () => {
  const chat = await openChat();
  const promptId = await ask(chat);
  const client = connect(chat.wsUrl, { token: chat.sessionToken });
  const ready = await client.frame('SESSION_READY');
  expect(ready.data.pending).toMatchObject([
    {
      type: 'USER_PROMPT',
      data: { prompt_id: promptId, question: 'Which language?', options: ['en', 'de'] },
    },
  ]);
  const reply = (id: string, answer: string) =>
    client.send({ type: 'USER_PROMPT_RESPONSE', id, data: { prompt_id: promptId, answer } });
  reply('a1', 'de');
  expect((await client.frame('ACK')).data).toEqual({ for: 'a1', seq: null });
  expect((await client.frame('USER_PROMPT_RESOLVED')).data).toMatchObject({
    outcome: 'answered',
    answer: 'de',
  });
  reply('a2', 'en');
  expect((await client.frame('ERROR')).data).toMatchObject({
    for: 'a2',
    code: 'prompt_not_open',
    fatal: false,
  });
  await client.leave();
});

test('a question is answered over REST; a foreign one, and one that is none, is not found', async () => {
  const chat = await openChat();
  const promptId = await ask(chat);
  const answer = (body: Record<string, unknown>) =>
    chat.post('responses', { type: 'USER_PROMPT_RESPONSE', ...body });
  expect(await answer({ prompt_id: promptId, answer: 'de' })).toMatchObject({
    status: 202,
    body: { prompt_id: promptId, state: 'ANSWERED' },
  });
  const stranger = await openChat();
  const foreign = await stranger.post('responses', {
    type: 'USER_PROMPT_RESPONSE',
    prompt_id: promptId,
    answer: 'de',
  });
  expect(foreign).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
  expect(await answer({ prompt_id: 'prm_1', answer: 'de' })).toMatchObject({ status: 400 });
  expect(await answer({ prompt_id: promptId, answer: ' ' })).toMatchObject({
    status: 400,
    body: { error: { code: 'invalid_request', details: { field: 'answer' } } },
  });
});

test('a stop is acknowledged over the socket and REST, also when there is nothing to stop', async () => {
  const chat = await openChat();
  expect(await chat.post('cancel-turn')).toMatchObject({ status: 202, body: { turn_id: null } });
  const paymentId = await askToPay(api.t.db, { sessionId: chat.id, userId: chat.userId });
  const client = connect(chat.wsUrl, { token: chat.sessionToken });
  await client.frame('SESSION_READY');
  client.send({ type: 'CANCEL_TURN', id: 's1', data: {} });
  expect((await client.frame('ACK')).data).toEqual({ for: 's1', seq: null });
  expect((await client.frame('PAYMENT_FAILED')).data).toMatchObject({
    payment_id: paymentId,
    reason_code: 'turn_cancelled',
  });
  expect((await chat.post('cancel-turn', {})).body).toMatchObject({
    turn_id: expect.stringMatching(/^trn_/) as string,
  });
  expect(await chat.post('cancel-turn', { turn_id: 'trn_1' })).toMatchObject({ status: 400 });
  expect(await chat.post('cancel-turn', { turn_id: `trn_${'x'.repeat(21)}` })).toMatchObject({ status: 404 });
  await client.leave();
});

test('a chat is closed by its person: over REST and again, over the socket with 1000, and takes nothing more', async () => {
  const chat = await openChat();
  expect(await chat.post('close')).toMatchObject({ status: 200, body: { phase: 'CLOSED' } });
  expect(await chat.post('close', {})).toMatchObject({ status: 200, body: { phase: 'CLOSED' } });
  for (const [path, body] of [
    ['messages', { id: 'm', content: 'hello' }],
    ['cancel-turn', {}],
  ] as const)
    expect(await chat.post(path, body)).toMatchObject({
      status: 409,
      body: { error: { code: 'session_closed' } },
    });

  const other = await openChat();
  const client = connect(other.wsUrl, { token: other.sessionToken });
  await client.frame('SESSION_READY');
  client.send({ type: 'CANCEL_SESSION', data: {} });
  expect((await client.frame('SESSION_CLOSED')).data).toEqual({
    reason: 'closed by its person',
    phase: 'CLOSED',
  });
  expect((await client.closed).code).toBe(1000);
});

test('a stranger stops and closes nothing', async () => {
  const chat = await openChat();
  const stranger = await openChat();
  for (const path of ['cancel-turn', 'close'])
    expect(
      await api.call(`/api/sessions/${chat.id}/${path}`, { method: 'POST', token: stranger.token }),
    ).toMatchObject({ status: 404, body: { error: { code: 'session_not_found' } } });
  expect((await api.call(`/api/sessions/${chat.id}`, { token: chat.token })).body).toMatchObject({
    phase: 'STARTED',
  });
});
