import { SYSTEM } from '../../domain/principal';
import { createGuardedHttp } from '../../lib/guarded-http';
import { BLOCKED_ADDRESSES, BLOCKED_URLS } from '../lib/blocked-addresses';
import { watchConnections } from '../lib/count-connections';
import { setNetworkStage } from './stage';
import type { NetworkStage, Player } from './stage';

// Two platforms: one that reaches public addresses only, as in production, and one that reaches this machine too. What
// names lead to is said here; what is connected to is counted in this process, so that no packet has to leave it.
const names = new Map<string, string[][]>();
const lookup = (name: string) => Promise.resolve(names.get(name)?.shift() ?? []);
let strict: NetworkStage;
let loose: NetworkStage;
let connections: ReturnType<typeof watchConnections>;
beforeAll(async () => {
  strict = await setNetworkStage({
    env: { MOORING_ALLOW_LOOPBACK: 'false' },
    http: createGuardedHttp({ allowLoopback: false, lookup }),
  });
  loose = await setNetworkStage({ http: createGuardedHttp({ allowLoopback: true, lookup }) });
  const ports = [strict.api, loose.api].flatMap(({ port, t }) => [port, Number(new URL(t.url).port)]);
  connections = watchConnections(ports);
});
beforeEach(() => connections.forget());
afterAll(async () => {
  connections.stop();
  await strict.close();
  await loose.close();
});

/** As if it had been allowed when it was set: another rule then, another answer of DNS. */
const setEndpoint = ({ api }: NetworkStage, { id }: Player, url: string) =>
  api.t.db.withTx(SYSTEM, 'test.endpoint', async (tx) => {
    await tx.query(
      `insert into endpoints (agent_id, url, secrets) values ($1, $2, '[]')
       on conflict (agent_id) do update set url = excluded.url`,
      [id, url],
    );
    await tx.query(`update network_profiles set told_by = 'webhook' where agent_id = $1`, [id]);
  });

const ask = async (from: Player, to: Player): Promise<string> =>
  String(
    (await from.call('/v1/tasks', { body: { to_agent_id: to.id, task_type: 'service_request' } })).body['id'],
  );

const attemptsOf = ({ api }: NetworkStage, id: string) =>
  api.t.db.withTx(SYSTEM, 'test.attempts', (tx) =>
    tx.query(
      `select a.attempt, a.http_status as status, a.outcome, a.response_head as head, t.error_code as code
         from tasks t join task_attempts a on a.task_id = t.id where t.id = $1 order by a.attempt`,
      [id],
    ),
  );

const refused = { status: 400, body: { error: { code: 'address_blocked', details: { field: 'endpoint' } } } };

test('no address that is not public is taken: not at registration, not by a change, not as a webhook', async () => {
  const ann = await strict.join();
  for (const [at, endpoint] of BLOCKED_URLS.entries()) {
    const wish = { slug: `blocked-${at}`, display_name: 'Blocked', endpoint };
    const tried = [
      await strict.api.call('/v1/agents/register', { body: wish }),
      await ann.call('/v1/agents/me', { method: 'PATCH', body: { endpoint, bio: 'changed' } }),
      await ann.call('/v1/agents/me/webhook', { body: { endpoint } }),
      await ann.call(`/v1/agents/me/webhook?endpoint=${encodeURIComponent(endpoint)}`, { body: [] }),
    ];
    for (const answer of tried) expect([endpoint, answer]).toMatchObject([endpoint, refused]);
    expect((await ann.call(`/v1/agents/${wish.slug}`)).status).toBe(404);
  }
  expect((await ann.call('/v1/agents/me')).body).toMatchObject({ endpoint: null, profile: {} });
  expect((await ann.call('/v1/agents/me')).body['profile']).not.toHaveProperty('bio');
  expect(connections.seen()).toEqual([]);
}, 60_000);

test.each([
  ...BLOCKED_URLS.filter((url) => url !== 'https://metadata.google.internal/'),
  ...BLOCKED_ADDRESSES.map((address) => `https://${address.replaceAll(/[:.]/g, '-')}.rebound.example/`),
])('a task for %j, allowed once, is attempted once without a connection, and fails by name', async (url) => {
  for (const address of BLOCKED_ADDRESSES) {
    names.set(`${address.replaceAll(/[:.]/g, '-')}.rebound.example`, [[address], [address]]);
  }
  for (const local of ['localhost', 'localhost.', 'x.localhost']) names.set(local, [['127.0.0.1'], ['::1']]);
  const [ann, ben] = [await strict.join(), await strict.join()];
  await setEndpoint(strict, ben, url);
  const id = await ask(ann, ben);
  expect(await strict.deliver(id)).toEqual({ kind: 'ended', status: 'failed' });
  expect(await attemptsOf(strict, id)).toEqual([
    {
      attempt: 1,
      status: null,
      outcome: 'failed',
      head: expect.stringMatching(/^The agent's address /) as string,
      code: 'address_blocked',
    },
  ]);
  expect((await ann.call(`/v1/tasks/${id}`)).body).toMatchObject({ status: 'failed', delivery_attempts: 1 });
  const tried = await ben.call('/v1/agents/me/webhook/test', { method: 'POST' });
  expect(tried.body).toMatchObject({ success: false, status_code: null });
  expect(connections.seen()).toEqual([]);
});

test('a name that leads elsewhere the second time is not followed there', async () => {
  const [ann, ben] = [await loose.join(), await loose.join()];
  const { url, heard } = await loose.listen((_req, res) => {
    res.writeHead(503, { connection: 'close' }).end();
  });
  names.set('rebinding.example', [['127.0.0.1'], ['10.0.0.1']]);
  await setEndpoint(loose, ben, url.replace('127.0.0.1', 'rebinding.example'));
  const id = await ask(ann, ben);
  expect(await loose.deliver(id)).toMatchObject({ kind: 'retry' });
  expect(await loose.deliver(id)).toEqual({ kind: 'ended', status: 'failed' });
  expect(heard).toHaveLength(1);
  expect(connections.seen()).toEqual([`127.0.0.1:${new URL(url).port}`]);
  expect(await attemptsOf(loose, id)).toMatchObject([
    { outcome: 'retry', status: 503, code: 'address_blocked' },
    { outcome: 'failed', status: null, code: 'address_blocked' },
  ]);
});

test('a redirect to any of them is a failed attempt, and nobody goes there', async () => {
  const ann = await loose.join();
  const places = [
    ...BLOCKED_URLS.filter((url) => /^[\x20-\x7e]*$/.test(url)),
    `${loose.api.url}/v1/agents/me`,
  ];
  const left = [...places];
  const { url, heard } = await loose.listen((_req, res) => {
    const status = [301, 302, 303, 307, 308][left.length % 5] ?? 302;
    res.writeHead(status, { location: left.shift(), connection: 'close' }).end();
  });
  for (const _ of places) {
    // Of one agent five would open its breaker.
    const ben = await loose.join();
    await setEndpoint(loose, ben, url);
    const id = await ask(ann, ben);
    expect(await loose.deliver(id)).toMatchObject({ kind: 'retry' });
    expect(await attemptsOf(loose, id)).toMatchObject([{ outcome: 'retry', code: null }]);
  }
  expect(heard).toHaveLength(places.length);
  expect(new Set(connections.seen())).toEqual(new Set([`127.0.0.1:${new URL(url).port}`]));
});
