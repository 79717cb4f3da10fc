import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { version } from '../../package.json';
import { createTestApi, until } from './harness';
import type { TestApi } from './harness';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.stop());

test('anyone may ask what this is', async () => {
  const { status, body } = await api.call('/api/about');
  expect({ status, body }).toEqual({
    status: 200,
    body: {
      version,
      model: { name: 'stand-in', stand_in: true },
      sign_in: { development: true, test_email: 'test@mooring.local' },
      limits: { agents_a_turn: 5 },
    },
  });
});

test.each<[string, string | Buffer]>([
  ['100 KB of opening brackets', '['.repeat(100 * 1024)],
  ['objects nested 33 deep', '{"a":'.repeat(33) + '1' + '}'.repeat(33)],
  ['half an object', '{"email":'],
  ['the key __proto__', '{"email":"a@b.example","__proto__":{"admin":true}}'],
  ['the key __proto__ deep inside', '{"email":"a@b.example","x":[{"__proto__":1}]}'],
  ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22])],
  ['brackets in strings that do not nest, and no address', JSON.stringify({ email: '['.repeat(200) })],
  ['an unknown field', '{"email":"a@b.example","role":"admin"}'],
])('a body with %s is answered with 400 in our shape', async (_name, raw) => {
  const { status, body } = await api.call('/dev/sign-in', { raw });
  expect({ status, code: body.error.code }).toEqual({ status: 400, code: 'invalid_request' });
  expect(Object.keys(body.error).sort()).toEqual(['code', 'details', 'message', 'request_id']);
});

test('a body over 100 KB, a compressed one and a form are refused', async () => {
  const big = await api.call('/dev/sign-in', { raw: `"${'x'.repeat(101 * 1024)}"` });
  expect(big).toMatchObject({ status: 413, body: { error: { code: 'body_too_large' } } });
  const zipped = await api.call('/dev/sign-in', { raw: 'x', headers: { 'content-encoding': 'gzip' } });
  expect(zipped).toMatchObject({
    status: 400,
    body: { error: { code: 'invalid_request', details: { field: 'content-encoding' } } },
  });
  const form = await api.call('/dev/sign-in', {
    raw: 'email=a@b.example',
    headers: { 'content-type': 'text/plain' },
  });
  expect(form.body.error.details).toMatchObject({ field: 'content-type' });
});

test('a well-formed request id comes back, any other is replaced', async () => {
  const kept = await api.call('/api/none', { headers: { 'x-request-id': 'abc-123.x_y' } });
  expect(kept.headers.get('x-request-id')).toBe('abc-123.x_y');
  expect(kept.body.error).toMatchObject({ code: 'not_found', request_id: 'abc-123.x_y' });
  const replaced = await api.call('/api/none', { headers: { 'x-request-id': 'a b"c' } });
  expect(replaced.headers.get('x-request-id')).toMatch(/^req_\w{21}$/);
});

test('the log has a line for each request, without its query or any token', async () => {
  const { token, refreshToken } = await api.signIn('log@example.test');
  await api.call('/api/sessions?cursor=secret-in-query', { token });
  await until(() => api.logged().includes('"path":"/api/sessions"'));
  const text = api.logged();
  for (const secret of ['secret-in-query', token, refreshToken]) expect(text).not.toContain(secret);
});

test('the log line of a request about a chat names the chat', async () => {
  const { token } = await api.signIn('log@example.test');
  const { id } = await api.openSession(token);
  await api.call(`/api/sessions/${id}/events`, { token });
  await until(() => api.logged().includes(`/${id}/events`));
  const line = api
    .logged()
    .split('\n')
    .find((text) => text.includes(`/${id}/events`));
  expect(JSON.parse(line ?? '{}')).toMatchObject({ msg: 'request', session: id, status: 200 });
});

test('with the database away a request is answered 503 and may be tried again', async () => {
  const away = await createTestApi();
  const { token } = await away.signIn('ann@example.test');
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
  const broken = await createTestApi({
    deps: { db: { withTx: () => Promise.reject(refused), close: () => Promise.resolve() } },
  });
  const answer = await broken.call('/api/me', { token });
  expect(answer).toMatchObject({ status: 503, body: { error: { code: 'unavailable' } } });
  expect(answer.headers.get('retry-after')).toBe('1');
  await Promise.all([away.stop(), broken.stop()]);
});

test('an unexpected error says nothing of the inside', async () => {
  const broken = await createTestApi({
    deps: {
      db: { withTx: () => Promise.reject(new Error('secret table name')), close: () => Promise.resolve() },
    },
  });
  const { status, text } = await broken.call('/dev/sign-in', { body: { email: 'a@b.example' } });
  expect(status).toBe(500);
  expect(text).not.toContain('secret table');
  expect(broken.logged()).toContain('secret table name');
  await broken.stop();
});

test('health, readiness and figures are there for operators', async () => {
  const waiting = await createTestApi({ deps: { ready: () => Promise.resolve(['temporal']) } });
  expect((await waiting.call('/healthz')).status).toBe(200);
  expect(await waiting.call('/readyz')).toMatchObject({
    status: 503,
    body: { ready: false, missing: ['temporal'] },
  });
  await waiting.stop();
  expect(await api.call('/readyz')).toMatchObject({ status: 200, body: { ready: true } });
  await api.call('/api/sessions/ses_x');
  await until(() => api.logged().includes('/api/sessions/ses_x'));
  const { text } = await api.call('/metrics');
  expect(text).toContain(
    'mooring_http_requests_total{method="GET",route="/api/sessions/:id",status="401"} 1',
  );
  expect(text).toContain('mooring_sockets_open 0');
  expect(text).toContain('nodejs_eventloop_lag_seconds');
});

test('pages are served with a strict policy, and every chat address is the page', async () => {
  const webRoot = mkdtempSync(join(tmpdir(), 'mooring-web-'));
  mkdirSync(join(webRoot, 'assets'));
  writeFileSync(join(webRoot, 'index.html'), '<p>Mooring</p>');
  writeFileSync(join(webRoot, 'assets/app-abc.js'), 'x');
  const pages = await createTestApi({ deps: { webRoot } });
  for (const path of ['/', '/chat/ses_x']) {
    const page = await pages.call(path);
    expect(page).toMatchObject({ status: 200, text: '<p>Mooring</p>' });
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain(`connect-src 'self' ws://127.0.0.1:${pages.port}`);
    expect(policy).not.toContain('unsafe');
  }
  const asset = await pages.call('/assets/app-abc.js');
  expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  for (const path of [
    '/other',
    '/assets/none.js',
    '/%2e%2e/package.json',
    '/assets/..%2f..%2fpackage.json',
  ]) {
    expect((await pages.call(path)).body.error.code).toMatch(/not_found|invalid_request/);
  }
  await pages.stop();
  rmSync(webRoot, { recursive: true });
  expect((await api.call('/')).text).toContain('not built');
});

test('closing ends long polls with an answer and is done within 2 s, whoever hangs on', async () => {
  const draining = await createTestApi();
  const { token } = await draining.signIn('ann@example.test');
  const { id } = await draining.openSession(token);
  const poll = draining.call(`/api/sessions/${id}/events?wait=25`, { token });
  const hanging = connect(draining.port, '127.0.0.1');
  hanging.on('error', () => undefined);
  hanging.write('GET /healthz HTTP/1.1\r\nHost: x\r\n');
  await draining.call('/healthz');
  const startedAt = performance.now();
  await draining.close();
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect((await poll).body).toEqual({ events: [], last_seq: 0 });
  hanging.destroy();
  await draining.stop();
});
