import { asUser } from '../../domain/principal';
import { appendFrames } from '../../db/events';
import { connect } from './client';
import type { Client } from './client';
import { createTestApi, openChat, until } from './harness';
import type { TestApi } from './harness';
import { askToPay } from './payment';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi({ deps: { timings: { checkMs: 50 } } });
});
afterAll(() => api.stop());

/** A chat in which the agent can be made to say something. */
async function talk(on = api) {
  const chat = await openChat(on);
  const say = (text: string, count = 1) =>
    on.t.db.withTx(asUser(chat.userId), 'test', (tx) =>
      appendFrames(
        tx,
        chat,
        Array.from({ length: count }, (_, n) => ({
          type: 'AGENT_MESSAGE',
          data: { content: `${text} ${n}`, message_id: 'm', turn_id: 't' },
        })),
      ),
    );
  return { ...chat, say };
}

const seqsOf = (client: Client): number[] =>
  client.frames.flatMap((frame) => ('seq' in frame && frame.seq !== undefined ? [frame.seq] : []));

test('a socket says where the chat stands, takes a message, acknowledges it and shows it', async () => {
  const chat = await talk();
  const client = connect(chat.wsUrl, { token: chat.sessionToken });
  const ready = await client.frame('SESSION_READY');
  expect(ready).toMatchObject({
    v: 1,
    session_id: chat.id,
    data: { phase: 'CONNECTED', last_seq: 0, pending: [] },
  });
  expect(ready).not.toHaveProperty('seq');
  expect(client.ws.protocol).toBe('mooring');
  client.send({ type: 'USER_MESSAGE', id: 'c1', data: { content: 'How readable is this?' } });
  expect((await client.frame('ACK')).data).toEqual({ for: 'c1', seq: 1 });
  expect(await client.frame('USER_MESSAGE')).toMatchObject({
    seq: 1,
    data: { content: 'How readable is this?' },
  });
  client.send({ type: 'USER_MESSAGE', id: 'c1', data: { content: 'How readable is this?' } });
  client.send({ type: 'USER_MESSAGE', data: { content: 'and this?' } });
  const second = await client.frame('ACK', ({ data }) => data.for !== 'c1');
  expect(second.data).toEqual({ for: expect.stringMatching(/^msg_/) as string, seq: 2 });
  expect(client.frames.filter(({ type }) => type === 'ACK').map(({ data }) => data)).toEqual([
    { for: 'c1', seq: 1 },
    { for: 'c1', seq: 1 },
    second.data,
  ]);
  await until(() => seqsOf(client).length === 2);
  await client.leave();
});

test('a token is taken from the protocol alone, from the query, or from the first frame', async () => {
  const chat = await talk();
  const alone = connect(chat.wsUrl, { protocols: [`bearer.${chat.sessionToken}`] });
  const query = connect(chat.wsUrl, { query: `?token=${chat.sessionToken}` });
  const first = connect(chat.wsUrl);
  first.ws.once('open', () => first.send({ type: 'AUTH', data: { token: chat.sessionToken } }));
  for (const client of [alone, query, first]) {
    await client.frame('SESSION_READY');
    await client.leave();
  }
  expect(api.logged()).not.toContain(chat.sessionToken);
});

test('a socket that comes back gets what it missed, and every open prompt', async () => {
  const chat = await talk();
  await chat.say('stored', 5);
  const paymentId = await askToPay(api.t.db, { sessionId: chat.id, userId: chat.userId });
  const client = connect(chat.wsUrl, { token: chat.sessionToken, query: '?after_seq=3' });
  const ready = await client.frame('SESSION_READY');
  expect(ready.data.pending).toMatchObject([
    { type: 'PAYMENT_REQUEST', data: { payment_id: paymentId, amount_usdc: '0.05' } },
  ]);
  await until(() => seqsOf(client).length === 5);
  await chat.say('live');
  await until(() => seqsOf(client).length === 6);
  expect(seqsOf(client)).toEqual([4, 5, 6, 7, 8, 9]);
  expect(client.frames[0]?.type).toBe('SESSION_READY');
  client.send({ type: 'PAYMENT_RESPONSE', id: 'yes', data: { approved: true } });
  expect((await client.frame('ACK')).data).toEqual({ for: 'yes', seq: null });
  expect(api.t.signals).toContainEqual(
    expect.objectContaining({ workflowId: `payment/${paymentId}`, signal: 'paymentDecided' }),
  );
  client.send({ type: 'PAYMENT_RESPONSE', data: { approved: true } });
  expect((await client.frame('ERROR')).data).toMatchObject({
    error_type: 'payment_declined',
    code: 'payment_not_open',
    fatal: false,
  });
  await client.leave();
});

test('RESUME as the first frame brings the log from its place, and later it is refused', async () => {
  const chat = await talk();
  await chat.say('stored', 4);
  const client = connect(chat.wsUrl);
  client.ws.once('open', () => {
    client.send({ type: 'AUTH', data: { token: chat.sessionToken } });
    client.send({ type: 'RESUME', data: { after_seq: 1 } });
  });
  await until(() => seqsOf(client).length === 3);
  expect(seqsOf(client)).toEqual([2, 3, 4]);
  client.send({ type: 'RESUME', data: { after_seq: 0 } });
  expect((await client.frame('ERROR')).data.code).toBe('invalid_request');
  await client.leave();
});

test('what happens before RESUME has come is brought in its place: one SESSION_READY, each frame once, in order', async () => {
  const patient = await createTestApi({ deps: { timings: { resumeMs: 60_000 } } });
  const chat = await talk(patient);
  await chat.say('stored', 4);
  const client = connect(chat.wsUrl, { token: chat.sessionToken });
  await client.frame('SESSION_READY');
  await chat.say('live'); // 5
  client.send({ type: 'RESUME', data: { after_seq: 2 } });
  await chat.say('later'); // 6
  await until(() => seqsOf(client).length >= 4);
  await chat.say('last'); // 7
  await until(() => seqsOf(client).includes(7));
  expect(client.frames.map((frame) => ('seq' in frame ? frame.seq : frame.type))).toEqual([
    'SESSION_READY',
    ...[3, 4, 5, 6, 7],
  ]);
  await client.leave();
  await patient.stop();
});

test('RESUME after something live has gone out is refused: nothing goes out twice or behind what is newer', async () => {
  const brief = await createTestApi({ deps: { timings: { resumeMs: 20 } } });
  const chat = await talk(brief);
  await chat.say('stored', 4);
  const client = connect(chat.wsUrl, { token: chat.sessionToken });
  await client.frame('SESSION_READY');
  await chat.say('live');
  await until(() => seqsOf(client).length === 1);
  client.send({ type: 'RESUME', id: 'r', data: { after_seq: 2 } });
  expect((await client.frame('ERROR')).data).toMatchObject({ code: 'invalid_request', for: 'r' });
  await chat.say('later');
  await until(() => seqsOf(client).includes(6));
  expect(seqsOf(client)).toEqual([5, 6]);
  await client.leave();
  await brief.stop();
});

test('a client that speaks at once waits for nothing, and what happened meanwhile comes first', async () => {
  const patient = await createTestApi({ deps: { timings: { resumeMs: 60_000 } } });
  const chat = await talk(patient);
  const client = connect(chat.wsUrl, { token: chat.sessionToken });
  await client.frame('SESSION_READY');
  patient.bus.publish(chat.id, {
    kind: 'moment',
    frame: {
      type: 'AGENT_DELTA',
      data: { message_id: 'm', turn_id: 't', attempt: 1, index: 0, text: 'st' },
    },
  });
  await chat.say('said');
  client.send({ type: 'USER_MESSAGE', data: { content: 'hello' } });
  await client.frame('USER_MESSAGE');
  await client.frame('ACK');
  expect(client.frames.map(({ type }) => type).filter((type) => type !== 'ACK')).toEqual([
    'SESSION_READY',
    'AGENT_DELTA',
    'AGENT_MESSAGE',
    'USER_MESSAGE',
  ]);
  await client.leave();
  await patient.stop();
});

test('without after_seq a socket gets only what happens from then on', async () => {
  const chat = await talk();
  await chat.say('before', 3);
  const client = connect(chat.wsUrl, { token: chat.sessionToken });
  expect((await client.frame('SESSION_READY')).data.last_seq).toBe(3);
  await chat.say('after');
  await client.frame('AGENT_MESSAGE');
  expect(seqsOf(client)).toEqual([4]);
  await client.leave();
});

test('a frame whose wake-up was lost still comes', async () => {
  const quiet = await createTestApi({ deps: { timings: { checkMs: 20 } } });
  const person = await quiet.signIn('ann@example.test');
  const session = await quiet.openSession(person.token);
  const client = connect(session.wsUrl, { token: session.token });
  await client.frame('SESSION_READY');
  await quiet.bus.close(); // forgets every subscription: from here on nobody is told
  await quiet.t.db.withTx(asUser(person.userId), 'test', (tx) =>
    appendFrames(tx, { id: session.id, userId: person.userId }, [
      { type: 'AGENT_MESSAGE', data: { content: 'quiet', message_id: 'm', turn_id: 't' } },
    ]),
  );
  expect((await client.frame('AGENT_MESSAGE')).seq).toBe(1);
  await client.leave();
  await quiet.stop();
});

test('wake-ups that come early, late, twice or in disorder change nothing of what is seen', async () => {
  const chat = await talk();
  const client = connect(chat.wsUrl, { token: chat.sessionToken });
  await client.frame('SESSION_READY');
  const told = await chat.say('one', 6);
  for (const frame of [...told].reverse().concat(told)) {
    api.bus.publish(chat.id, { kind: 'logged', frame });
  }
  await chat.say('last');
  await until(() => seqsOf(client).includes(7));
  expect(seqsOf(client)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  await client.leave();
});

test('words that are still being written reach the sockets that are live, and are never stored', async () => {
  const chat = await talk();
  const client = connect(chat.wsUrl, { token: chat.sessionToken });
  await client.frame('SESSION_READY');
  api.bus.publish(chat.id, {
    kind: 'moment',
    frame: {
      type: 'AGENT_DELTA',
      data: { message_id: 'm', turn_id: 't', attempt: 1, index: 0, text: 'Hel' },
    },
  });
  const delta = await client.frame('AGENT_DELTA');
  expect(delta).toMatchObject({ v: 1, session_id: chat.id, data: { text: 'Hel' } });
  expect(delta).not.toHaveProperty('seq');
  await client.leave();
});

test('a refused frame is answered by an ERROR and the socket stays', async () => {
  const chat = await talk();
  const client = connect(chat.wsUrl, { token: chat.sessionToken });
  await client.frame('SESSION_READY');
  const bad: unknown[] = [
    { type: 'USER_MESSAGE', data: { content: ' ' } },
    { type: 'USER_MESSAGE', data: { content: 'x'.repeat(16 * 1024 + 1) } },
    { type: 'USER_MESSAGE', data: { content: 'x', seq: 1 } },
    { type: 'USER_MESSAGE' },
    { type: 'PAYMENT_RESPONSE', data: { approved: 'yes' } },
    { type: 'NO_SUCH_FRAME', data: {} },
    { type: 'constructor', data: {} },
    { type: 'AUTH', data: { token: chat.sessionToken } },
  ];
  for (const frame of bad) client.send(frame);
  await until(() => client.frames.filter(({ type }) => type === 'ERROR').length === bad.length);
  for (const frame of client.frames.filter(({ type }) => type === 'ERROR')) {
    expect(frame.data).toMatchObject({ code: 'invalid_request', retryable: false, fatal: false });
  }
  client.send({ type: 'USER_MESSAGE', id: 'ok', data: { content: 'x'.repeat(16 * 1024) } });
  expect((await client.frame('ACK')).data.for).toBe('ok');
  await client.leave();
});

test('five sockets of a person see the same frames, and a sixth waits', async () => {
  const chat = await talk();
  const clients = Array.from({ length: 5 }, () => connect(chat.wsUrl, { token: chat.sessionToken }));
  await Promise.all(clients.map((client) => client.frame('SESSION_READY')));
  const sixth = connect(chat.wsUrl, { token: chat.sessionToken });
  const { code, reason } = await sixth.closed;
  expect({ code, reason: JSON.parse(reason) as unknown }).toMatchObject({
    code: 4429,
    reason: { reconnect: 'retry_after', retry_after: 10 },
  });
  await chat.say('to all', 3);
  for (const client of clients) {
    await until(() => seqsOf(client).length === 3);
    expect(seqsOf(client)).toEqual([1, 2, 3]);
  }
  await clients[0]?.leave();
  const again = connect(chat.wsUrl, { token: chat.sessionToken });
  await again.frame('SESSION_READY');
  await Promise.all([again, ...clients.slice(1)].map((client) => client.leave()));
});

test('fifty reconnects at random moments, while frames are written, miss nothing and repeat nothing', async () => {
  const chat = await talk();
  const total = 400;
  const writing = (async () => {
    for (let n = 0; n < total; n += 4) await chat.say(`round ${n}`, 4);
  })();
  const seen: number[] = [];
  for (let round = 0; round < 50 || seen.length < total; round += 1) {
    const client = connect(chat.wsUrl, {
      token: chat.sessionToken,
      query: `?after_seq=${seen.at(-1) ?? 0}`,
    });
    await client.frame('SESSION_READY');
    const enough = 1 + Math.floor(Math.random() * (round < 50 ? 12 : total));
    await until(() => seqsOf(client).length >= enough || seen.length + seqsOf(client).length >= total);
    if (Math.random() < 0.5) client.ws.terminate();
    else client.ws.close();
    await client.closed;
    seen.push(...seqsOf(client));
  }
  await writing;
  expect(seen).toEqual(Array.from({ length: total }, (_, n) => n + 1));
});
