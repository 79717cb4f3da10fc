import { WebSocket } from 'ws';
import type { LogFrame } from '../../domain/frames';
import type { ChatConnection } from '../../sdk/chat-connection';
import { createClient } from '../../sdk/client';
import type { Frame } from '../../sdk/frames';
import type { ConnectOptions } from '../../sdk/line';
import type { ScriptedChat } from '../web/scripted-chat';
import { startScriptedServer } from '../web/scripted-server';
import type { ScriptedServer } from '../web/scripted-server';

const QUICK = { soonMs: 5, backoffMs: 5, maxBackoffMs: 20, openMs: 2_000, socketAgainMs: 60_000 };
const step = (text: string): LogFrame => ({
  type: 'STATUS',
  data: { phase: 'WORKING', turn_id: 't', call_id: text, state: 'done', text },
});

let server: ScriptedServer;
let chat: ScriptedChat;
const open: ChatConnection[] = [];

beforeEach(async () => {
  server = await startScriptedServer();
  chat = server.openChat();
});
afterEach(async () => {
  for (const connection of open.splice(0)) connection.close();
  await server.stop();
});

async function connect(options: ConnectOptions = {}): Promise<ChatConnection> {
  const client = createClient({ baseUrl: server.url, WebSocket });
  await client.signInForDevelopment('test@mooring.local');
  const connection = client.connectSession(chat.id, { delays: QUICK, ...options });
  open.push(connection);
  return connection;
}

/** Reads rows of the log until one has this seq. */
async function readTo(connection: ChatConnection, seq: number): Promise<number[]> {
  const seen: number[] = [];
  for await (const frame of connection.frames) {
    if (frame.seq !== undefined) seen.push(frame.seq);
    if (frame.seq === seq) break;
  }
  return seen;
}

const becomes = (connection: ChatConnection, kind: string, way?: string): Promise<void> =>
  new Promise((resolve) => {
    const look = (state = connection.state()): void => {
      if (state.kind !== kind || (way !== undefined && !('way' in state && state.way === way))) return;
      off();
      resolve();
    };
    const off = connection.onState(look);
    look();
  });

test('what was said before comes first, then what happens, each row once and in order', async () => {
  chat.append(step('one'));
  chat.append(step('two'));
  const connection = await connect();
  const rows = readTo(connection, 4);
  await becomes(connection, 'open');
  chat.append(step('three'));
  chat.append(step('four'));
  expect(await rows).toEqual([1, 2, 3, 4]);
});

test('a broken connection goes on exactly where it was', async () => {
  chat.append(step('one'));
  const connection = await connect();
  const rows = readTo(connection, 5);
  await becomes(connection, 'open');
  chat.closeSockets(1006);
  chat.append(step('two'));
  chat.append(step('three'));
  await becomes(connection, 'open');
  chat.closeSockets(1012);
  chat.append(step('four'));
  chat.append(step('five'));
  expect(await rows).toEqual([1, 2, 3, 4, 5]);
});

test('a row that is missing is fetched by a new connection, never jumped over', async () => {
  server.behave.hidden.add(2);
  const connection = await connect();
  const rows = readTo(connection, 3);
  await becomes(connection, 'open');
  for (const text of ['one', 'two', 'three']) chat.append(step(text));
  expect(await rows).toEqual([1, 2, 3]);
  expect(server.counts.upgrades).toBe(2);
});

test('a row that comes twice is seen once', async () => {
  chat.append(step('one'));
  const connection = await connect();
  const rows = readTo(connection, 2);
  await becomes(connection, 'open');
  const [socket] = chat.sockets.keys();
  socket?.send(JSON.stringify(chat.log[0]));
  chat.append(step('two'));
  expect(await rows).toEqual([1, 2]);
});

test('a message is sent again with the same id until it is acknowledged', async () => {
  server.behave.withholdAcks = true;
  const connection = await connect();
  await becomes(connection, 'open');
  const { id, acked } = connection.send('How readable is this?');
  await chat.until(({ type }) => type === 'USER_MESSAGE');
  server.behave.withholdAcks = false;
  chat.closeSockets(1006);
  expect(await acked).toBe(1);
  expect(chat.received.map((received) => received.id)).toEqual([id, id]);
  expect(chat.log).toHaveLength(1);
});

test('a socket that went dead without a word is noticed by what the log has', async () => {
  const connection = await connect({ delays: { ...QUICK, silentMs: 30 } });
  const rows = readTo(connection, 1);
  await becomes(connection, 'open');
  server.behave.hidden.add(1);
  chat.append(step('unheard'));
  expect(await rows).toEqual([1]);
  expect(server.counts.upgrades).toBe(2);
});

test('a message that nobody acknowledges goes out by another socket after a silence', async () => {
  server.behave.withholdAcks = true;
  const connection = await connect({ delays: { ...QUICK, silentMs: 30 } });
  await becomes(connection, 'open');
  const { acked } = connection.send('Do you hear me?');
  await chat.until(({ type }) => type === 'USER_MESSAGE');
  await becomes(connection, 'waiting');
  server.behave.withholdAcks = false;
  expect(await acked).toBe(1);
});

test('what is sent while nobody answers goes out when the server is back', async () => {
  const connection = await connect();
  await becomes(connection, 'open');
  await server.stop();
  await becomes(connection, 'waiting');
  const { acked } = connection.send('Are you there?');
  await server.start();
  expect(await acked).toBe(1);
});

test('a token that is refused is renewed', async () => {
  server.behave.refuseTokens = 2;
  const connection = await connect();
  await becomes(connection, 'open');
  expect(server.counts).toMatchObject({ upgrades: 3, tokens: 4 });
});

test('an access token that has run out is renewed once for all calls', async () => {
  const client = createClient({ baseUrl: server.url, WebSocket });
  await client.signInForDevelopment('test@mooring.local');
  server.behave.expireAccess = true;
  await Promise.all([client.me(), client.wallet(), client.listSessions()]);
  expect(server.counts.refreshes).toBe(1);
});

test('where no socket opens, the log is polled and messages are posted', async () => {
  server.behave.refuseUpgrades = true;
  chat.append(step('one'));
  const connection = await connect();
  const rows = readTo(connection, 3);
  await becomes(connection, 'open', 'polling');
  expect(await connection.send('By post').acked).toBe(2);
  chat.append(step('three'));
  expect(await rows).toEqual([1, 2, 3]);
});

test('a closed session gives its history and ends', async () => {
  chat.append(step('one'));
  chat.append({ type: 'SESSION_CLOSED', data: { reason: 'idle', phase: 'CLOSED' } });
  chat.phase = 'CLOSED';
  const connection = await connect();
  const seen: Frame[] = [];
  for await (const frame of connection.frames) seen.push(frame);
  expect(seen.map(({ type }) => type)).toEqual(['STATUS', 'SESSION_CLOSED']);
  expect(connection.state()).toMatchObject({ kind: 'closed' });
  await expect(connection.send('too late').acked).rejects.toThrow();
});

test('a session that is not there ends the connection with the reason', async () => {
  server.chats.delete(chat.id);
  const connection = await connect();
  await becomes(connection, 'closed');
  expect(connection.state()).toMatchObject({ reason: 'refused', error: { code: 'session_not_found' } });
});

test('a frame of an unknown type is passed on and counts', async () => {
  const odd: unknown = { type: 'WEATHER', data: { sky: 'grey' } };
  const connection = await connect();
  await becomes(connection, 'open');
  chat.append(odd as LogFrame);
  for await (const frame of connection.frames) {
    if (frame.seq !== 1) continue;
    expect(frame).toMatchObject({ type: 'UNKNOWN', data: { type: 'WEATHER', data: { sky: 'grey' } } });
    break;
  }
});
