import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MooringError } from '../../domain/errors';
import { checkAddress, createGuardedHttp } from '../../lib/guarded-http';
import type { GuardedHttp } from '../../lib/guarded-http';
import {
  BLOCKED_ADDRESSES,
  BLOCKED_HOSTS,
  BLOCKED_PORTS,
  BLOCKED_SCHEMES,
  BLOCKED_USERS,
} from './blocked-addresses';
import { watchConnections } from './count-connections';

const connections = watchConnections();
let answer: RequestListener = (_req, res) => void res.end('{}');
let server: Server;
let port: number;
const open: GuardedHttp[] = [];

beforeAll(async () => {
  server = createServer((req, res) => answer(req, res)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
beforeEach(() => {
  connections.forget();
  answer = (_req, res) => void res.end('{}');
});
afterAll(async () => {
  connections.stop();
  for (const http of open) await http.close();
  server.closeAllConnections();
  server.close();
});

/** A client whose names lead where `names` says; names that it does not know lead nowhere. */
function client(allowLoopback: boolean, names: Record<string, string[][]> = {}): GuardedHttp {
  const left = structuredClone(names);
  const http = createGuardedHttp({
    allowLoopback,
    lookup: (name) => {
      const addresses = left[name]?.shift();
      return addresses === undefined
        ? Promise.reject(new Error(`ENOTFOUND ${name}`))
        : Promise.resolve(addresses);
    },
  });
  open.push(http);
  return http;
}

const get = (http: GuardedHttp, url: string, more: { timeoutMs?: number; maxBytes?: number } = {}) =>
  http.request(url, { method: 'GET', timeoutMs: 2_000, maxBytes: 1_000, ...more });
const blocked = { code: 'address_blocked' };

/** When the client has got something of an answer, and has read it. */
function onceHeard(then: () => void): void {
  const heard = (): void => {
    unsubscribe('undici:request:bodyChunkReceived', heard);
    setImmediate(then);
  };
  subscribe('undici:request:bodyChunkReceived', heard);
}

test.each([...BLOCKED_HOSTS, ...BLOCKED_USERS])(
  'https://%s is refused before any connection',
  async (host) => {
    await expect(get(client(false), `https://${host}/`)).rejects.toMatchObject(blocked);
    await expect(get(client(false), `https://${host}:8443/`)).rejects.toMatchObject(blocked);
    expect(connections.seen()).toEqual([]);
  },
);

test.each(BLOCKED_ADDRESSES)(
  'a name that leads to %s is refused before any connection, also beside a public address',
  async (address) => {
    const http = client(false, { 'agent.example': [[address], ['93.184.215.14', address]] });
    await expect(get(http, 'https://agent.example/')).rejects.toMatchObject(blocked);
    await expect(get(http, 'https://agent.example/')).rejects.toMatchObject(blocked);
    expect(connections.seen()).toEqual([]);
  },
);

test.each(['localhost', 'localhost.', 'x.localhost', 'LOCALHOST'])('https://%s is refused', async (host) => {
  const http = createGuardedHttp({ allowLoopback: false });
  open.push(http);
  await expect(get(http, `https://${host}/`)).rejects.toThrow();
  const named = client(false, { [host.toLowerCase()]: [['127.0.0.1'], ['::1']] });
  await expect(get(named, `https://${host}/`)).rejects.toMatchObject(blocked);
  expect(connections.seen()).toEqual([]);
});

test('a name that leads nowhere is refused', async () => {
  await expect(get(client(false), 'https://metadata.google.internal/')).rejects.toThrow('ENOTFOUND');
  await expect(get(client(false, { 'agent.example': [[]] }), 'https://agent.example/')).rejects.toMatchObject(
    blocked,
  );
  expect(connections.seen()).toEqual([]);
});

test.each(BLOCKED_PORTS)('port %s is refused', async (to) => {
  await expect(get(client(false), `https://93.184.215.14:${to}/`)).rejects.toMatchObject(blocked);
  expect(connections.seen()).toEqual([]);
});

test.each([...BLOCKED_SCHEMES, ''])('%j is refused', async (url) => {
  await expect(get(client(false), url)).rejects.toMatchObject(blocked);
  await expect(get(client(true), url)).rejects.toMatchObject(blocked);
  expect(connections.seen()).toEqual([]);
});

test('the switch opens loopback, over plain http and at any port, and nothing else', async () => {
  const http = client(true, { 'agent.example': [['127.0.0.1']] });
  expect(await get(http, `http://127.0.0.1:${port}/`)).toMatchObject({ status: 200, body: '{}' });
  expect(await get(http, `http://agent.example:${port}/`)).toMatchObject({ status: 200 });
  connections.forget();
  for (const host of BLOCKED_HOSTS.filter(
    (name) => !/127|１２７|①|2130706433|7f0|::1\]|^0x|^0177/.test(name),
  )) {
    await expect(get(http, `http://${host}:${port}/`)).rejects.toMatchObject(blocked);
  }
  await expect(get(http, 'http://93.184.215.14/')).rejects.toMatchObject(blocked);
  await expect(get(http, 'https://93.184.215.14:6379/')).rejects.toMatchObject(blocked);
  expect(connections.seen()).toEqual([]);
});

test('a name that changes where it leads is asked once, and what was checked is connected to', async () => {
  const http = client(true, { 'rebinding.example': [['127.0.0.1'], ['10.0.0.1']] });
  const url = `http://rebinding.example:${port}/`;
  answer = (req, res) => void res.writeHead(200, { connection: 'close' }).end(req.headers.host);
  expect(await get(http, url)).toMatchObject({ body: `rebinding.example:${port}` });
  expect(connections.seen()).toHaveLength(1);
  await expect(get(http, url)).rejects.toMatchObject(blocked);
  expect(connections.seen()).toHaveLength(1);
});

test('a redirect is an answer, never a way', async () => {
  let asked = 0;
  answer = (_req, res) => {
    asked += 1;
    res.writeHead(302, { location: `http://127.0.0.1:${port}/secret` }).end();
  };
  expect(await get(client(true), `http://127.0.0.1:${port}/`)).toMatchObject({ status: 302, body: '' });
  expect(asked).toBe(1);
});

test('an answer is read up to its size and cut beyond it, with or without a length', async () => {
  const http = client(true);
  const url = `http://127.0.0.1:${port}/`;
  answer = (_req, res) => void res.end('x'.repeat(1_000));
  expect(await get(http, url)).toMatchObject({ body: 'x'.repeat(1_000), cut: null });
  answer = (_req, res) => void res.writeHead(500, { 'retry-after': '7' }).end('x'.repeat(1_001));
  expect(await get(http, url)).toMatchObject({
    status: 500,
    headers: { 'retry-after': '7' },
    body: 'x'.repeat(1_000),
    cut: 'size',
  });
  answer = (_req, res) => {
    res.write('x'.repeat(900));
    res.write('x'.repeat(900));
  };
  expect(await get(http, url)).toMatchObject({ body: 'x'.repeat(1_000), cut: 'size' });
  answer = (_req, res) => void res.writeHead(200, { 'x-long': 'x'.repeat(20_000) }).end();
  await expect(get(http, url)).rejects.toThrow();
});

test('the whole exchange has one time, whether nothing comes or a little at a time', async () => {
  const http = client(true);
  const url = `http://127.0.0.1:${port}/`;
  answer = () => undefined;
  await expect(get(http, url, { timeoutMs: 100 })).rejects.toMatchObject({ name: 'TimeoutError' });
  let drops: NodeJS.Timeout | undefined;
  answer = (_req, res) => {
    drops = setInterval(() => res.write('x'), 10);
  };
  expect(await get(http, url, { timeoutMs: 100 })).toMatchObject({ status: 200, cut: 'time' });
  clearInterval(drops);
});

test('calls to one address are under way together: none spends its time waiting for another', async () => {
  const CALLS = 30;
  const held: ServerResponse[] = [];
  answer = (_req, res) => {
    held.push(res);
    if (held.length === CALLS) for (const each of held) each.end('{}');
  };
  const http = client(true);
  const answers = await Promise.all(
    Array.from({ length: CALLS }, () => get(http, `http://127.0.0.1:${port}/`)),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(CALLS).fill(200));
});

test('an answer whose connection breaks after its head says its status and what came', async () => {
  answer = (_req, res) => {
    res.writeHead(503, { 'content-length': '10' });
    res.write('no');
    onceHeard(() => res.destroy());
  };
  expect(await get(client(true), `http://127.0.0.1:${port}/`)).toMatchObject({
    status: 503,
    body: 'no',
    cut: 'broken',
  });
});

test('who calls can give up', async () => {
  const abort = new AbortController();
  answer = () => abort.abort(new Error('enough'));
  const request = client(true).request(`http://127.0.0.1:${port}/`, {
    ...{ method: 'POST', body: '{}', timeoutMs: 5_000, maxBytes: 10 },
    signal: abort.signal,
  });
  await expect(request).rejects.toThrow('enough');
});

test('who calls can give up in the middle of the answer', async () => {
  const abort = new AbortController();
  answer = (_req, res) => {
    res.write('x');
    onceHeard(() => abort.abort(new Error('enough')));
  };
  const request = client(true).request(`http://127.0.0.1:${port}/`, {
    ...{ method: 'POST', body: '{}', timeoutMs: 5_000, maxBytes: 10 },
    signal: abort.signal,
  });
  await expect(request).rejects.toThrow('enough');
});

test('an address is judged before anything is sent to it, by the rules of the client', async () => {
  const judge = (url: string, allowLoopback = false, addresses: string[] = ['192.88.99.1']) =>
    checkAddress(url, { allowLoopback, lookup: () => Promise.resolve(addresses) }).then(
      () => 'allowed',
      (error: MooringError) => error.details?.['rule'],
    );
  expect(await judge('https://agent.example', false, ['93.184.215.14'])).toBe('allowed');
  expect(await judge('https://agent.example', false, ['93.184.215.14', '10.0.0.1'])).toBe(
    'does not lead to a public address',
  );
  expect(await judge('https://agent.example', false, [])).toBe('has no address');
  expect(await judge('https://agent.example:444', false)).toBe('must be https on port 443 or 8443');
  expect(await judge('http://127.0.0.1:4500', true)).toBe('allowed');
  expect(await judge('http://127.0.0.1:4500')).toBe('must be https on port 443 or 8443');
});
