import { SYSTEM } from '../../domain/principal';
import { NESTED, unchanged } from '../api/bad-input';
import { refusal, refuserOf } from './refusals';
import type { Refused } from './refusals';
import { setNetworkStage } from './stage';
import type { NetworkReply, NetworkStage, Player } from './stage';

// What a client of /v1 may get wrong, or mean ill: each is answered with its code, the field and its rule, and not one row
// of the database is changed by it.
let stage: NetworkStage;
let ann: Player;
let ben: Player;
let eve: Player;
/** the agent that sends the tasks of a person's chats: it has no key and no webhook */
let personal: string;
beforeAll(async () => {
  stage = await setNetworkStage();
  [ann, ben, eve] = [await stage.join(), await stage.join(), await stage.join()];
  const { userId } = await stage.api.signIn('dora@example.org');
  const [row] = await stage.query<{ id: string }>('select id from agents where owner_id = $1', [userId]);
  personal = row?.id ?? '';
  for (const player of [ann, ben, eve]) await player.call('/v1/agents/me');
});
afterAll(() => stage.close());

/** Sends bytes as they are. */
const send = async (
  path: string,
  raw: string | Buffer,
  { as = ann, headers = {} }: { as?: Player; headers?: Record<string, string> } = {},
): Promise<NetworkReply> => {
  const answer = await stage.api.call(path, {
    raw,
    method: 'POST',
    headers: { authorization: `Bearer ${as.key}`, ...headers },
  });
  return { ...answer, body: answer.body as unknown as NetworkReply['body'] };
};
const wish = (more: Record<string, unknown> = {}) => ({
  to_agent_id: ben.id,
  task_type: 'service_request',
  ...more,
});
const text = (more: Record<string, unknown>): string => JSON.stringify(wish(more));
const ask = async (more: Record<string, unknown> = {}): Promise<string> =>
  String((await ann.call('/v1/tasks', { body: wish(more) })).body['id']);
const expectRefused = refuserOf(() => stage);

const BYTES = 'must have at most 65536 bytes as JSON';
const WHOLE = expect.stringMatching(/whole number|number|integer/) as unknown;

test.each<[string, () => string | Buffer, Refused]>([
  ['no target', () => JSON.stringify({ task_type: 'service_request' }), { field: 'to_agent_id' }],
  ['no body', () => '', { field: 'to_agent_id', rule: 'is missing' }],
  ['a target that is a number', () => text({ to_agent_id: 7 }), { field: 'to_agent_id' }],
  ['no such type', () => text({ task_type: 'favour' }), { field: 'task_type' }],
  ['2,001 characters', () => text({ description: 'x'.repeat(2001) }), { field: 'description' }],
  ['a text as payload', () => text({ payload_inline: 'x' }), { field: 'payload_inline' }],
  ['a list as payload', () => text({ payload_inline: [] }), { field: 'payload_inline' }],
  ['no such risk', () => text({ risk_level: 'R4' }), { field: 'risk_level' }],
  ['59 s', () => text({ ttl_seconds: 59 }), { field: 'ttl_seconds', rule: 'must be at least 60' }],
  [
    '7 d and 1 s',
    () => text({ ttl_seconds: 604_801 }),
    { field: 'ttl_seconds', rule: 'must be at most 604800' },
  ],
  ['half a second', () => text({ ttl_seconds: 60.5 }), { field: 'ttl_seconds', rule: WHOLE }],
  ['seconds as a text', () => text({ ttl_seconds: '60' }), { field: 'ttl_seconds', rule: WHOLE }],
  ['no number', () => text({ ttl_seconds: null }), { field: 'ttl_seconds' }],
  ['65 characters of a key', () => text({ idempotency_key: 'k'.repeat(65) }), { field: 'idempotency_key' }],
  ['an empty key', () => text({ idempotency_key: '' }), { field: 'idempotency_key' }],
  ['a key that is a number', () => text({ idempotency_key: 7 }), { field: 'idempotency_key' }],
])('a task with %s is refused with the field', (_name, raw, expected) =>
  expectRefused(() => send('/v1/tasks', raw()), { status: 422, code: 'invalid_request', ...expected }),
);

test.each<[string, () => string | Buffer, Refused]>([
  [
    '64 KiB and 1 of payload',
    () => text({ payload_inline: { a: 'x'.repeat(65_537 - '{"a":""}'.length) } }),
    { field: 'payload_inline', rule: BYTES },
  ],
  [
    '64 KiB and 1 of payload in letters of two bytes',
    () => text({ payload_inline: { ab: 'ü'.repeat((65_538 - '{"ab":""}'.length) / 2) } }),
    { field: 'payload_inline', rule: BYTES },
  ],
  ['itself as target', () => text({ to_agent_id: ann.id }), { field: 'to_agent_id' }],
  ['an unknown target', () => text({ to_agent_id: `agt_${'0'.repeat(21)}` }), { status: 404 }],
  ['the agent of a person’s chats as target', () => text({ to_agent_id: personal }), { status: 404 }],
  ['a target that is no id', () => text({ to_agent_id: '../../etc' }), { status: 404 }],
  ['more than 100 KB', () => text({ description: 'x'.repeat(100 * 1024) }), { status: 413 }],
  ['100 KB of nesting', () => NESTED, { field: '' }],
  [
    'a payload 33 deep',
    () => text({ payload_inline: {} }).replace('{}', `${'{"a":'.repeat(32)}1${'}'.repeat(32)}`),
    {},
  ],
  ['__proto__', () => text({ payload_inline: {} }).replace('{}', '{"__proto__":{"risk_level":"R0"}}'), {}],
  ['an endless number', () => text({ payload_inline: {} }).replace('{}', '{"sum":1e999}'), {}],
  ['a number that is none', () => text({ payload_inline: {} }).replace('{}', '{"sum":NaN}'), {}],
  ['U+0000', () => text({ payload_inline: { a: '\0' } }), {}],
  ['U+0000 in a name', () => text({ payload_inline: { '\0': 1 } }), {}],
  ['half a letter', () => text({ payload_inline: {} }).replace('{}', '{"a":"\\ud800"}'), {}],
  ['bytes that are not UTF-8', () => Buffer.from(text({ description: '\xff' }), 'latin1'), {}],
  ['half an object', () => '{"to_agent_id":', {}],
])('a task with %s is refused', (_name, raw, expected) => {
  const code = { 404: 'not_found', 413: 'body_too_large' }[expected.status ?? 0] ?? 'invalid_request';
  return expectRefused(() => send('/v1/tasks', raw()), { status: 400, code, ...expected });
});

test('what is exactly at its limit is taken', async () => {
  for (const more of [
    { payload_inline: { a: 'x'.repeat(65_536 - '{"a":""}'.length) } },
    { ttl_seconds: 60 },
    { ttl_seconds: 604_800, idempotency_key: 'k'.repeat(64) },
    { description: 'ü'.repeat(2000) },
    { payload_inline: { sum: 1e308, small: 5e-324, zero: -0, more: 9_007_199_254_740_991 } },
  ]) {
    expect((await ann.call('/v1/tasks', { body: wish(more) })).status).toBe(201);
  }
});

test.each(['SUSPENDED', 'REJECTED', 'DELETED'])('a target that is %s is refused', async (status) => {
  const gone = await stage.join();
  await stage.api.t.db.withTx(SYSTEM, 'test.standing', (tx) =>
    tx.query('update agents set status = $2 where id = $1', [gone.id, status]),
  );
  const expected = status === 'DELETED' ? { status: 404, code: 'not_found' } : { status: 400 };
  await expectRefused(() => send('/v1/tasks', text({ to_agent_id: gone.id })), {
    field: 'to_agent_id',
    ...expected,
  });
});

test('a key of 65 characters in the header, and a body that is no JSON, are refused', async () => {
  await expectRefused(() => send('/v1/tasks', text({}), { headers: { 'idempotency-key': 'k'.repeat(65) } }), {
    status: 422,
    field: 'idempotency_key',
    rule: 'must have 1 to 64 characters',
  });
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    await expectRefused(() => send('/v1/tasks', text({}), { headers: { 'content-type': type } }), {
      status: 400,
      field: 'content-type',
    });
  }
  await expectRefused(() => send('/v1/tasks', text({}), { headers: { 'content-encoding': 'gzip' } }), {
    code: 'invalid_request',
  });
});

test.each<[string, string]>([
  ['words', 'hello'],
  ['nothing', ''],
  ['NUL', 'AAAA'],
  ['bytes', '_____w'],
  ['the id of nothing', Buffer.from(`tsk_${'0'.repeat(21)}`).toString('base64url')],
  ['a very long one', 'A'.repeat(10_000)],
  ['SQL', Buffer.from("tsk_' or 1=1").toString('base64url')],
])('a cursor of %s is refused', async (_name, cursor) => {
  await ask();
  const answer = await unchanged(stage.api, () =>
    ben.call(`/v1/tasks/inbox?cursor=${encodeURIComponent(cursor)}`),
  );
  expect(answer.body.error).toMatchObject({
    code: 'invalid_request',
    details: { field: 'cursor', rule: 'must be the next_cursor of an earlier page' },
  });
});

test("a cursor of somebody else's page is refused", async () => {
  const id = await ask();
  const cursor = Buffer.from(id).toString('base64url');
  for (const other of [eve, ann]) {
    expect(refusal(await other.call(`/v1/tasks/inbox?cursor=${cursor}`))).toMatchObject({ field: 'cursor' });
  }
});

test.each([
  'limit=0',
  'limit=101',
  'limit=1.5',
  'limit=x',
  'limit=',
  'status=done',
  'task_type=x',
  'risk_level=R9',
])('an inbox with ?%s is refused with the field', async (query) => {
  const answer = await ben.call(`/v1/tasks/inbox?${query}`);
  expect(refusal(answer)).toMatchObject({
    status: 422,
    code: 'invalid_request',
    field: query.split('=')[0],
  });
});

const CALLS: [string, string, unknown][] = [
  ['GET', '', undefined],
  ['POST', '/accept', undefined],
  ['POST', '/decline', {}],
  ['POST', '/complete', {}],
  ['POST', '/fail', { reason: 'no' }],
  ['POST', '/cancel', {}],
  ['GET', '/messages', undefined],
  ['POST', '/messages', { content: 'hello' }],
  ['POST', '/artifacts', { name: 'a', url: 'https://a.example/' }],
  ['PUT', '/artifacts/a', 'bytes'],
  ['GET', `/artifacts/art_${'0'.repeat(21)}`, undefined],
  ['POST', '/rating', { rating: 5 }],
];

test.each(CALLS)(
  '%s of a foreign task%s is 404, as of one that does not exist',
  async (...[method, door, body]) => {
    const id = await ask();
    const told = [];
    for (const one of [id, `tsk_${'0'.repeat(21)}`, 'tsk_%00', "'%20or%201=1", 'x'.repeat(1000)]) {
      const answer = await unchanged(stage.api, () =>
        eve.call(`/v1/tasks/${one}${door}`, { method, ...(body === undefined ? {} : { body }) }),
      );
      if (one !== 'tsk_%00') told.push({ ...answer.body.error, request_id: '' });
      expect([one, answer.status, answer.body.error?.code]).toEqual([one, 404, 'not_found']);
    }
    expect(new Set(told.map((error) => JSON.stringify(error))).size).toBe(1);
  },
);

test('an agent that is not there, or whose id cannot be one, is 404', async () => {
  for (const id of [`agt_${'0'.repeat(21)}`, '%00', 'x'.repeat(500)]) {
    expect(await eve.call(`/v1/agents/${id}`)).toMatchObject({ status: 404 });
  }
});

test.each(['decline', 'complete', 'cancel'])(
  '%s without a body, or with one of another type, is refused',
  async (door) => {
    const id = await ask();
    await ben.call(`/v1/tasks/${id}/accept`, { method: 'POST' });
    const as = door === 'cancel' ? ann : ben;
    for (const raw of ['', '[]', '"yes"', '7', 'null', 'true']) {
      await expectRefused(() => send(`/v1/tasks/${id}/${door}`, raw, { as }), {
        status: 422,
        code: 'invalid_request',
      });
    }
    for (const raw of [
      '{"reason":7,"notes":7}',
      `{"reason":"${'x'.repeat(501)}","notes":"${'x'.repeat(2001)}"}`,
    ]) {
      await expectRefused(() => send(`/v1/tasks/${id}/${door}`, raw, { as }), {
        status: 422,
        field: door === 'complete' ? 'notes' : 'reason',
      });
    }
  },
);

test.each(['0.9', '5.1', '"5"', '1e999', '[]'])(
  'a completion with a rating of %s is refused',
  async (rating) => {
    const id = await ask();
    await ben.call(`/v1/tasks/${id}/accept`, { method: 'POST' });
    const answer = await unchanged(stage.api, () =>
      send(`/v1/tasks/${id}/complete`, `{"rating":${rating}}`, { as: ben }),
    );
    expect(answer.body.error?.code).toBe('invalid_request');
  },
);

test('what has ended is ended by nothing else: a 409 with the state it met', async () => {
  const ends: [string, Player, Record<string, unknown>][] = [
    ['complete', ben, {}],
    ['fail', ben, { reason: 'no' }],
    ['decline', ben, {}],
    ['cancel', ann, {}],
    ['accept', ben, {}],
  ];
  const ended: [string, string][] = [];
  for (const [door, player, body] of ends.slice(0, 4)) {
    const id = await ask();
    if (['complete', 'fail'].includes(door)) await ben.call(`/v1/tasks/${id}/accept`, { method: 'POST' });
    const { body: task } = await player.call(`/v1/tasks/${id}/${door}`, { body });
    ended.push([id, String(task['status'])]);
  }
  expect(ended.map(([, status]) => status)).toEqual(['completed', 'failed', 'declined', 'cancelled']);
  for (const [id, status] of ended) {
    for (const [door, player, body] of ends) {
      const answer = await unchanged(stage.api, () => player.call(`/v1/tasks/${id}/${door}`, { body }));
      expect([door, answer.status, answer.body.error]).toMatchObject([
        door,
        409,
        { code: 'invalid_state_transition', details: { status } },
      ]);
    }
  }
});

test('nobody makes us ask DNS without a key', async () => {
  for (const [method, path] of [
    ['PATCH', '/v1/agents/me'],
    ['POST', '/v1/agents/me/webhook'],
  ] as const) {
    const answer = await unchanged(stage.api, () =>
      stage.api.call(path, {
        method,
        body: { endpoint: 'https://10.0.0.1/' },
        headers: { authorization: `Bearer sk_live_${'x'.repeat(40)}` },
      }),
    );
    expect([answer.status, answer.body.error.code]).toEqual([401, 'unauthorized']);
  }
});
