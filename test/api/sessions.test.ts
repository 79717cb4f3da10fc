import { asUser, SYSTEM } from '../../domain/principal';
import { appendFrames } from '../../db/events';
import { createTestApi } from './harness';
import type { Answer, TestApi } from './harness';
import { askToPay } from './payment';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.stop());

const UNKNOWN = `ses_${'0'.repeat(21)}`;

test('a chat opens without a body, and its page shows where it stands', async () => {
  const { token } = await api.signIn('ann@example.test');
  const opened = await api.call('/api/sessions', { method: 'POST', token });
  expect(opened.status).toBe(201);
  expect(opened.body).toMatchObject({
    expires_in: 300,
    ws_url: `ws://127.0.0.1:${api.port}/ws/user-agent/${opened.body.session_id}`,
  });
  const view = await api.call(`/api/sessions/${opened.body.session_id}`, { token });
  expect(view.body).toMatchObject({
    id: opened.body.session_id,
    title: null,
    phase: 'STARTED',
    pending: [],
    agents: [],
    budget: {
      limit_usdc: '2.00',
      auto_approve_usdc: '0.00',
      spent_usdc: '0.00',
      held_usdc: '0.00',
      asked_usdc: '0.00',
      model_usdc: '0.00',
    },
  });
});

test('a chat takes a title, a budget and metadata, and nothing it does not know', async () => {
  const { token } = await api.signIn('ann@example.test');
  const body = {
    title: 'Readability',
    budget_usdc: '0.5',
    auto_approve_usdc: '0.1',
    metadata: { project: 'x' },
  };
  const opened = await api.call('/api/sessions', { token, body });
  const view = await api.call(`/api/sessions/${opened.body.session_id}`, { token });
  expect(view.body).toMatchObject({
    title: 'Readability',
    budget: { limit_usdc: '0.50', auto_approve_usdc: '0.10' },
  });
  for (const [field, value] of Object.entries({
    user_id: 'usr_1',
    phase: 'CLOSED',
    region: 'cn',
    budget_usdc: '-1',
    auto_approve_usdc: '0.0000001',
    title: '',
  })) {
    const refused = await api.call('/api/sessions', { token, body: { [field]: value } });
    expect(refused).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_request', details: { field } } },
    });
  }
});

test('the list is paged without a gap or a repeat, also over chats of the same moment', async () => {
  const { token, userId } = await api.signIn('many@example.test');
  const ids = await Promise.all(Array.from({ length: 7 }, async () => (await api.openSession(token)).id));
  await api.t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query(
      `update sessions set last_message_at = timestamptz '2026-01-01 00:00:00.123' + (ascii(right(id, 1)) % 3) * interval '100 microseconds'
        where user_id = $1`,
      [userId],
    ),
  );
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const path: string = `/api/sessions?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`;
    const { body }: Answer = await api.call(path, { token });
    seen.push(...body.sessions.map(({ id }) => id));
    cursor = body.next_cursor;
  }
  expect(seen).toHaveLength(7);
  expect([...seen].sort()).toEqual([...ids].sort());
  expect((await api.call('/api/sessions?cursor=bm90IG91cnM', { token })).status).toBe(400);
  for (const at of ['2026-99-99 99:99:99+00', '2026-11-22 16:00:00+99', '2026-11-22 16:00:00']) {
    const forged = Buffer.from(JSON.stringify({ at, id: `ses_${'a'.repeat(21)}` })).toString('base64url');
    expect((await api.call(`/api/sessions?cursor=${forged}`, { token })).status).toBe(400);
  }
});

test('every call about a chat of somebody else answers as if it did not exist', async () => {
  const ann = await api.signIn('ann@example.test');
  const ben = await api.signIn('ben@example.test');
  const { id } = await api.openSession(ann.token);
  const payment = { type: 'PAYMENT_RESPONSE', approved: true };
  for (const session of [id, UNKNOWN, 'ses_%00', "ses_'--"]) {
    const answers = await Promise.all([
      api.call(`/api/sessions/${session}`, { token: ben.token }),
      api.call(`/api/sessions/${session}/events`, { token: ben.token }),
      api.call(`/api/sessions/${session}/token`, { method: 'POST', token: ben.token }),
      api.call(`/api/sessions/${session}/messages`, { token: ben.token, body: { id: 'm', content: 'x' } }),
      api.call(`/api/sessions/${session}/responses`, { token: ben.token, body: payment }),
    ]);
    for (const { status, body } of answers) {
      expect({ session, status, code: body.error.code }).toEqual({
        session,
        status: 404,
        code: 'session_not_found',
      });
    }
  }
  expect((await api.call('/api/sessions', { token: ben.token })).body.sessions).toEqual([]);
});

test('every call about chats needs an access token', async () => {
  const { token } = await api.signIn('ann@example.test');
  const session = await api.openSession(token);
  for (const [method, path] of [
    ['POST', '/api/sessions'],
    ['GET', '/api/sessions'],
    ['GET', `/api/sessions/${session.id}`],
    ['POST', `/api/sessions/${session.id}/token`],
    ['GET', `/api/sessions/${session.id}/events`],
    ['POST', `/api/sessions/${session.id}/messages`],
    ['POST', `/api/sessions/${session.id}/responses`],
  ] as const) {
    expect((await api.call(path, { method })).status).toBe(401);
    expect((await api.call(path, { method, token: session.token })).status).toBe(401);
  }
});

test('a message is accepted once, however often it is sent', async () => {
  const { token } = await api.signIn('ann@example.test');
  const { id } = await api.openSession(token);
  const send = (body: unknown) => api.call(`/api/sessions/${id}/messages`, { token, body });
  expect(await send({ id: 'm1', content: 'How readable is this?' })).toMatchObject({
    status: 202,
    body: { seq: 1 },
  });
  expect(await send({ id: 'm1', content: 'How readable is this?' })).toMatchObject({
    status: 202,
    body: { seq: 1 },
  });
  expect((await send({ id: 'm1', content: 'other words' })).body.error.code).toBe('idempotency_conflict');
  const { body } = await api.call(`/api/sessions/${id}/events`, { token });
  expect(body.last_seq).toBe(1);
  expect(body.events).toMatchObject([
    { v: 1, seq: 1, session_id: id, type: 'USER_MESSAGE', data: { content: 'How readable is this?' } },
  ]);
});

test.each<[string, unknown]>([
  ['without words', { id: 'm', content: '  \n ' }],
  ['over 16 KiB', { id: 'm', content: 'é'.repeat(8193) }],
  ['without an id', { content: 'x' }],
  ['with an id of our own outcomes', { id: 'outcome/x', content: 'x' }],
  ['with an endless id', { id: 'i'.repeat(201), content: 'x' }],
  ['with U+0000', { id: 'm', content: 'a\0b' }],
  ['with half a surrogate pair', { id: 'm', content: '\ud800' }],
  ['with a field of ours', { id: 'm', content: 'x', seq: 7 }],
  ['that is a list', []],
])('a message %s is refused', async (_name, body) => {
  const { token } = await api.signIn('ann@example.test');
  const { id } = await api.openSession(token);
  const answer = await api.call(`/api/sessions/${id}/messages`, { token, body });
  expect(answer).toMatchObject({ status: 400, body: { error: { code: 'invalid_request' } } });
});

test('the sixty-first message of a minute waits', async () => {
  const { token } = await api.signIn('ann@example.test');
  const { id } = await api.openSession(token);
  const send = (n: number) =>
    api.call(`/api/sessions/${id}/messages`, { token, body: { id: `m${n}`, content: 'x' } });
  for (let n = 0; n < 60; n += 1) expect((await send(n)).status).toBe(202);
  const refused = await send(60);
  expect(refused).toMatchObject({ status: 429, body: { error: { code: 'rate_limited' } } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('the sixty-first chat of a minute waits', async () => {
  const { token } = await api.signIn('eager@example.test');
  const open = () => api.call('/api/sessions', { method: 'POST', token });
  for (let n = 0; n < 60; n += 1) expect((await open()).status).toBe(201);
  const refused = await open();
  expect(refused).toMatchObject({ status: 429, body: { error: { code: 'rate_limited' } } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  const { token: other } = await api.signIn('ann@example.test');
  expect((await api.call('/api/sessions', { method: 'POST', token: other })).status).toBe(201);
});

test('a long poll answers as soon as there is a frame', async () => {
  const { token, userId } = await api.signIn('ann@example.test');
  const { id } = await api.openSession(token);
  const waiting = api.call(`/api/sessions/${id}/events?after_seq=0&wait=25`, { token });
  const asked = api.call(`/api/sessions/${id}`, { token });
  await asked;
  await api.t.db.withTx(asUser(userId), 'test', (tx) =>
    appendFrames(tx, { id, userId }, [
      { type: 'AGENT_MESSAGE', data: { content: 'Hello', message_id: 'm', turn_id: 't' } },
    ]),
  );
  expect((await waiting).body).toMatchObject({
    last_seq: 1,
    events: [{ seq: 1, type: 'AGENT_MESSAGE', data: { content: 'Hello' } }],
  });
});

test('a long poll without news answers empty when its time is over, and an after_seq ahead of the log is refused', async () => {
  const { token } = await api.signIn('ann@example.test');
  const { id } = await api.openSession(token);
  const answer = await api.call(`/api/sessions/${id}/events?wait=0.05`, { token });
  expect(answer).toMatchObject({ status: 200, body: { events: [], last_seq: 0 } });
  for (const query of ['after_seq=1', 'after_seq=-1', 'after_seq=x', 'limit=0', 'wait=26', 'who=me']) {
    expect((await api.call(`/api/sessions/${id}/events?${query}`, { token })).status).toBe(400);
  }
});

test('a person waits in twenty polls at once, not in more', async () => {
  const { token, userId } = await api.signIn('poller@example.test');
  const { id } = await api.openSession(token);
  const polls = Array.from({ length: 21 }, () => api.call(`/api/sessions/${id}/events?wait=25`, { token }));
  expect((await Promise.race(polls)).status).toBe(429);
  await api.t.db.withTx(asUser(userId), 'test', (tx) =>
    appendFrames(tx, { id, userId }, [
      { type: 'AGENT_MESSAGE', data: { content: 'Hello', message_id: 'm', turn_id: 't' } },
    ]),
  );
  const statuses = (await Promise.all(polls)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(20);
});

test('a payment is answered by name, or without one while exactly one is open', async () => {
  const { token, userId } = await api.signIn('payer@example.test');
  const { id } = await api.openSession(token);
  const answer = (body: Record<string, unknown>) =>
    api.call(`/api/sessions/${id}/responses`, { token, body: { type: 'PAYMENT_RESPONSE', ...body } });
  expect((await answer({ approved: true })).body.error.code).toBe('payment_not_open');
  const first = await askToPay(api.t.db, { sessionId: id, userId });
  const second = await askToPay(api.t.db, { sessionId: id, userId });
  const view = await api.call(`/api/sessions/${id}`, { token });
  expect(view.body.pending.map(({ data }) => 'payment_id' in data && data.payment_id)).toEqual([
    first,
    second,
  ]);
  expect(view.body.budget).toMatchObject({ asked_usdc: '0.10' });
  expect((await answer({ approved: true })).body.error).toMatchObject({
    code: 'invalid_request',
    details: { field: 'payment_id' },
  });
  expect(await answer({ approved: true, payment_id: first })).toMatchObject({
    status: 202,
    body: { payment_id: first, state: 'AUTHORIZING' },
  });
  expect(await answer({ approved: false })).toMatchObject({
    status: 202,
    body: { payment_id: second, state: 'DECLINED' },
  });
  expect((await answer({ approved: true, payment_id: second })).body.error.code).toBe('payment_not_open');
  expect((await answer({ approved: true, payment_id: first })).status).toBe(202);
});

test('a payment is answered neither by another person nor through another chat', async () => {
  const ann = await api.signIn('ann@example.test');
  const ben = await api.signIn('ben@example.test');
  const { id } = await api.openSession(ann.token);
  const paymentId = await askToPay(api.t.db, { sessionId: id, userId: ann.userId });
  const body = { type: 'PAYMENT_RESPONSE', approved: true, payment_id: paymentId };
  const bens = await api.openSession(ben.token);
  const anns = await api.openSession(ann.token);
  const stolen = await api.call(`/api/sessions/${bens.id}/responses`, { token: ben.token, body });
  const stray = await api.call(`/api/sessions/${anns.id}/responses`, { token: ann.token, body });
  expect([stolen.status, stray.status]).toEqual([404, 404]);
  const { body: view } = await api.call(`/api/sessions/${id}`, { token: ann.token });
  expect(view.pending).toHaveLength(1);
});
