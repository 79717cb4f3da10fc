import { appendFrames } from '../../db/events';
import { asUser } from '../../domain/principal';
import { connect } from './client';
import type { Client } from './client';
import { createTestApi, openChat, until } from './harness';
import type { TestApi } from './harness';

// Sockets whose other side does not read, or says nothing.
let api: TestApi;
beforeAll(async () => {
  api = await createTestApi({ deps: { timings: { checkMs: 50, graceMs: 300 } } });
});
afterAll(() => api.stop());

/** How the platform's log tells the first end of a socket of this chat. */
const endLogged = (on: TestApi, sessionId: string): Record<string, unknown> | undefined =>
  on
    .logged()
    .split('\n')
    .filter((line) => line.includes(`"session":"${sessionId}"`))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .find(({ msg }) => msg === 'socket closed');

test('a socket that gives no sign of life is closed, one that answers is kept', async () => {
  const brisk = await createTestApi({ deps: { timings: { pingMs: 50, pongMs: 1_500, graceMs: 50 } } });
  const [dead, alive] = [await openChat(brisk), await openChat(brisk)];
  const silent = connect(dead.wsUrl, { token: dead.sessionToken });
  const lively = connect(alive.wsUrl, { token: alive.sessionToken });
  await Promise.all([silent.frame('SESSION_READY'), lively.frame('SESSION_READY')]);
  silent.ws.pause();
  // Who does not read cannot see it: it is read where it is sent.
  await until(() => endLogged(brisk, dead.id) !== undefined);
  expect(endLogged(brisk, dead.id)).toMatchObject({ sent: 4408 });
  expect(lively.ws.readyState).toBe(lively.ws.OPEN);
  silent.ws.terminate();
  await brisk.stop();
});

test('a reader that stops reading costs at most 1 MiB, is closed, and misses nothing when it comes back; one beside it has all in time', async () => {
  const chat = await openChat(api);
  const options = { token: chat.sessionToken, query: '?after_seq=0' };
  const [slow, quick] = [connect(chat.wsUrl, options), connect(chat.wsUrl, options)];
  await Promise.all([slow.frame('SESSION_READY'), quick.frame('SESSION_READY')]);
  slow.ws.pause();
  const big = 'x'.repeat(100_000);
  const write = () =>
    api.t.db.withTx(asUser(chat.userId), 'test', (tx) =>
      appendFrames(tx, { id: chat.id, userId: chat.userId }, [
        { type: 'AGENT_MESSAGE', data: { content: big, message_id: 'm', turn_id: 't' } },
      ]),
    );
  const messages = (client: Client) => client.frames.filter(({ type }) => type === 'AGENT_MESSAGE').length;
  let written = 0;
  while (endLogged(api, chat.id) === undefined) {
    await write();
    written += 1;
    expect(written).toBeLessThan(200);
    const sentAt = performance.now();
    await until(() => messages(quick) === written);
    expect(performance.now() - sentAt).toBeLessThan(1_000);
  }
  expect(endLogged(api, chat.id)).toMatchObject({ sent: 4408 });
  slow.ws.terminate();
  const back = connect(chat.wsUrl, options);
  await until(() => messages(back) === written);
  await Promise.all([back.leave(), quick.leave()]);
});

test('a history far larger than the limit is sent to a reader at their own pace', async () => {
  const chat = await openChat(api);
  const content = 'x'.repeat(50_000);
  await api.t.db.withTx(asUser(chat.userId), 'test', (tx) =>
    appendFrames(
      tx,
      { id: chat.id, userId: chat.userId },
      Array.from({ length: 150 }, () => ({
        type: 'AGENT_MESSAGE',
        data: { content, message_id: 'm', turn_id: 't' },
      })),
    ),
  );
  const client = connect(chat.wsUrl, { token: chat.sessionToken, query: '?after_seq=0' });
  await client.frame('SESSION_READY');
  client.ws.pause();
  await new Promise((resolve) => setTimeout(resolve, 100));
  client.ws.resume();
  await until(() => client.frames.length === 151);
  expect(client.frames.slice(1).map((frame) => 'seq' in frame && frame.seq)).toEqual(
    Array.from({ length: 150 }, (_, n) => n + 1),
  );
  await client.leave();
});
