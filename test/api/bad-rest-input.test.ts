import { badToken, close, expire, message, NESTED, pay, unchanged } from './bad-input';
import { createTestApi, openChat } from './harness';
import type { OpenChat, TestApi } from './harness';

// What a client may get wrong, or mean ill, over REST: each is answered with its code from the tables of docs/errors.md and
// docs/frames.md, and not one row of the database is changed by it.
let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.stop());

test.each<[string, string | Buffer, number, string]>([
  ['half an object', '{"id":"m","content":', 400, 'invalid_request'],
  ['a list', '[]', 400, 'invalid_request'],
  ['64 KiB + 1 of words', message('x'.repeat(64 * 1024 + 1)), 400, 'invalid_request'],
  ['more than 100 KB', message('x'.repeat(100 * 1024)), 413, 'body_too_large'],
  ['100 KB of nesting', NESTED, 400, 'invalid_request'],
  ['bytes that are no text', Buffer.from([0x00, 0x01, 0x02, 0x80]), 400, 'invalid_request'],
  ['text that is not UTF-8', Buffer.from('{"id":"m","content":"\xff"}', 'latin1'), 400, 'invalid_request'],
  ['a field that is not known', '{"id":"m","content":"x","type":"USER_MESSAGE"}', 400, 'invalid_request'],
])('a message of %s is refused', async (...row) => {
  const [, raw, status, code] = row;
  const chat = await openChat(api);
  const answer = await unchanged(api, () =>
    api.call(`/api/sessions/${chat.id}/messages`, { token: chat.token, raw }),
  );
  expect({ status: answer.status, code: answer.body.error.code }).toEqual({ status, code });
});

test.each<[string, (chat: OpenChat) => Promise<Record<string, unknown>>, number, string]>([
  ['of an unknown type', () => Promise.resolve({ type: 'NO_SUCH', approved: true }), 400, 'invalid_request'],
  [
    'to a payment that is not there',
    () => Promise.resolve({ payment_id: `pay_${'0'.repeat(21)}` }),
    404,
    'not_found',
  ],
  [
    'to the payment of another person',
    async () => ({ payment_id: await pay(api, await openChat(api)) }),
    404,
    'not_found',
  ],
  [
    'to a payment that was declined',
    async (chat) => {
      const body = { type: 'PAYMENT_RESPONSE', approved: false, payment_id: await pay(api, chat) };
      await api.call(`/api/sessions/${chat.id}/responses`, { token: chat.token, body });
      return { payment_id: body.payment_id };
    },
    409,
    'payment_not_open',
  ],
  [
    'to a payment whose time is over',
    async (chat) => {
      const id = await pay(api, chat);
      await expire(api, id);
      return { payment_id: id };
    },
    409,
    'payment_not_open',
  ],
  ['while nothing is asked', () => Promise.resolve({}), 409, 'payment_not_open'],
  [
    'in a closed chat',
    async (chat) => {
      const id = await pay(api, chat);
      await close(api, chat);
      return { payment_id: id };
    },
    409,
    'session_closed',
  ],
])('an answer %s is refused', async (...row) => {
  const [, arrange, status, code] = row;
  const chat = await openChat(api);
  const body = { type: 'PAYMENT_RESPONSE', approved: true, ...(await arrange(chat)) };
  const answer = await unchanged(api, () =>
    api.call(`/api/sessions/${chat.id}/responses`, { token: chat.token, body }),
  );
  expect({ status: answer.status, code: answer.body.error.code }).toEqual({ status, code });
});

test.each(['-1', '1', '1e9', '99999999999', 'x', ''])('after_seq=%s of an empty log', async (value) => {
  const chat = await openChat(api);
  const path = `/api/sessions/${chat.id}/events?after_seq=${value}`;
  const { status, body } = await unchanged(api, () => api.call(path, { token: chat.token }));
  if (value === '') expect({ status, events: body.events }).toEqual({ status: 200, events: [] });
  else expect({ status, code: body.error.code }).toEqual({ status: 400, code: 'invalid_request' });
});

test('one client id with two contents keeps the first', async () => {
  const chat = await openChat(api);
  const send = (content: string) =>
    api.call(`/api/sessions/${chat.id}/messages`, { token: chat.token, raw: message(content) });
  expect((await send('first')).status).toBe(202);
  const second = await unchanged(api, () => send('second'));
  expect(second).toMatchObject({ status: 409, body: { error: { code: 'idempotency_conflict' } } });
});

test('a message to a closed chat is refused', async () => {
  const chat = await openChat(api);
  await close(api, chat);
  const answer = await unchanged(api, () =>
    api.call(`/api/sessions/${chat.id}/messages`, { token: chat.token, raw: message('x') }),
  );
  expect(answer).toMatchObject({ status: 409, body: { error: { code: 'session_closed' } } });
});

test('of 200 messages at once as many are taken as a minute allows, in a log without a gap', async () => {
  const chat = await openChat(api);
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, n) =>
      api.call(`/api/sessions/${chat.id}/messages`, { token: chat.token, raw: message('x', `m${n}`) }),
    ),
  );
  const taken = answers.filter(({ status }) => status === 202);
  expect(
    answers
      .map(({ status, body }) => `${status} ${body.error?.code}`)
      .filter((s) => !s.startsWith('202') && !s.startsWith('429')),
  ).toEqual([]);
  expect(taken).toHaveLength(60);
  const refused = answers.filter(({ status }) => status !== 202);
  expect(new Set(refused.map(({ status, body }) => `${status} ${body.error.code}`))).toEqual(
    new Set(['429 rate_limited']),
  );
  const { body } = await api.call(`/api/sessions/${chat.id}/events?limit=500`, { token: chat.token });
  expect(body.events.map(({ seq }) => seq)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
});

test('a token that ran out, of another class, or of a refresh opens no call', async () => {
  const chat = await openChat(api);
  const tokens = [chat.sessionToken, chat.refreshToken, await badToken(chat, 'expired')];
  for (const token of tokens) {
    const answer = await unchanged(api, () =>
      api.call(`/api/sessions/${chat.id}/messages`, { token, raw: message('x') }),
    );
    expect(answer).toMatchObject({ status: 401, body: { error: { code: 'auth_failed' } } });
  }
});
