import { hkdfSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { asUser } from '../../domain/principal';
import { lockSession } from '../../db/sessions';
import { closeSession } from '../../db/cancel';
import { connect, refusedWith } from './client';
import type { ClientOptions } from './client';
import { createTestApi, openChat, SECRET } from './harness';
import type { TestApi } from './harness';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi({ deps: { timings: { checkMs: 50, graceMs: 300 } } });
});
afterAll(() => api.stop());

/** How a socket ends: its code, the reason, which is JSON within 123 bytes, and the ERROR frame that came before it. */
async function endOf(
  wsUrl: string,
  options: ClientOptions,
  afterReady?: (send: (raw: string | Buffer) => void) => void,
) {
  const client = connect(wsUrl, options);
  if (afterReady !== undefined) {
    await client.frame('SESSION_READY');
    afterReady((raw) => client.ws.send(raw));
  }
  const { code, reason } = await client.closed;
  expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
  const error = client.frames.find((frame) => frame.type === 'ERROR')?.data;
  return { code, error, ...(JSON.parse(reason) as { reconnect: string; retry_after?: number }) };
}

/** What a client of the first contract reads before such an end. */
const fatal = (error_type: string, code = error_type) => ({ error_type, code, fatal: true });

const UNKNOWN = `ses_${'0'.repeat(21)}`;

test('a token of one chat opens no other', async () => {
  const [ann, ben] = [await openChat(api), await openChat(api)];
  for (const query of ['', '?after_seq=0']) {
    const end = await endOf(ben.wsUrl, { token: ann.sessionToken, query });
    expect(end).toMatchObject({ code: 4403, reconnect: 'no', error: fatal('auth_failed', 'forbidden') });
  }
  const unknown = await endOf(ann.wsUrl.replace(ann.id, UNKNOWN), { token: ann.sessionToken });
  expect(unknown).toMatchObject({ code: 4404, reconnect: 'no', error: fatal('session_not_found') });
});

test('a forged, borrowed or worn-out token opens no chat', async () => {
  const chat = await openChat(api);
  const key = (typ: string) => new Uint8Array(hkdfSync('sha256', SECRET, 'mooring/tokens/v1', typ, 32));
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    sub: chat.userId,
    sid: chat.id,
    iss: 'mooring',
    aud: 'mooring:chat',
    jti: 'x',
    iat: now,
    exp: now + 60,
  };
  const sign = (changes: Record<string, unknown>, typ = 'mooring-session+jwt', keyOf = typ) =>
    new SignJWT({ ...claims, ...changes }).setProtectedHeader({ alg: 'HS256', typ }).sign(key(keyOf));
  const bad = [
    'abc',
    chat.token,
    await sign({ exp: now - 1, iat: now - 60 }),
    await sign({ exp: undefined }),
    await sign({ iat: now - 600 }),
    await sign({ aud: 'mooring:api' }),
    await sign({ sid: undefined }),
    await sign({}, 'mooring-access+jwt', 'mooring-access+jwt'),
    await sign({}, 'mooring-session+jwt', 'mooring-access+jwt'),
  ];
  for (const token of bad) {
    expect(await endOf(chat.wsUrl, { token })).toMatchObject({
      code: 4401,
      reconnect: 'new_token',
      error: fatal('auth_failed'),
    });
  }
  const client = connect(chat.wsUrl, { token: await sign({}) });
  await client.frame('SESSION_READY');
  await client.leave();
});

test('the session token of a person for the chat of another does not exist for them', async () => {
  const [ann, ben] = [await openChat(api), await openChat(api)];
  const typ = 'mooring-session+jwt';
  const token = await new SignJWT({ sub: ann.userId, sid: ben.id })
    .setProtectedHeader({ alg: 'HS256', typ })
    .setIssuer('mooring')
    .setAudience('mooring:chat')
    .setJti('x')
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(new Uint8Array(hkdfSync('sha256', SECRET, 'mooring/tokens/v1', typ, 32)));
  expect(await endOf(ben.wsUrl, { token })).toMatchObject({ code: 4404 });
});

test('whoever does not say who they are is shown out', async () => {
  const hasty = await createTestApi({ deps: { timings: { authMs: 50 } } });
  const chat = await openChat(hasty);
  expect(await endOf(chat.wsUrl, {})).toMatchObject({
    code: 4408,
    reconnect: 'soon',
    error: fatal('auth_failed'),
  });
  await hasty.stop();
  const client = connect((await openChat(api)).wsUrl);
  client.ws.once('open', () => client.send({ type: 'USER_MESSAGE', data: { content: 'hello' } }));
  expect((await client.closed).code).toBe(4401);
  expect(client.frames.map(({ data }) => data)).toMatchObject([fatal('auth_failed')]);
});

test('no socket outlives the longest time that one token may open', async () => {
  const brief = await createTestApi({ deps: { timings: { maxAgeMs: 200 } } });
  const chat = await openChat(brief);
  const end = await endOf(chat.wsUrl, { token: chat.sessionToken });
  expect(end).toMatchObject({ code: 4401, reconnect: 'new_token', error: fatal('auth_failed') });
  await brief.stop();
});

test.each<[string, string]>([
  ['negative', '-1'],
  ['ahead of the log', '1'],
  ['no number', 'x'],
])('an after_seq that is %s closes', async (_name, value) => {
  const chat = await openChat(api);
  const end = await endOf(chat.wsUrl, { token: chat.sessionToken, query: `?after_seq=${value}` });
  expect(end).toMatchObject({ code: 4400, reconnect: 'no' });
});

test.each<[string, string | Buffer, number]>([
  ['text that is no JSON', 'hello', 4400],
  ['JSON that is no frame', '[]', 4400],
  ['nested brackets', '['.repeat(60_000), 4400],
  ['the key __proto__', '{"type":"USER_MESSAGE","__proto__":{},"data":{}}', 4400],
  ['bytes', Buffer.from('{}'), 4400],
  ['a frame over 64 KiB', `"${'x'.repeat(64 * 1024)}"`, 4413],
])('%s closes the socket', async (_name, raw, code) => {
  const chat = await openChat(api);
  const end = await endOf(chat.wsUrl, { token: chat.sessionToken }, (send) => send(raw));
  expect(end).toMatchObject({ code, reconnect: 'no' });
});

test('text that is not UTF-8, and a frame in too many pieces, close the socket', async () => {
  const chat = await openChat(api);
  const broken = connect(chat.wsUrl, { token: chat.sessionToken });
  await broken.frame('SESSION_READY');
  broken.ws.send(Buffer.from([0x22, 0xff, 0xfe, 0x22]), { binary: false });
  expect((await broken.closed).code).toBe(1007);
  const pieces = connect(chat.wsUrl, { token: chat.sessionToken });
  await pieces.frame('SESSION_READY');
  for (let n = 0; n < 40; n += 1) pieces.ws.send('x', { fin: n === 39 });
  expect((await pieces.closed).code).toBe(4400);
});

test('a closed chat shows its end to who is there and lets nobody in', async () => {
  const chat = await openChat(api);
  const client = connect(chat.wsUrl, { token: chat.sessionToken });
  await client.frame('SESSION_READY');
  await api.t.db.withTx(asUser(chat.userId), 'test', async (tx) =>
    closeSession(tx, await lockSession(tx, chat.id), 'closed by its owner'),
  );
  expect((await client.frame('SESSION_CLOSED')).data).toEqual({
    reason: 'closed by its owner',
    phase: 'CLOSED',
  });
  expect((await client.closed).code).toBe(1000);
  const end = await endOf(chat.wsUrl, { token: chat.sessionToken, query: '?after_seq=0' });
  expect(end).toMatchObject({
    code: 4410,
    reconnect: 'no',
    error: fatal('session_not_found', 'session_closed'),
  });
  const { body } = await api.call(`/api/sessions/${chat.id}/events`, { token: chat.token });
  expect(body.events).toMatchObject([{ type: 'SESSION_CLOSED' }]);
});

test('too many messages or frames close with the time to wait', async () => {
  const strict = await createTestApi({
    env: { MOORING_RATE_LIMIT_MESSAGES: '3', MOORING_RATE_LIMIT_FRAMES: '10' },
  });
  const chat = await openChat(strict);
  const client = connect(chat.wsUrl, { token: chat.sessionToken });
  await client.frame('SESSION_READY');
  for (let n = 0; n < 4; n += 1) client.send({ type: 'USER_MESSAGE', data: { content: `${n}` } });
  expect((await client.frame('ERROR')).data).toMatchObject({
    code: 'rate_limited',
    retryable: true,
    fatal: true,
  });
  expect((await client.closed).code).toBe(4429);
  expect(client.frames.filter(({ type }) => type === 'ACK')).toHaveLength(3);
  const other = await openChat(strict);
  const flood = await endOf(other.wsUrl, { token: other.sessionToken }, (send) => {
    for (let n = 0; n < 11; n += 1) send('{"type":"NO_SUCH_FRAME"}');
  });
  expect(flood.code).toBe(4429);
  expect(flood.retry_after).toBeGreaterThan(50);
  await strict.stop();
});

test('a page of another site gets no socket, and no page at all does', async () => {
  const chat = await openChat(api);
  const wsUrl = `${chat.wsUrl}?token=${chat.sessionToken}`;
  for (const origin of ['https://evil.example', 'http://127.0.0.1:1', 'null']) {
    expect(await refusedWith(wsUrl, { origin })).toBe(403);
  }
  expect(await refusedWith(wsUrl.replace('/ws/user-agent', '/ws/other'), {})).toBe(404);
  for (const headers of [{ origin: api.url }, { origin: `http://localhost:${api.port}` }]) {
    const client = connect(chat.wsUrl, { token: chat.sessionToken, headers });
    await client.frame('SESSION_READY');
    await client.leave();
  }
});

test('an address gets twenty sockets, then a reason, and its places back when it leaves', async () => {
  const crowded = await createTestApi();
  const chats = await Promise.all(Array.from({ length: 5 }, () => openChat(crowded)));
  const clients = chats.flatMap((chat) =>
    [1, 2, 3, 4].map(() => connect(chat.wsUrl, { token: chat.sessionToken })),
  );
  await Promise.all(clients.map((client) => client.frame('SESSION_READY')));
  const { wsUrl, sessionToken } = chats[0] ?? { wsUrl: '', sessionToken: '' };
  expect(await endOf(wsUrl, { token: sessionToken })).toMatchObject({ code: 4429, retry_after: 10 });
  const { text } = await crowded.call('/metrics');
  expect(text).toMatch(/mooring_sockets_open 2[01]/);
  await clients[0]?.leave();
  const again = connect(wsUrl, { token: sessionToken });
  await again.frame('SESSION_READY');
  await crowded.stop();
});

test('a leaving server says so to every socket and is gone within 2 s', async () => {
  const leaving = await createTestApi();
  const chat = await openChat(leaving);
  const client = connect(chat.wsUrl, { token: chat.sessionToken });
  const deaf = connect(chat.wsUrl, { token: chat.sessionToken });
  await Promise.all([client.frame('SESSION_READY'), deaf.frame('SESSION_READY')]);
  deaf.ws.pause();
  const startedAt = performance.now();
  const closing = leaving.close();
  expect(await client.closed).toEqual({ code: 1012, reason: '{"reason":"restart","reconnect":"soon"}' });
  await closing;
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  deaf.ws.terminate();
  await leaving.stop();
});

test.each([
  ['the database away', [1013, 'unavailable'], { code: 'ECONNREFUSED' }],
  ['a fault of ours', [1011, 'internal_error'], {}],
] as const)('with %s a socket is asked to try later', async (_name, [code, error], how) => {
  const chat = await openChat(api);
  const fault = Object.assign(new Error('nothing that a person is told'), how);
  const broken = await createTestApi({
    deps: { db: { withTx: () => Promise.reject(fault), close: () => Promise.resolve() } },
  });
  const wsUrl = chat.wsUrl.replace(String(api.port), String(broken.port));
  expect(await endOf(wsUrl, { token: chat.sessionToken })).toMatchObject({
    code,
    reconnect: 'backoff',
    error: fatal('internal_error', error),
  });
  await broken.stop();
});
