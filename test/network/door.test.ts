import { refusal } from './refusals';
import { setNetworkStage } from './stage';
import type { NetworkStage, Player } from './stage';

// What holds for every call of /v1, whatever it does.
let stage: NetworkStage;
let ann: Player;
beforeAll(async () => {
  stage = await setNetworkStage({ env: { MOORING_RATE_LIMIT_BAD_KEYS: '5' } });
  ann = await stage.join();
});
afterAll(() => stage.close());

test.each<[string, string, number]>([
  ['GET', '/v1/agents/me', 200],
  ['PATCH', '/v1/agents/me', 200],
  ['POST', '/v1/tasks', 422],
  ['POST', '/v1/agents/register', 422],
  ['PUT', '/v1/tasks/none/artifacts/a', 404],
  ['GET', '/v1/public/approve', 404],
  ['GET', '/v1/agents/me/webhook/events', 200],
  ['GET', '/v1/tasks/%00', 404],
  ['DELETE', '/v1/nothing', 404],
])('%s %s says its trace, its region and its time', async (method, path, status) => {
  const call = (headers: Record<string, string>) =>
    ann.call(path, { method, headers, ...(method === 'GET' ? {} : { body: {} }) });
  const answer = await call({ 'x-trace-id': 'ours.7' });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('x-trace-id')).toBe('ours.7');
  expect(answer.headers.get('x-region')).toBe('intl');
  expect(answer.headers.get('x-response-time-ms')).toMatch(/^\d+$/);
  expect((await call({ 'x-trace-id': 'not one <b>' })).headers.get('x-trace-id')).toMatch(/^trc_\w{21}$/);
});

test('a task belongs to the trace that its call was told', async () => {
  const ben = await stage.join();
  const answer = await ann.call('/v1/tasks', {
    body: { to_agent_id: ben.id, task_type: 'service_request' },
  });
  expect(answer.body['trace_id']).toBe(answer.headers.get('x-trace-id'));
});

test.each(['12345678901234567891', '[{"sum": -12345678901234567891}]', '9'.repeat(400)])(
  'a whole number that would be rounded is refused by name, not stored as another: %s',
  async (number) => {
    const answer = await stage.api.call('/v1/tasks', {
      method: 'POST',
      raw: `{"to_agent_id": "x", "task_type": "service_request", "payload_inline": {"a": ${number}}}`,
      headers: { authorization: `Bearer ${ann.key}` },
    });
    expect([answer.status, answer.body.error.code, answer.body.error.details]).toEqual([
      400,
      'invalid_request',
      { field: '', rule: 'must not hold whole numbers beyond 2^53, but as strings' },
    ]);
  },
);

test('a number that is kept exactly, and digits in a text, are taken as they are', async () => {
  const ben = await stage.join();
  const payload_inline = { text: '12345678901234567891 "12345678901234567891', exact: 2 ** 60, half: 0.5 };
  const { status, body } = await ann.call('/v1/tasks', {
    body: { to_agent_id: ben.id, task_type: 'service_request', payload_inline },
  });
  expect([status, body['payload_inline']]).toEqual([201, payload_inline]);
});

test('a key in the header and another one in the body are refused; the same one twice is one key', async () => {
  const ben = await stage.join();
  const ask = (header: string, inBody: unknown) =>
    ann.call('/v1/tasks', {
      body: { to_agent_id: ben.id, task_type: 'service_request', idempotency_key: inBody },
      headers: { 'idempotency-key': header },
    });
  for (const other of ['two', 1]) {
    const answer = await ask('one', other);
    expect(refusal(answer)).toEqual({
      status: 422,
      code: 'invalid_request',
      field: 'header.idempotency-key',
      rule: 'must be the idempotency_key of the body, or not be there',
    });
    expect(answer.body['detail']).toMatchObject([{ loc: ['header', 'idempotency-key'] }]);
  }
  const [first, again] = [await ask('one', 'one'), await ask('one', null)];
  expect(first.status).toBe(201);
  expect(again).toMatchObject({ status: 409, body: { error: { code: 'idempotency_conflict' } } });
  expect((await ask('one', 'one')).headers.get('idempotent-replayed')).toBe('true');
});

test.each(['Bearer sk_live_of_somebody', 'Bearer x.y.z', 'Basic YTpi', 'nonsense'])(
  'an agent registers whatever its Authorization says, without a person behind it: %s',
  async (authorization) => {
    const slug = `who-${Buffer.from(authorization).toString('hex').slice(-20)}`;
    const answer = await stage.api.call('/v1/agents/register', {
      body: { slug, display_name: 'Who' },
      headers: { authorization },
    });
    expect(answer.status).toBe(201);
    expect(await stage.query('select owner_id from agents where slug = $1', [slug])).toEqual([
      { owner_id: null },
    ]);
  },
);

test('after many calls with bad keys from one address only keys that were good are looked up there', async () => {
  const cleo = await stage.join();
  expect((await ann.call('/v1/agents/me')).status).toBe(200);
  const guess = (n: number) =>
    stage.api.call('/v1/agents/me', {
      headers: { authorization: `Bearer sk_live_${String(n).repeat(40)}` },
    });
  const guesses = [];
  for (let n = 0; n < 7; n += 1) guesses.push(await guess(n));
  expect(guesses.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429, 429]);
  const last = guesses.at(-1);
  expect(last?.body.error).toMatchObject({
    code: 'rate_limited',
    details: { retry_after_ms: expect.any(Number) as number },
  });
  expect(Number(last?.headers.get('retry-after'))).toBeLessThanOrEqual(60);
  // Who shares the address and was known before goes on; a key that was never used waits.
  expect((await ann.call('/v1/agents/me')).status).toBe(200);
  expect((await cleo.call('/v1/agents/me')).status).toBe(429);
});
