import { createHash } from 'node:crypto';
import { setNetworkStage } from './stage';
import type { NetworkStage, Player } from './stage';

let stage: NetworkStage;
beforeAll(async () => {
  stage = await setNetworkStage();
});
afterAll(() => stage.close());

async function work(): Promise<{ ann: Player; ben: Player; id: string }> {
  const [ann, ben] = [await stage.join(), await stage.join()];
  const { body } = await ann.call('/v1/tasks', { body: { to_agent_id: ben.id, task_type: 'collaboration' } });
  const id = String(body['id']);
  await ben.call(`/v1/tasks/${id}/accept`, { method: 'POST' });
  return { ann, ben, id };
}

test('both sides talk in their task, in order; nobody else reads it; after its end nothing more is said', async () => {
  const { ann, ben, id } = await work();
  const eve = await stage.join();
  await ann.call(`/v1/tasks/${id}/messages`, { body: { content: 'How far are you?' } });
  const proposal = { content: 'Half', message_type: 'proposal', structured_data: { done: 0.5 } };
  expect(await ben.call(`/v1/tasks/${id}/messages`, { body: proposal })).toMatchObject({
    status: 201,
    body: { task_id: id, from_agent_id: ben.id, ...proposal },
  });
  expect((await ann.call(`/v1/tasks/${id}/messages`)).body['data']).toMatchObject([
    { content: 'How far are you?', message_type: 'text', structured_data: null },
    proposal,
  ]);
  expect(await eve.call(`/v1/tasks/${id}/messages`)).toMatchObject({ status: 404 });
  expect(await eve.call(`/v1/tasks/${id}/messages`, { body: { content: 'hi' } })).toMatchObject({
    status: 404,
  });
  await ben.call(`/v1/tasks/${id}/complete`, { body: {} });
  expect(await ann.call(`/v1/tasks/${id}/messages`, { body: { content: 'Thanks' } })).toMatchObject({
    status: 409,
    body: { error: { code: 'invalid_state_transition', details: { status: 'completed' } } },
  });
});

test('messages said at the same moment have times in the order of the list', async () => {
  const { ann, ben, id } = await work();
  const say = (by: Player, n: number) => by.call(`/v1/tasks/${id}/messages`, { body: { content: `${n}` } });
  await Promise.all(Array.from({ length: 20 }, (_, n) => say(n % 2 === 0 ? ann : ben, n)));
  const { body } = await ann.call(`/v1/tasks/${id}/messages?limit=50`);
  const times = (body['data'] as { created_at: string }[]).map(({ created_at: at }) => at);
  expect(times).toHaveLength(20);
  expect(times).toEqual([...times].sort());
});

test('the fifty-first message is refused', async () => {
  const { ann, id } = await work();
  for (let count = 0; count < 50; count += 1) {
    expect(await ann.call(`/v1/tasks/${id}/messages`, { body: { content: `${count}` } })).toMatchObject({
      status: 201,
    });
  }
  expect(await ann.call(`/v1/tasks/${id}/messages`, { body: { content: 'one more' } })).toMatchObject({
    status: 403,
    body: { error: { code: 'forbidden', details: { limit: 50 } } },
  });
});

test('the receiver adds files and addresses while it works; both sides read them; a name is taken once', async () => {
  const { ann, ben, id } = await work();
  const bytes = Buffer.from('%PDF-1.7 a report <script>');
  const put = (key?: string) =>
    stage.api.call(`/v1/tasks/${id}/artifacts/report.pdf`, {
      method: 'PUT',
      raw: bytes,
      headers: {
        authorization: `Bearer ${ben.key}`,
        'content-type': 'application/pdf',
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
    });
  const made = await put('once');
  expect(made.status).toBe(201);
  const artifact = JSON.parse(made.text) as { id: string };
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  expect(artifact).toMatchObject({
    name: 'report.pdf',
    content_type: 'application/pdf',
    size: bytes.length,
    sha256,
  });
  expect((await put('once')).text).toBe(made.text);
  expect((await put()).status).toBe(409);
  expect(
    await ben.call(`/v1/tasks/${id}/artifacts`, {
      body: { name: 'film.mp4', url: 'https://files.example/film.mp4', size: 900_000_000 },
    }),
  ).toMatchObject({ status: 201, body: { url: 'https://files.example/film.mp4', size: 900_000_000 } });
  expect(
    await ann.call(`/v1/tasks/${id}/artifacts`, { body: { name: 'a', url: 'https://a.example/' } }),
  ).toMatchObject({
    status: 400,
  });
  const read = await stage.api.call(`/v1/tasks/${id}/artifacts/${artifact.id}`, {
    headers: { authorization: `Bearer ${ann.key}` },
  });
  expect(read.text).toBe(bytes.toString());
  expect(read.headers.get('content-disposition')).toMatch(/^attachment; filename="?report\.pdf"?$/);
  expect(read.headers.get('x-content-type-options')).toBe('nosniff');
  expect((await ann.call(`/v1/tasks/${id}`)).body['artifacts']).toMatchObject([
    { name: 'report.pdf' },
    { name: 'film.mp4' },
  ]);
});

test.each([
  ['http://files.example/film', 'must be an https URL'],
  ['ftp://files.example/film', 'must be an https URL'],
  ['javascript:alert(1)', 'must be an https URL'],
  ['film.mp4', 'must be an https URL'],
  ['https://ann:secret@files.example/film', 'must not carry a user or a password'],
  ['https://ann@files.example/film', 'must not carry a user or a password'],
])('an artifact that lies at %s is refused', async (url, rule) => {
  const { ann, ben, id } = await work();
  const reply = await ben.call(`/v1/tasks/${id}/artifacts`, { body: { name: 'film.mp4', url } });
  expect([reply.status, reply.body.error?.details]).toEqual([422, { field: 'url', rule }]);
  expect((await ann.call(`/v1/tasks/${id}`)).body['artifacts']).toEqual([]);
});

test.each(['text/plain\r\nSet-Cookie: a=b', 'text/plain\n', 'text/\u0085plain', 'text/plain; name=ü'])(
  'an artifact of the content type %j is refused by name',
  async (content_type) => {
    const { ann, ben, id } = await work();
    const reply = await ben.call(`/v1/tasks/${id}/artifacts`, {
      body: { name: 'film.mp4', url: 'https://files.example/film', content_type },
    });
    expect([reply.status, reply.body.error?.details]).toEqual([
      422,
      { field: 'content_type', rule: 'must be printable ASCII' },
    ]);
    expect((await ann.call(`/v1/tasks/${id}`)).body['artifacts']).toEqual([]);
  },
);

test('a file over 1 MiB is refused and leaves nothing', async () => {
  const { ann, ben, id } = await work();
  const reply = await stage.api.call(`/v1/tasks/${id}/artifacts/big`, {
    method: 'PUT',
    raw: Buffer.alloc(1024 * 1024 + 1),
    headers: { authorization: `Bearer ${ben.key}`, 'content-type': 'application/octet-stream' },
  });
  expect(reply.status).toBe(413);
  expect((await ann.call(`/v1/tasks/${id}`)).body['artifacts']).toEqual([]);
});

test('only the sender rates, once, after the end', async () => {
  const { ann, ben, id } = await work();
  const rate = (who: Player, rating: number) => who.call(`/v1/tasks/${id}/rating`, { body: { rating } });
  expect(await rate(ann, 4)).toMatchObject({ status: 409, body: { error: { code: 'conflict' } } });
  await ben.call(`/v1/tasks/${id}/complete`, { body: { rating: 5 } });
  expect((await ann.call(`/v1/tasks/${id}`)).body['rating']).toBeNull();
  expect(await rate(ben, 5)).toMatchObject({ status: 400 });
  expect(await rate(ann, 6)).toMatchObject({ status: 422 });
  expect(await rate(ann, 4.7)).toMatchObject({ status: 200, body: { rating: 4 } });
  expect(await rate(ann, 1)).toMatchObject({ status: 409 });
});

test('a webhook is tried out, and its answer told', async () => {
  const ann = await stage.join();
  const answers: [number, string][] = [
    [200, 'OK'],
    [500, ''],
    [200, '<!doctype html><title>Welcome</title>'],
  ];
  const { url, heard } = await stage.listen((_req, res) => {
    const [status, body] = answers.shift() ?? [200, ''];
    res.writeHead(status).end(body);
  });
  expect(await ann.call('/v1/agents/me/webhook/test', { method: 'POST' })).toMatchObject({ status: 400 });
  await ann.call('/v1/agents/me/webhook', { body: { endpoint: url } });
  const again = () => ann.call('/v1/agents/me/webhook/test', { method: 'POST' });
  expect((await again()).body).toEqual({ success: true, status_code: 200, error: null, endpoint: url });
  expect((await again()).body).toMatchObject({ success: false, status_code: 500, error: 'HTTP 500' });
  expect((await again()).body).toMatchObject({ success: false, error: 'it answered with a page' });
  expect(heard[0]?.headers).toMatchObject({ 'x-seabay-event': 'webhook.test' });
  expect(heard[0]?.headers['x-seabay-signature']).toMatch(/^sha256=[0-9a-f]{64}$/);
});

test('a test of a webhook that is asked for again under its key is answered as the first was, and sends nothing', async () => {
  const ann = await stage.join();
  const answers = [503, 200, 200];
  const { url, heard } = await stage.listen((_req, res) => void res.writeHead(answers.shift() ?? 200).end());
  await ann.call('/v1/agents/me/webhook', { body: { endpoint: url } });
  const test = (key: string) =>
    ann.call('/v1/agents/me/webhook/test', { method: 'POST', headers: { 'idempotency-key': key } });
  const first = await test('one');
  const again = await test('one');
  expect(first.body).toMatchObject({ success: false, status_code: 503 });
  expect([again.status, again.body]).toEqual([200, first.body]);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect(heard).toHaveLength(1);
  const many = await Promise.all([1, 2, 3].map(() => test('two')));
  expect(
    new Set(many.filter(({ status }) => status === 200).map(({ body }) => JSON.stringify(body))).size,
  ).toBe(1);
});
