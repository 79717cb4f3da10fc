import { badToken, close, expire, message, NESTED, pay, unchanged } from './bad-input';
import { connect } from './client';
import type { Client } from './client';
import { createTestApi, openChat } from './harness';
import type { OpenChat, TestApi } from './harness';
import { askToPay } from './payment';

// What a client may get wrong, or mean ill, over the socket: each is answered with its code from the tables of docs/errors.md and
// docs/frames.md, and not one row of the database is changed by it.
let api: TestApi;
beforeAll(async () => {
  api = await createTestApi({ deps: { timings: { graceMs: 300 } } });
});
afterAll(() => api.stop());

/** In the chat, which is CONNECTED by that. */
async function enter(chat: OpenChat): Promise<Client> {
  const client = connect(chat.wsUrl, { token: chat.sessionToken });
  await client.frame('SESSION_READY');
  return client;
}

test.each<[string, (client: Client) => void, number]>([
  ['no JSON', ({ ws }) => ws.send('hello'), 4400],
  ['no frame', ({ ws }) => ws.send('[]'), 4400],
  ['a frame of 64 KiB + 1', ({ ws }) => ws.send('x'.repeat(64 * 1024 + 1)), 4413],
  ['100 KB of nesting', ({ ws }) => ws.send(NESTED), 4413],
  ['60 KB of nesting', ({ ws }) => ws.send(NESTED.slice(0, 60_000)), 4400],
  ['a binary frame', ({ ws }) => ws.send(Buffer.from('{"type":"USER_MESSAGE"}')), 4400],
  ['text that is not UTF-8', ({ ws }) => ws.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false }), 1007],
])('%s ends it', async (_name, act, code) => {
  const client = await enter(await openChat(api));
  const end = await unchanged(api, () => {
    act(client);
    return client.closed;
  });
  expect(end.code).toBe(code);
});

test.each([
  ['behind the beginning', -1],
  ['ahead of the log', 1],
])('RESUME %s ends it', async (_name, after_seq) => {
  // It is taken for so long that the facts can be read first.
  const patient = await createTestApi({ deps: { timings: { graceMs: 300, resumeMs: 60_000 } } });
  const { send, closed } = await enter(await openChat(patient));
  const end = await unchanged(patient, () => {
    send({ type: 'RESUME', data: { after_seq } });
    return closed;
  });
  expect(end.code).toBe(4400);
  await patient.stop();
});

const answerTo = (paymentId: string): object => ({
  type: 'PAYMENT_RESPONSE',
  id: 'f1',
  data: { approved: true, payment_id: paymentId },
});
test.each<[string, (chat: OpenChat) => Promise<object>, string]>([
  ['of an unknown type', () => Promise.resolve({ type: 'NO_SUCH', id: 'f1', data: {} }), 'invalid_request'],
  [
    'of 16 KiB + 1 of words',
    () => Promise.resolve({ type: 'USER_MESSAGE', id: 'f1', data: { content: 'x'.repeat(16 * 1024 + 1) } }),
    'invalid_request',
  ],
  [
    'with an id of other words',
    async (chat) => {
      const raw = message('first', 'f1');
      await api.call(`/api/sessions/${chat.id}/messages`, { token: chat.token, raw });
      return { type: 'USER_MESSAGE', id: 'f1', data: { content: 'second' } };
    },
    'idempotency_conflict',
  ],
  [
    'to the payment of another person',
    async () => answerTo(await pay(api, await openChat(api))),
    'not_found',
  ],
  [
    'to the payment of another chat of theirs',
    async ({ token, userId }) => {
      const { id } = await api.openSession(token);
      return answerTo(await askToPay(api.t.db, { sessionId: id, userId }));
    },
    'not_found',
  ],
  [
    'to a payment whose time is over',
    async (chat) => {
      const id = await pay(api, chat);
      await expire(api, id);
      return answerTo(id);
    },
    'payment_not_open',
  ],
  [
    'to a payment that was declined',
    async (chat) => {
      const paymentId = await pay(api, chat);
      const body = { type: 'PAYMENT_RESPONSE', approved: false, payment_id: paymentId };
      await api.call(`/api/sessions/${chat.id}/responses`, { token: chat.token, body });
      return answerTo(paymentId);
    },
    'payment_not_open',
  ],
])('a frame %s is refused, and the socket stays', async (_name, arrange, code) => {
  const chat = await openChat(api);
  const client = await enter(chat);
  const frame = await arrange(chat);
  const error = await unchanged(api, () => {
    client.send(frame);
    return client.frame('ERROR', ({ seq }) => seq === undefined);
  });
  expect(error.data).toMatchObject({ code, fatal: false, for: 'f1' });
  expect(client.ws.readyState).toBe(client.ws.OPEN);
  await client.leave();
});

test('a frame to a chat that was closed meanwhile is refused and ends it', async () => {
  const chat = await openChat(api);
  const client = await enter(chat);
  const mute = await createTestApi({ deps: { db: api.t.db } });
  const deaf = connect(chat.wsUrl.replace(String(api.port), String(mute.port)), {
    token: chat.sessionToken,
  });
  await deaf.frame('SESSION_READY');
  await close(api, chat);
  expect((await client.closed).code).toBe(1000);
  const end = await unchanged(api, () => {
    deaf.send({ type: 'USER_MESSAGE', id: 'f1', data: { content: 'x' } });
    return deaf.closed;
  });
  expect(deaf.frames.find(({ type }) => type === 'ERROR')?.data).toMatchObject({
    code: 'session_closed',
    fatal: true,
  });
  expect(end.code).toBe(4410);
  await mute.stop().catch(() => undefined);
});

test('of 200 messages at once as many are taken as a minute allows, then it ends with the time to wait', async () => {
  const chat = await openChat(api);
  const client = await enter(chat);
  for (let n = 0; n < 200; n += 1) client.send({ type: 'USER_MESSAGE', id: `m${n}`, data: { content: 'x' } });
  const { code, reason } = await client.closed;
  expect({ code, retry: (JSON.parse(reason) as { retry_after: number }).retry_after > 0 }).toEqual({
    code: 4429,
    retry: true,
  });
  const { body } = await api.call(`/api/sessions/${chat.id}/events?limit=500`, { token: chat.token });
  expect(body.events.map(({ seq }) => seq)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
});

test.each<[string, (chat: OpenChat) => Promise<{ token: string; query?: string }>, number]>([
  ['a token of another chat', async () => ({ token: (await openChat(api)).sessionToken }), 4403],
  ['a token that ran out', async (chat) => ({ token: await badToken(chat, 'expired') }), 4401],
  ['a token of another class', async (chat) => ({ token: await badToken(chat, 'class') }), 4401],
  ['an access token', ({ token }) => Promise.resolve({ token }), 4401],
  ['no token in the query', () => Promise.resolve({ token: 'x', query: '?token=' }), 4401],
])('%s opens nothing', async (_name, choose, code) => {
  const chat = await openChat(api);
  const options = await choose(chat);
  const end = await unchanged(api, () => connect(chat.wsUrl, options).closed);
  expect(end.code).toBe(code);
});

test.each(['-1', '1', '99999999999', 'x'])('after_seq=%s of an empty log ends it', async (value) => {
  const chat = await openChat(api);
  await (await enter(chat)).leave();
  const options = { token: chat.sessionToken, query: `?after_seq=${value}` };
  expect((await unchanged(api, () => connect(chat.wsUrl, options).closed)).code).toBe(4400);
});
