import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { createWire } from '../../api/socket/wire';
import type { Wire } from '../../api/socket/wire';
import { SOCKET_LIMITS } from '../../domain/frames';
import type { LoggedFrame, ServerFrame } from '../../domain/frames';
import { until } from './harness';

// Both ends of one real socket, so that what lies unread on our side can be read.
let server: WebSocketServer;
let ours: WebSocket;
let theirs: WebSocket;
let wire: Wire;
let got: ServerFrame[];
beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  theirs = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  got = [];
  theirs.on('message', (data: Buffer) => got.push(JSON.parse(data.toString()) as ServerFrame));
  [ours] = (await once(server, 'connection')) as [WebSocket];
  await once(theirs, 'open');
  wire = createWire(ours, { sessionId: 'ses_x', graceMs: 200 });
});
afterEach(() => {
  theirs.terminate();
  server.close();
});

const words = (seq: number): LoggedFrame => ({
  ...{ v: 1, id: `evt_${seq}`, ts: '2026-01-01T00:00:00.000Z', session_id: 'ses_x', seq },
  ...{ type: 'AGENT_MESSAGE', data: { content: 'x'.repeat(50_000), message_id: 'm', turn_id: 't' } },
});
const delta = (index: number): void =>
  wire.sendMoment({
    type: 'AGENT_DELTA',
    data: { message_id: 'm', turn_id: 't', attempt: 1, index, text: 'w' },
  });

/** Says more until so much lies unread on our side; how many frames that took. */
async function fill(bytes: number, from = 1): Promise<number> {
  let seq = from;
  while (ours.bufferedAmount <= bytes && wire.isOpen()) {
    wire.sendLogged(words(seq));
    seq += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return seq - from;
}

test('above 256 KiB unread no words come as they are written, whole frames do, and below it words come again', async () => {
  theirs.pause();
  const sent = await fill(SOCKET_LIMITS.congestedBytes.limit);
  const unread = ours.bufferedAmount;
  for (let n = 0; n < 100; n += 1) delta(n);
  expect(ours.bufferedAmount).toBe(unread);
  wire.sendMoment({ type: 'ACK', data: { for: 'c1', seq: 1 } });
  expect(ours.bufferedAmount).toBeGreaterThan(unread);
  expect(wire.isOpen()).toBe(true);
  theirs.resume();
  await wire.flushed();
  delta(100);
  await until(() => got.some(({ type }) => type === 'AGENT_DELTA'));
  expect(got.filter(({ type }) => type === 'AGENT_MESSAGE')).toHaveLength(sent);
  expect(got.filter(({ type }) => type === 'AGENT_DELTA').map(({ data }) => data)).toMatchObject([
    { index: 100 },
  ]);
});

test('above 1 MiB unread it is closed with 4408, and nothing more is kept for it', async () => {
  theirs.pause();
  await fill(SOCKET_LIMITS.unreadBytes.limit);
  expect([wire.isOpen(), wire.closedWith()]).toEqual([false, 4408]);
  const unread = ours.bufferedAmount;
  expect(unread).toBeLessThan(SOCKET_LIMITS.unreadBytes.limit + 60_000);
  for (let seq = 1; seq < 50; seq += 1) wire.sendLogged(words(seq));
  expect(ours.bufferedAmount).toBe(unread);
  theirs.resume();
  await once(theirs, 'close');
});
