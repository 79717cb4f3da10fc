import { SYSTEM } from '../../domain/principal';
import { connect } from './client';
import { createTestApi } from './harness';
import type { TestApi } from './harness';
import { askToPay } from './payment';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi({ deps: { timings: { checkMs: 50 } } });
});
afterAll(() => api.stop());

async function openChat() {
  const { token, userId } = await api.signIn(`p${Math.random().toString(36).slice(2)}@example.test`);
  const { id, token: sessionToken, wsUrl } = await api.openSession(token);
  return {
    id,
    userId,
    post: (path: string, body: unknown) =>
      api.call(`/api/sessions/${id}/${path}`, { method: 'POST', token, body }),
    ask: () => askToPay(api.t.db, { sessionId: id, userId }),
    enter: async () => {
      const client = connect(wsUrl, { token: sessionToken });
      await client.frame('SESSION_READY');
      return client;
    },
  };
}

async function stateOf(paymentId: string): Promise<string | undefined> {
  const rows = await api.t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query<{ state: string }>('select state from payments where id = $1', [paymentId]),
  );
  return rows[0]?.state;
}

const CONFLICT = { status: 409, body: { error: { code: 'idempotency_conflict', details: { field: 'id' } } } };

test('a yes whose ACK was lost is sent again and approves nothing else', async () => {
  const chat = await openChat();
  const first = await chat.ask();
  const yes = { type: 'PAYMENT_RESPONSE', id: 'yes-1', data: { approved: true } };
  const lost = await chat.enter();
  lost.send(yes);
  await lost.frame('ACK');
  await lost.leave();
  const second = await chat.ask();
  const client = await chat.enter();
  client.send(yes);
  expect((await client.frame('ACK')).data).toEqual({ for: 'yes-1', seq: null });
  expect([await stateOf(first), await stateOf(second)]).toEqual(['AUTHORIZING', 'AWAITING_APPROVAL']);
  const again = { type: 'PAYMENT_RESPONSE', id: 'yes-1', approved: true };
  expect(await chat.post('responses', again)).toMatchObject({
    status: 202,
    body: { payment_id: first, state: 'AUTHORIZING' },
  });
  expect(await stateOf(second)).toBe('AWAITING_APPROVAL');
  await client.leave();
});

test('a stop that is sent again stops no later turn', async () => {
  const chat = await openChat();
  const stop = { id: 'stop-1' };
  expect(await chat.post('cancel-turn', stop)).toMatchObject({ status: 202, body: { turn_id: null } });
  const asked = await chat.ask();
  expect(await chat.post('cancel-turn', stop)).toMatchObject({ status: 202, body: { turn_id: null } });
  expect(await stateOf(asked)).toBe('AWAITING_APPROVAL');
  const client = await chat.enter();
  client.send({ type: 'CANCEL_TURN', id: 'stop-1', data: {} });
  await client.frame('ACK');
  expect(await stateOf(asked)).toBe('AWAITING_APPROVAL');
  await client.leave();
});

test('one id with two contents is refused, whatever types they are of, and has no effect', async () => {
  const chat = await openChat();
  const asked = await chat.ask();
  expect((await chat.post('messages', { id: 'a', content: 'hello' })).status).toBe(202);
  const no = (id: string, approved = false) =>
    chat.post('responses', { type: 'PAYMENT_RESPONSE', id, approved, payment_id: asked });
  expect(await no('a')).toMatchObject(CONFLICT);
  expect(await stateOf(asked)).toBe('AWAITING_APPROVAL');
  expect((await no('b')).status).toBe(202);
  expect(await no('b', true)).toMatchObject(CONFLICT);
  expect(await chat.post('messages', { id: 'b', content: 'hello' })).toMatchObject(CONFLICT);
  expect(await chat.post('cancel-turn', { id: 'b' })).toMatchObject(CONFLICT);
  expect(await chat.post('close', { id: 'b' })).toMatchObject(CONFLICT);
  const client = await chat.enter();
  client.send({ type: 'CANCEL_TURN', id: 'b', data: {} });
  expect((await client.frame('ERROR')).data).toMatchObject({ for: 'b', code: 'idempotency_conflict' });
  await client.leave();
});

test('what a closed chat had taken is answered as before; an id that was refused is free', async () => {
  const chat = await openChat();
  const asked = await chat.ask();
  const yes = { type: 'PAYMENT_RESPONSE', id: 'yes', approved: true, payment_id: asked };
  expect(await chat.post('cancel-turn', { id: 'yes', turn_id: `trn_${'x'.repeat(21)}` })).toMatchObject({
    status: 404,
  });
  const first = await chat.post('responses', yes);
  expect(first).toMatchObject({ status: 202, body: { state: 'AUTHORIZING' } });
  expect((await chat.post('close', { id: 'end' })).status).toBe(200);
  expect(await chat.post('responses', yes)).toMatchObject({ status: 202, body: first.body });
  expect(await chat.post('close', { id: 'end' })).toMatchObject({ status: 200, body: { phase: 'CLOSED' } });
});

test('the same fact sent many times at once is taken once, and a chat remembers a bounded number', async () => {
  const chat = await openChat();
  const stops = await Promise.all(
    Array.from({ length: 8 }, () => chat.post('cancel-turn', { id: 'together' })),
  );
  expect(stops.map(({ status }) => status)).toEqual(stops.map(() => 202));
  const count = () =>
    api.t.db.withTx(SYSTEM, 'test', (tx) =>
      tx.query<{ n: number }>('select count(*)::int as n from client_facts where session_id = $1', [chat.id]),
    );
  expect(await count()).toEqual([{ n: 1 }]);
  await api.t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query(
      `insert into client_facts (session_id, client_id, user_id, said, answer, created_at)
       select $1, 'old-' || n, $2, '', '{}', now() - interval '1 day' + n * interval '1 second'
         from generate_series(1, 1500) n`,
      [chat.id, chat.userId],
    ),
  );
  expect((await chat.post('cancel-turn', { id: 'one-more' })).status).toBe(202);
  expect(await count()).toEqual([{ n: 1_000 }]);
});
