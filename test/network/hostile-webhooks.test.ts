import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { SYSTEM } from '../../domain/principal';
import type { TaskProgress } from '../../domain/workflows';
import { setNetworkStage } from './stage';
import type { NetworkStage, Player } from './stage';

// The real delivery over the real client to endpoints that do what they should not. A time-out of 10 s is 250 ms here,
// a byte a second is a byte each 25 ms.
const TIMEOUT_MS = 250;
const DRIP_MS = 25;
let stage: NetworkStage;
let ann: Player;
beforeAll(async () => {
  stage = await setNetworkStage({ webhookTimeoutMs: TIMEOUT_MS });
  ann = await stage.join();
});
afterAll(async () => {
  for (const { server, sockets } of rawServers) {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
  await stage.close();
});

const rawServers: { server: Server; sockets: Set<Socket> }[] = [];

/** An endpoint below HTTP: says what it likes to each request, as it comes. */
async function listenRaw(answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.on('data', () => answer(socket));
  });
  rawServers.push({ server, sockets });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}

interface Attempt {
  attempt: number;
  status: number | null;
  outcome: string;
  head: string;
  latency: number;
  ended: string | null;
}

/** A task for a new agent that lives there, and its first delivery. */
async function deliverTo(url: string): Promise<{ id: string; progress: TaskProgress; took: number }> {
  const ben = await stage.join();
  await ben.call('/v1/agents/me/webhook', { body: { endpoint: url } });
  const { body } = await ann.call('/v1/tasks', {
    body: { to_agent_id: ben.id, task_type: 'service_request' },
  });
  const id = String(body['id']);
  const before = performance.now();
  const progress = await stage.deliver(id);
  return { id, progress, took: performance.now() - before };
}

const attemptsOf = (id: string): Promise<Attempt[]> =>
  stage.api.t.db.withTx(SYSTEM, 'test.attempts', (tx) =>
    tx.query<Attempt>(
      `select attempt, http_status as status, outcome, response_head as head, latency_ms as latency,
              ended_at as ended from task_attempts where task_id = $1 order by attempt`,
      [id],
    ),
  );
const statusOf = async (id: string): Promise<unknown> => (await ann.call(`/v1/tasks/${id}`)).body['status'];
const says =
  (text: string, after: (socket: Socket) => void = () => undefined) =>
  (socket: Socket): void => {
    socket.write(text, () => after(socket));
  };
const drips =
  (first: string, drop: string) =>
  (socket: Socket): void => {
    socket.write(first);
    const timer = setInterval(() => socket.write(drop), DRIP_MS);
    socket.on('close', () => clearInterval(timer));
  };
const answers =
  (status: number, headers: Record<string, string> = {}, body: string | Buffer = 'said'): RequestListener =>
  (_req, res) =>
    void res.writeHead(status, headers).end(body);

const head = (lines: string): string => `HTTP/1.1 200 OK\r\n${lines}\r\n\r\n`;
const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));

type Row = [name: string, url: () => Promise<string>, status: number | null, words: string | RegExp];
const http = (answer: RequestListener) => async () => (await stage.listen(answer)).url;
const raw = (answer: (socket: Socket) => void) => () => listenRaw(answer);
const large = (status: number) => http(answers(status, {}, 'x'.repeat(70_000)));
const slow = (status: number) => raw(drips(`HTTP/1.1 ${status} No\r\ncontent-length: 999\r\n\r\n`, 'a'));
const late = `it did not answer within ${TIMEOUT_MS} ms`;
const cut = 'it closed the connection before it had answered';

// Whatever it says with a 2xx is not read for more than its head: it has been told.
const DELIVERED: Row[] = [
  ['200 with nothing', http(answers(200, {}, '')), 200, ''],
  ['201', http(answers(201)), 201, 'said'],
  ['204', http((_req, res) => void res.writeHead(204).end()), 204, ''],
  [
    'a piece of HTML',
    http(answers(200, { 'content-type': 'text/html' }, '<h1>Welcome</h1>')),
    200,
    '<h1>Welcome</h1>',
  ],
  [
    'HTML that says that it is JSON',
    http(answers(200, { 'content-type': 'application/json' }, '<p>')),
    200,
    '<p>',
  ],
  [
    'a gzip bomb',
    http(answers(200, { 'content-encoding': 'gzip' }, bomb.subarray(0, 60_000))),
    200,
    /^.{10}/s,
  ],
  ['bytes that are no text', http(answers(200, {}, Buffer.alloc(2_000, 0xff))), 200, /^\uFFFD+$/],
  ['NUL and much else', http(answers(200, {}, `a\0b${'ü'.repeat(2_000)}`)), 200, /^abü{509}$/],
  ['two answers', raw(says(`${head('content-length: 2')}ok${head('content-length: 3')}two`)), 200, 'ok'],
  ['more than its length', raw(says(`${head('content-length: 2')}ok and more`)), 200, 'ok'],
];

const TRIED_AGAIN: Row[] = [
  ...[301, 302, 303, 307, 308].map((status): Row => [
    `${status}`,
    http(answers(status, { location: '/elsewhere' })),
    status,
    'said',
  ]),
  ...[408, 409, 425, 429, 500, 502, 503, 504].map((status): Row => [
    `${status}`,
    http(answers(status)),
    status,
    'said',
  ]),
  [
    '200 and the page of a gateway',
    http(answers(200, { 'content-type': 'text/html' }, '\n<!DOCTYPE html><title>Sign in</title>')),
    200,
    'It answered with a page: \n<!DOCTYPE html><title>Sign in</title>',
  ],
  [
    '200 and a page that says that it is JSON',
    http(answers(200, { 'content-type': 'application/json' }, '<html lang="en">')),
    200,
    'It answered with a page',
  ],
  ['nothing at all', raw(() => undefined), null, late],
  ['a head that drips', raw(drips('HTTP/1.1 200 OK\r\n', 'a')), null, late],
  ['a body that drips', raw(drips(head('content-length: 1000'), 'a')), 200, `${late}: aa`],
  [
    'a body that drips without a length',
    raw(drips(head('transfer-encoding: chunked'), '1\r\na\r\n')),
    200,
    `${late}: aa`,
  ],
  [
    'a 100 that drips',
    raw(drips('HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 100 Continue\r\n\r\n')),
    null,
    /./,
  ],
  ['less than its length', raw(says(`${head('content-length: 10')}ok`, (s) => s.end())), 200, `${cut}: ok`],
  ['a close before any answer', raw((socket) => socket.end()), null, cut],
  ['a reset at once', raw((socket) => socket.resetAndDestroy()), null, cut],
  [
    'a reset in its body',
    raw(says(`${head('content-length: 10')}ok`, (s) => void setTimeout(() => s.resetAndDestroy(), 20))),
    200,
    `${cut}: ok`,
  ],
  ['two lengths', raw(says(`${head('content-length: 2\r\ncontent-length: 3')}ok`)), null, /HTTP|reached/],
  ['no HTTP', raw(says('SSH-2.0-OpenSSH_9.2\r\n')), null, 'it did not answer in HTTP'],
  [
    '100,000 headers',
    raw(says(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(100_000)}\r\n`)),
    null,
    'the head of its answer is too long',
  ],
  ['a body over 64 KiB', large(200), 200, /^its answer is larger than 65536 bytes: x{900,}$/],
  ...[429, 500].map((status): Row => [`${status} and 70 KB`, large(status), status, /^x{1020}$/]),
  ['503 and a body that drips', slow(503), 503, /^a+$/],
];

const FINAL: Row[] = [
  ...[400, 401, 403, 404, 405, 410, 413, 418, 422, 451].map((status): Row => [
    `${status}`,
    http(answers(status)),
    status,
    'said',
  ]),
  ['404 and 70 KB', large(404), 404, /^x{1020}$/],
  ['410 and a body that drips', slow(410), 410, /^a+$/],
];

const expected = (words: string | RegExp): unknown =>
  typeof words === 'string' ? expect.stringContaining(words) : expect.stringMatching(words);
const attempt = (row: Row, outcome: string) => ({
  attempt: 1,
  status: row[2],
  outcome,
  head: expected(row[3]),
  latency: expect.any(Number) as number,
  ended: expect.any(String) as string,
});

test.each(DELIVERED)('an endpoint that answers with %s has been told', async (...row) => {
  const { id, progress } = await deliverTo(await row[1]());
  expect(await attemptsOf(id)).toEqual([attempt(row, 'delivered')]);
  expect(progress).toMatchObject({ kind: 'open', status: 'delivered' });
  expect(await statusOf(id)).toBe('delivered');
});

test.each(TRIED_AGAIN)(
  'an endpoint that answers with %s is told again, and the task stays as it was',
  async (...row) => {
    const { id, progress, took } = await deliverTo(await row[1]());
    expect(await attemptsOf(id)).toEqual([attempt(row, 'retry')]);
    expect(progress).toMatchObject({ kind: 'retry' });
    expect(await statusOf(id)).toBe('pending_delivery');
    expect(took).toBeLessThan(20 * TIMEOUT_MS);
  },
);

test.each(FINAL)('an endpoint that answers with %s is not told again', async (...row) => {
  const { id, progress } = await deliverTo(await row[1]());
  expect(await attemptsOf(id)).toEqual([attempt(row, 'failed')]);
  expect(progress).toEqual({ kind: 'ended', status: 'failed' });
  expect(await statusOf(id)).toBe('failed');
});

test.each<[string, () => string, least: number, most: number]>([
  ['seconds', () => '120', 120_000, 120_000],
  ['a date', () => new Date(Date.now() + 120_000).toUTCString(), 118_000, 120_000],
  ['a year', () => '31536000', 3_600_000, 3_600_000],
  ['a date long past', () => 'Thu, 01 Jan 1970 00:00:00 GMT', 1_000, 1_200],
  ['no time at all', () => 'soon', 1_000, 1_200],
  ['a negative number', () => '-5', 1_000, 1_200],
])('an endpoint that asks for %s is left alone for so long', async (...[, value, least, most]) => {
  for (const status of [429, 503]) {
    for (const body of ['said', 'x'.repeat(70_000)]) {
      const { progress } = await deliverTo(await http(answers(status, { 'retry-after': value() }, body))());
      const inMs = progress.kind === 'retry' ? progress.inMs : -1;
      expect(inMs).toBeGreaterThanOrEqual(least);
      expect(inMs).toBeLessThanOrEqual(most);
    }
  }
});

test('nobody listens, or speaks TLS where it should not: told again', async () => {
  const { server } = { server: createServer().listen(0, '127.0.0.1') };
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  const gone = await deliverTo(`http://127.0.0.1:${port}/`);
  expect(await attemptsOf(gone.id)).toMatchObject([
    { outcome: 'retry', status: null, head: expected('nothing listens at its address') },
  ]);
  const plain = (await stage.listen()).url.replace('http:', 'https:');
  const { id } = await deliverTo(plain);
  expect(await attemptsOf(id)).toMatchObject([
    { outcome: 'retry', head: expected('it does not speak TLS there') },
  ]);
});

test('of a gigabyte that is announced, or poured without end, little is read and nothing kept', async () => {
  let sent = 0;
  const pour =
    (headers: Record<string, string>): RequestListener =>
    (_req, res) => {
      res.writeHead(200, headers);
      const chunk = Buffer.alloc(64 * 1024, 120);
      const more = (): void => {
        while (!res.destroyed && sent < 256 * 1024 * 1024) {
          sent += chunk.length;
          if (!res.write(chunk)) return void res.once('drain', more);
        }
      };
      more();
    };
  const before = process.memoryUsage().rss;
  for (const headers of [{ 'content-length': '1073741824' }, {}]) {
    sent = 0;
    const { id } = await deliverTo(await http(pour(headers))());
    expect(await attemptsOf(id)).toMatchObject([
      { outcome: 'retry', status: 200, head: expected('larger than 65536 bytes') },
    ]);
    expect(sent).toBeLessThan(32 * 1024 * 1024);
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(96 * 1024 * 1024);
});

test('what one endpoint sends too much of never reaches the delivery after it', async () => {
  let count = 0;
  const ben = await stage.join();
  const url = await listenRaw((socket) => {
    count += 1;
    const own = `answer ${count}`;
    socket.write(`${head(`content-length: ${own.length}`)}${own}${head('content-length: 6')}forged`);
  });
  await ben.call('/v1/agents/me/webhook', { body: { endpoint: url } });
  for (let round = 1; round <= 5; round += 1) {
    const { body } = await ann.call('/v1/tasks', {
      body: { to_agent_id: ben.id, task_type: 'service_request' },
    });
    const id = String(body['id']);
    await stage.deliver(id);
    expect(await attemptsOf(id)).toMatchObject([{ outcome: 'delivered', head: `answer ${round}` }]);
  }
});
