import { SYSTEM } from '../../domain/principal';
import { createTestApi } from './harness';
import type { TestApi } from './harness';

interface Key {
  id: string;
  key: string;
  name: string;
  prefix: string;
  created_at: string;
  last_used_at: string | null;
}

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi({ env: { MOORING_RATE_LIMIT_KEYS: '1000' } });
});
afterAll(() => api.stop());

const make = async (token: string, body: unknown = {}) => {
  const answer = await api.call('/api/keys', { token, body });
  return { ...answer, key: answer.body as unknown as Key };
};
const list = async (token: string): Promise<Key[]> =>
  ((await api.call('/api/keys', { token })).body as unknown as { keys: Key[] }).keys;
const byKey = (key: string, path = '/api/me', options: Parameters<TestApi['call']>[1] = {}) =>
  api.call(path, { ...options, headers: { 'x-api-key': key } });

test('a key is shown once, opens what its person may, and is known again by its beginning', async () => {
  const { token, userId } = await api.signIn('ann@example.test');
  const made = await make(token, { name: 'nightly report' });
  expect(made.status).toBe(201);
  expect(made.key).toMatchObject({ name: 'nightly report', last_used_at: null });
  expect(made.key.key).toMatch(/^abk_live_[\w-]{43}$/);
  expect(made.key.key.startsWith(made.key.prefix)).toBe(true);
  const { key, ...shown } = made.key;
  expect(await list(token)).toEqual([shown]);
  expect((await byKey(key)).body.user_id).toBe(userId);
  const opened = await byKey(key, '/api/sessions', { method: 'POST' });
  expect(opened.status).toBe(201);
  const send = { body: { id: 'm1', content: 'Hello' } };
  expect((await byKey(key, `/api/sessions/${opened.body.session_id}/messages`, send)).status).toBe(202);
  expect((await byKey(key, '/api/agents')).status).toBe(200);
  const [used] = await list(token);
  expect(Date.parse(used?.last_used_at ?? '')).toBeGreaterThanOrEqual(Date.parse(shown.created_at));
});

test('of a key only its hash is stored, and no log has it', async () => {
  const { token } = await api.signIn('stored@example.test');
  const { key } = (await make(token)).key;
  await byKey(key);
  const rows = await api.t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query<{ text: string }>('select k::text as text from api_keys k'),
  );
  const secret = key.slice('abk_live_'.length + 6);
  expect(rows.some(({ text }) => text.includes(secret))).toBe(false);
  expect(api.logged()).not.toContain(secret);
});

test('a revoked key opens nothing, at once', async () => {
  const { token } = await api.signIn('revoked@example.test');
  const { id, key } = (await make(token)).key;
  expect((await byKey(key)).status).toBe(200);
  expect((await api.call(`/api/keys/${id}`, { method: 'DELETE', token })).status).toBe(200);
  expect(await byKey(key)).toMatchObject({ status: 401, body: { error: { code: 'auth_failed' } } });
  expect(await list(token)).toEqual([]);
  const twice = await api.call(`/api/keys/${id}`, { method: 'DELETE', token });
  expect(twice).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
});

test('where a token and a key are sent, the token counts, also when it is bad', async () => {
  const ann = await api.signIn('both-ann@example.test');
  const ben = await api.signIn('both-ben@example.test');
  const { key } = (await make(ben.token)).key;
  const headers = { 'x-api-key': key };
  expect((await api.call('/api/me', { token: ann.token, headers })).body.user_id).toBe(ann.userId);
  expect((await api.call('/api/me', { token: 'bad', headers })).status).toBe(401);
});

test.each<[string, string]>([
  ['that nobody made', `abk_live_${'A'.repeat(43)}`],
  ['without a secret', 'abk_live_'],
  ['of another kind', `abk_test_${'A'.repeat(43)}`],
  ['that is empty', ''],
  ['of 8 KB', 'x'.repeat(8_000)],
  ['that is SQL', "abk_live_' or 1=1 --"],
])('a key %s is auth_failed', async (_name, key) => {
  for (const path of ['/api/me', '/api/sessions', '/api/agents'])
    expect(await byKey(key, path)).toMatchObject({ status: 401, body: { error: { code: 'auth_failed' } } });
});

test('a key manages no keys', async () => {
  const { token } = await api.signIn('keyless@example.test');
  const { id, key } = (await make(token)).key;
  const answers = [
    await byKey(key, '/api/keys', { method: 'POST' }),
    await byKey(key, '/api/keys'),
    await byKey(key, `/api/keys/${id}`, { method: 'DELETE' }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
  expect(await list(token)).toHaveLength(1);
});

test('a person sees and revokes their own keys only', async () => {
  const ann = await api.signIn('own-ann@example.test');
  const ben = await api.signIn('own-ben@example.test');
  const { id, key } = (await make(ann.token)).key;
  expect(await list(ben.token)).toEqual([]);
  for (const other of [id, `key_${'0'.repeat(21)}`, 'key_x', '%00'])
    expect((await api.call(`/api/keys/${other}`, { method: 'DELETE', token: ben.token })).status).toBe(404);
  expect((await byKey(key)).status).toBe(200);
});

test.each<[string, unknown]>([
  ['an empty name', { name: ' ' }],
  ['a name over 100 letters', { name: 'n'.repeat(101) }],
  ['a prefix of its own', { prefix: 'abk_live_aaaaaa' }],
  ['a name that is a number', { name: 7 }],
])('a key with %s is refused', async (_name, body) => {
  const { token } = await api.signIn('picky@example.test');
  expect(await make(token, body)).toMatchObject({
    status: 400,
    body: { error: { code: 'invalid_request' } },
  });
  expect(await list(token)).toEqual([]);
});

test('a person has at most twenty keys, also when they ask from many sides at once', async () => {
  const { token } = await api.signIn('collector@example.test');
  const answers = await Promise.all(Array.from({ length: 24 }, () => make(token)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
  expect(answers.find(({ status }) => status === 409)?.body.error).toMatchObject({
    code: 'too_many_keys',
    details: { limit: 20 },
  });
  expect(await list(token)).toHaveLength(20);
});

test('how many keys a person may make a minute is limited', async () => {
  const strict = await createTestApi({ env: { MOORING_RATE_LIMIT_KEYS: '1' } });
  const { token } = await strict.signIn('ann@example.test');
  expect((await strict.call('/api/keys', { method: 'POST', token })).status).toBe(201);
  const refused = await strict.call('/api/keys', { method: 'POST', token });
  expect(refused).toMatchObject({ status: 429, body: { error: { code: 'rate_limited' } } });
  await strict.stop();
});
