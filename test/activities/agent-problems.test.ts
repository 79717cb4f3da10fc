import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { askHealth, fetchOffer } from '../../activities/agents/service-agent';
import { whyUnreachable } from '../../lib/unreachable';
import { freePort } from '../../dev/supervisor/ports';
import { createGuardedHttp } from '../../lib/guarded-http';
import { ACTIONS, json, openZoo } from './zoo';
import type { Zoo } from './zoo';

const TIMEOUT_MS = 400;
const noName = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
const http = createGuardedHttp({ allowLoopback: true, lookup: () => Promise.reject(noName) });
const servers: Server[] = [];
let zoo: Zoo;
beforeAll(async () => {
  zoo = await openZoo();
});
afterAll(async () => {
  await zoo.close();
  await http.close();
  for (const server of servers) server.close();
});

/** Something at an address that does this with each connection. */
async function serve(work: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    work(socket);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const problemAt = async (baseUrl: string) => (await askHealth(http, baseUrl, TIMEOUT_MS)).problem;

test('an agent that cannot be asked is said to be so with the true cause', async () => {
  expect(await problemAt(`http://127.0.0.1:${await freePort()}`)).toBe(
    'GET /health: nothing listens at its address (connection refused).',
  );
  expect(await problemAt('https://agent.invalid')).toBe('GET /health: its name is not known to DNS.');
  const resets = await serve((socket) => void socket.once('data', () => socket.destroy()));
  expect(await problemAt(`http://${resets}`)).toBe(
    'GET /health: it closed the connection before it had answered.',
  );
  const plain = await serve(
    (socket) => void socket.once('data', () => socket.end('HTTP/1.1 400 Bad\r\n\r\n')),
  );
  expect(await problemAt(`https://${plain}`)).toBe('GET /health: it does not speak TLS there.');
  const other = await serve((socket) => void socket.once('data', () => socket.end('220 mail\r\n')));
  expect(await problemAt(`http://${other}`)).toBe('GET /health: it did not answer in HTTP.');
  const silent = zoo.keep('silent', { health: () => undefined });
  expect(await problemAt(silent)).toBe('GET /health: it did not answer within 400 ms.');
});

test.each([
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is signed by itself and not by an authority'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another name'],
  ['E_NEVER_SEEN', 'it could not be reached (E_NEVER_SEEN)'],
])('the error %s is said in words', (code, words) => {
  expect(whyUnreachable(Object.assign(new Error('x'), { code }), 1)).toBe(words);
});

const [action] = ACTIONS;
test.each<[string, unknown, string]>([
  [
    'a price in words',
    { actions: [{ ...action, price: 'cheap' }] },
    'actions.0.price: must be an amount of USDC',
  ],
  [
    'a name that is a number',
    { actions: [action, { ...action, name: 7 }] },
    'actions.1.name: must be a string',
  ],
  [
    'no input schema',
    { actions: [{ ...action, input_schema: 1 }] },
    'actions.0.input_schema: must be an object',
  ],
  ['no actions', { actions: [] }, 'actions: must have at least 1 entries'],
  ['no message', { message: undefined, actions: [action] }, 'message: is missing'],
  [
    'an unknown risk',
    { actions: [{ ...action, risk_level: 'R9' }] },
    'actions.0.risk_level: must be one of R0, R1, R2, R3',
  ],
  ['a list', [], 'the answer: must be an object'],
])('terms with %s are refused with field and rule', async (what, said, rule) => {
  const body = Array.isArray(said) ? said : { message: 'I read.', ...(said as object) };
  const url = zoo.keep(what.replaceAll(' ', '-'), { capabilities: json(body) });
  await expect(fetchOffer(http, url, TIMEOUT_MS)).rejects.toMatchObject({
    code: 'agent_bad_answer',
    message: `The agent does not say in the agreed form what it offers: ${rule}.`,
  });
});
