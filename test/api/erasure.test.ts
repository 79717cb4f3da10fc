import { appendFrames } from '../../db/events';
import { asUser } from '../../domain/principal';
import { tablesWith } from '../harness/all-text';
import { connect } from './client';
import { createTestApi, openChat, until } from './harness';
import type { TestApi } from './harness';
import { askToPay } from './payment';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi({ deps: { timings: { checkMs: 50 } } });
});
afterAll(() => api.stop());

const erase = (id: string, token: string) => api.call(`/api/sessions/${id}`, { method: 'DELETE', token });

test('an erased chat is not there any more for any call, and to erase it again is fine', async () => {
  const chat = await openChat(api, 'ann@example.test');
  const other = await api.openSession(chat.token);
  const { token, id } = chat;
  await api.call(`/api/sessions/${id}/messages`, {
    token,
    body: { id: 'm1', content: 'a marker: nasturtium' },
  });
  await api.call(`/api/sessions/${id}/cancel-turn`, { token, body: { id: 'nasturtium' } });
  const paymentId = await askToPay(api.t.db, { sessionId: id, userId: chat.userId });
  expect(await tablesWith(api.t.url, 'nasturtium')).not.toEqual([]);
  expect(await erase(id, token)).toMatchObject({ status: 200, body: { ok: true } });
  expect(await tablesWith(api.t.url, 'nasturtium')).toEqual([]);
  const answer = { type: 'PAYMENT_RESPONSE', approved: true, payment_id: paymentId };
  const answers = await Promise.all([
    api.call(`/api/sessions/${id}`, { token }),
    api.call(`/api/sessions/${id}/events`, { token }),
    api.call(`/api/sessions/${id}/events?after_seq=9&wait=25`, { token }),
    api.call(`/api/sessions/${id}/token`, { method: 'POST', token }),
    api.call(`/api/sessions/${id}/messages`, { token, body: { id: 'm1', content: 'x' } }),
    api.call(`/api/sessions/${id}/responses`, { token, body: answer }),
  ]);
  expect(answers.map(({ status, body }) => [status, body.error.code])).toEqual(
    answers.map(() => [404, 'session_not_found']),
  );
  const { body } = await api.call('/api/sessions', { token });
  expect(body.sessions.map((session) => session.id)).toEqual([other.id]);
  expect(await erase(id, token)).toMatchObject({ status: 200, body: { ok: true } });
  expect((await connect(chat.wsUrl, { token: chat.sessionToken }).closed).code).toBe(4404);
  const stray = await connect(chat.wsUrl, { token: other.token }).closed;
  expect(stray.code).toBe(4404);
});

test('nobody erases the chat of another, and none that is not there', async () => {
  const ann = await openChat(api, 'ann@example.test');
  const ben = await api.signIn('ben@example.test');
  for (const id of [ann.id, `ses_${'0'.repeat(21)}`, 'ses_x', '%00'])
    expect(await erase(id, ben.token)).toMatchObject({
      status: 404,
      body: { error: { code: 'session_not_found' } },
    });
  expect((await api.call(`/api/sessions/${ann.id}`, { method: 'DELETE' })).status).toBe(401);
  expect((await erase(ann.id, ann.sessionToken)).status).toBe(401);
  expect((await api.call(`/api/sessions/${ann.id}`, { token: ann.token })).status).toBe(200);
});

test('whoever is in a chat when it is erased sees its end; a poll that waits is told', async () => {
  const chat = await openChat(api, 'ann@example.test');
  const live = connect(chat.wsUrl, { token: chat.sessionToken });
  await live.frame('SESSION_READY');
  const poll = api.call(`/api/sessions/${chat.id}/events?wait=25`, { token: chat.token });
  await api.call('/healthz');
  await erase(chat.id, chat.token);
  expect((await live.frame('SESSION_CLOSED')).data.reason).toBe('erased');
  expect((await live.closed).code).toBe(1000);
  expect((await poll).body.error.code).toBe('session_not_found');
});

test('a socket that heard nothing of the erasure is shown out with 4404', async () => {
  const quiet = await createTestApi({ deps: { timings: { checkMs: 30 } } });
  const { token } = await quiet.signIn('ann@example.test');
  const chat = await quiet.openSession(token);
  const client = connect(chat.wsUrl, { token: chat.token });
  await client.frame('SESSION_READY');
  await quiet.bus.close(); // forgets every subscription
  await quiet.call(`/api/sessions/${chat.id}`, { method: 'DELETE', token });
  const { code, reason } = await client.closed;
  expect({ code, reason: JSON.parse(reason) as unknown }).toMatchObject({
    code: 4404,
    reason: { reconnect: 'no' },
  });
  await quiet.stop();
});

test('two who erase a chat at once, while it is written to, leave nothing of it', async () => {
  const chat = await openChat(api, 'ann@example.test');
  const words = Array.from({ length: 10 }, (_, n) =>
    api.t.db
      .withTx(asUser(chat.userId), 'test', (tx) =>
        appendFrames(tx, { id: chat.id, userId: chat.userId }, [
          { type: 'AGENT_MESSAGE', data: { content: `celandine ${n}`, message_id: 'm', turn_id: 't' } },
        ]),
      )
      .catch(() => undefined),
  );
  const statuses = await Promise.all([erase(chat.id, chat.token), erase(chat.id, chat.token)]);
  expect(statuses.map(({ status }) => status)).toEqual([200, 200]);
  await Promise.all(words);
  await until(async () => (await tablesWith(api.t.url, 'celandine')).length === 0);
});
