import { hkdfSync } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { SYSTEM } from '../../domain/principal';
import { createTestApi, rawPost, SECRET } from './harness';
import type { TestApi } from './harness';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.stop());

const KEYS = {
  access: new Uint8Array(hkdfSync('sha256', SECRET, 'mooring/tokens/v1', 'mooring-access+jwt', 32)),
  session: new Uint8Array(hkdfSync('sha256', SECRET, 'mooring/tokens/v1', 'mooring-session+jwt', 32)),
};

test('signing in opens an account once, with 5 USDC of test money', async () => {
  const first = await api.call('/dev/sign-in', { body: { email: 'New@Example.test' } });
  expect(first.status).toBe(200);
  expect(first.body).toMatchObject({ ok: true, role: 'user', token_type: 'bearer', expires_in: 1800 });
  expect(first.body.token).toBe(first.body.access_token);
  const again = await api.signIn('new@example.test');
  expect(again.userId).toBe(first.body.user_id);
  const wallet = await api.call('/api/wallet', { token: again.token });
  expect(wallet.body).toMatchObject({ balance_usdc: '5.00', held_usdc: '0.00', unknown: [] });
  const me = await api.call('/api/me', { token: again.token });
  expect(me.body).toEqual({ user_id: again.userId, email: 'new@example.test', name: 'new', role: 'user' });
  const { token } = await api.signIn('test@mooring.local');
  expect((await api.call('/api/me', { token })).body).toMatchObject({ role: 'admin' });
});

test('the same new address signing in from many sides at once gets one account and one welcome', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => api.signIn('rush@example.test')));
  expect(new Set(all.map(({ userId }) => userId)).size).toBe(1);
  const wallet = await api.call('/api/wallet', { token: all[0]?.token ?? '' });
  expect(wallet.body.balance_usdc).toBe('5.00');
});

test.each<[string, Record<string, string>]>([
  ['a forwarded header', { 'x-forwarded-for': '10.0.0.1' }],
  ['the standard forwarded header', { forwarded: 'for=10.0.0.1' }],
  ['a foreign Origin', { origin: 'https://evil.example' }],
  ['an Origin of another port', { origin: 'http://127.0.0.1:1' }],
  ['the null Origin', { origin: 'null' }],
  ['a foreign Host', { host: 'evil.example' }],
  ['a Host that only begins like loopback', { host: '127.0.0.1.evil.example' }],
])('signing in with %s finds nothing', async (_name, headers) => {
  const body = JSON.stringify({ email: 'ann@example.test' });
  expect(await rawPost(api.port, { path: '/dev/sign-in', headers, body })).toBe(404);
});

test('signing in from our own page is open', async () => {
  const body = JSON.stringify({ email: 'ann@example.test' });
  for (const name of ['127.0.0.1', 'localhost']) {
    const headers = { host: `${name}:${api.port}`, origin: `http://${name}:${api.port}` };
    expect(await rawPost(api.port, { path: '/dev/sign-in', headers, body })).toBe(200);
  }
});

test('in production there is no sign-in without a code', async () => {
  const production = await createTestApi({
    env: {
      MOORING_ENV: 'production',
      MOORING_SECRET: SECRET,
      DATABASE_URL: 'postgres://unused',
      TEMPORAL_ADDRESS: 'unused',
      MOORING_ALLOW_LOOPBACK: 'false',
    },
  });
  const answer = await production.call('/dev/sign-in', { body: { email: 'ann@example.test' } });
  expect(answer.status).toBe(404);
  const about = await production.call('/api/about');
  expect(about.body.sign_in.development).toBe(false);
  await production.stop();
});

test('a refresh token works once, and its reuse ends the whole family', async () => {
  const refresh = (token: string) => api.call('/api/auth/refresh', { body: { refresh_token: token } });
  const login = await api.signIn('refresh@example.test');
  const second = await refresh(login.refreshToken);
  expect(second).toMatchObject({ status: 200, body: { ok: true, user_id: login.userId } });
  expect((await api.call('/api/me', { token: second.body.access_token })).status).toBe(200);
  const third = await refresh(second.body.refresh_token);
  expect(third.status).toBe(200);
  expect((await refresh(login.refreshToken)).body.error.code).toBe('auth_failed');
  expect((await refresh(third.body.refresh_token)).status).toBe(401);
  // another login of the same person is another family
  const other = await api.signIn('refresh@example.test');
  expect((await refresh(other.refreshToken)).status).toBe(200);
});

test('of two refreshes with one token at the same moment at most one succeeds', async () => {
  const { refreshToken } = await api.signIn('race@example.test');
  const answers = await Promise.all(
    [1, 2].map(() => api.call('/api/auth/refresh', { body: { refresh_token: refreshToken } })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
});

test('no refresh token is stored as it is', async () => {
  const { refreshToken } = await api.signIn('stored@example.test');
  const rows = await api.t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query<{ text: string }>('select t::text as text from refresh_tokens t'),
  );
  expect(rows.some(({ text }) => text.includes(refreshToken))).toBe(false);
});

test('sign-ins and refreshes of one address have a limit a minute', async () => {
  const strict = await createTestApi({ env: { MOORING_RATE_LIMIT_SIGN_INS: '2' } });
  const { refreshToken } = await strict.signIn('ann@example.test');
  await strict.call('/api/auth/refresh', { body: { refresh_token: refreshToken } });
  const refused = [
    await strict.call('/dev/sign-in', { body: { email: 'ben@example.test' } }),
    await strict.call('/api/auth/refresh', { body: { refresh_token: 'x' } }),
  ];
  for (const answer of refused) {
    expect(answer).toMatchObject({ status: 429, body: { error: { code: 'rate_limited' } } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  await strict.stop();
});

test('the expired refresh tokens of a person go when they get a new one', async () => {
  const { userId, refreshToken } = await api.signIn('expired@example.test');
  const { refreshToken: other } = await api.signIn('expired@example.test');
  const stored = async (sql: string) => api.t.db.withTx(SYSTEM, 'test', (tx) => tx.query(sql, [userId]));
  await stored(`update refresh_tokens set expires_at = now() - interval '1 second' where user_id = $1`);
  const refused = await api.call('/api/auth/refresh', { body: { refresh_token: refreshToken } });
  expect(refused.status).toBe(401);
  await api.signIn('expired@example.test');
  expect(await stored('select 1 from refresh_tokens where user_id = $1')).toHaveLength(1);
  expect((await api.call('/api/auth/refresh', { body: { refresh_token: other } })).status).toBe(401);
});

test('an address whose first part is longer than a name gets an account with a shorter name', async () => {
  const email = `${'a'.repeat(64)}${'.b'.repeat(60)}@example.test`;
  const answer = await api.call('/dev/sign-in', { body: { email } });
  expect(answer.status).toBe(200);
  const me = await api.call('/api/me', { token: answer.body.access_token });
  expect(me.body).toMatchObject({ email, name: email.slice(0, 100) });
});

test('a forged, borrowed or worn-out token opens nothing', async () => {
  const { userId, token } = await api.signIn('ann@example.test');
  const { token: sessionToken } = await api.openSession(token);
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: userId, iss: 'mooring', aud: 'mooring:api', jti: 'x', iat: now, exp: now + 60 };
  const header = { alg: 'HS256', typ: 'mooring-access+jwt' };
  const sign = (
    changes: Record<string, unknown>,
    headerChanges: Record<string, string> = {},
    key: Uint8Array = KEYS.access,
  ) => new SignJWT({ ...claims, ...changes }).setProtectedHeader({ ...header, ...headerChanges }).sign(key);
  const [head, payload, signature = ''] = token.split('.');
  const forged: Record<string, string> = {
    'no token': '',
    'not a token': 'abc',
    'alg none': new UnsecuredJWT(claims).encode(),
    'no signature': `${head}.${payload}.`,
    'a changed signature': `${head}.${payload}.${signature.slice(0, -4)}AAAA`,
    'a payload of another': `${head}.${Buffer.from(JSON.stringify({ ...claims, sub: 'usr_x' })).toString('base64url')}.${signature}`,
    HS512: await sign({}, { alg: 'HS512' }),
    'the master secret as key': await sign({}, {}, new TextEncoder().encode(SECRET)),
    'an empty-ish key': await sign({}, {}, new Uint8Array(32)),
    'the key of sessions': await sign({}, {}, KEYS.session),
    'a session token': sessionToken,
    'the type of sessions': await sign({}, { typ: 'mooring-session+jwt' }),
    'the plain type': await sign({}, { typ: 'JWT' }),
    'the audience of chats': await sign({ aud: 'mooring:chat' }),
    'no audience': await sign({ aud: undefined }),
    'another issuer': await sign({ iss: 'evil' }),
    'no issuer': await sign({ iss: undefined }),
    'no exp': await sign({ exp: undefined }),
    expired: await sign({ iat: now - 120, exp: now - 60 }),
    'no iat': await sign({ iat: undefined }),
    'iat in the future': await sign({ iat: now + 600, exp: now + 660 }),
    'older than any of ours': await sign({ iat: now - 7200, exp: now + 60 }),
    'not yet valid': await sign({ nbf: now + 600 }),
    'no subject': await sign({ sub: undefined }),
    'a subject that is no user': await sign({ sub: "x' or 1=1" }),
    'no jti': await sign({ jti: undefined }),
    'a kid header': await sign({}, { kid: '../../dev/null' }),
    'a jku header': await sign({}, { jku: 'https://evil.example/jwks.json' }),
  };
  expect((await api.call('/api/me', { token: await sign({}) })).status).toBe(200);
  for (const [name, bad] of Object.entries(forged)) {
    for (const path of ['/api/me', '/api/wallet', '/api/sessions']) {
      const { status, body } = await api.call(path, { token: bad });
      expect({ name, path, status, code: body.error.code }).toEqual({
        name,
        path,
        status: 401,
        code: 'auth_failed',
      });
    }
  }
});

test('a token of an account that is gone is worth nothing', async () => {
  const now = Math.floor(Date.now() / 1000);
  const token = await new SignJWT({
    sub: `usr_${'0'.repeat(21)}`,
    iss: 'mooring',
    aud: 'mooring:api',
    jti: 'x',
    iat: now,
    exp: now + 60,
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'mooring-access+jwt' })
    .sign(KEYS.access);
  expect((await api.call('/api/me', { token })).status).toBe(401);
  expect((await api.call('/api/sessions', { method: 'POST', token })).status).toBe(401);
});
