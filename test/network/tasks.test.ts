import { Client } from 'pg';
import { Webhook } from 'standardwebhooks';
import { SYSTEM } from '../../domain/principal';
import { setNetworkStage } from './stage';
import type { NetworkStage, Player } from './stage';

let stage: NetworkStage;
beforeAll(async () => {
  stage = await setNetworkStage();
});
afterAll(() => stage.close());

const ask = async (from: Player, to: Player, wish: Record<string, unknown> = {}) =>
  from.call('/v1/tasks', {
    body: { to_agent_id: to.id, task_type: 'service_request', description: 'Count these words', ...wish },
  });
const idOf = (reply: { body: Record<string, unknown> }): string => String(reply.body['id']);

test('an agent asks another, which finds the task in its inbox, accepts and completes it; both read the result', async () => {
  const [ann, ben] = [await stage.join(), await stage.join()];
  const asked = await ask(ann, ben, { payload_inline: { text: 'one two' } });
  expect(asked.status).toBe(201);
  expect(asked.body).toMatchObject({
    from_agent_id: ann.id,
    to_agent_id: ben.id,
    status: 'pending_accept',
    risk_level: 'R0',
    requires_human_confirm: false,
    delivery_attempts: 0,
    ui_hint: 'action_required',
    next_actions: ['accept', 'decline'],
  });
  const id = idOf(asked);
  const inbox = await ben.call('/v1/tasks/inbox');
  expect(inbox.body).toMatchObject({
    data: [{ id, payload_inline: { text: 'one two' } }],
    has_more: false,
    next_cursor: null,
  });
  expect((await ben.call(`/v1/tasks/${id}/accept`, { method: 'POST' })).body).toMatchObject({
    status: 'in_progress',
  });
  const done = await ben.call(`/v1/tasks/${id}/complete`, {
    body: { result: { words: 2 }, result_text: 'Two words.', notes: 'easy' },
  });
  expect(done.body).toMatchObject({ status: 'completed', completed_at: expect.any(String) as string });
  expect((await ann.call(`/v1/tasks/${id}`)).body).toMatchObject({
    status: 'completed',
    result: { words: 2 },
    result_text: 'Two words.',
    notes: 'easy',
  });
  expect(stage.api.t.signals.filter(({ workflowId }) => workflowId === `task/${id}`)).toMatchObject([
    { signal: null, input: { taskId: id, agentId: ben.id } },
    { signal: 'taskEnded', signalInput: { version: 1, status: 'completed' } },
  ]);
});

test('an agent with a webhook is told once, signed with both secrets that are good, under one id', async () => {
  const answers = [503, 200];
  const { url, heard } = await stage.listen((_req, res) => {
    res.writeHead(answers.shift() ?? 200).end('{}');
  });
  const [ann, ben] = [await stage.join(), await stage.join()];
  const first = `whsec_${Buffer.from('the first secret of this agent').toString('base64')}`;
  for (const secret of [first, 'a secret of its own']) {
    const set = await ben.call('/v1/agents/me/webhook', { body: { endpoint: url, secret } });
    expect(set.status).toBe(200);
  }
  const asked = await ask(ann, ben);
  expect(asked.body).toMatchObject({ status: 'pending_delivery', ui_hint: 'waiting' });
  const id = idOf(asked);
  expect(await stage.deliver(id)).toMatchObject({ kind: 'retry', inMs: expect.any(Number) as number });
  expect(await stage.deliver(id)).toMatchObject({ kind: 'open', status: 'delivered' });
  expect(await stage.deliver(id)).toMatchObject({ kind: 'open', status: 'delivered' });
  expect(heard).toHaveLength(2);
  for (const [at, { headers, body }] of heard.entries()) {
    expect(headers).toMatchObject({
      'webhook-id': id,
      'idempotency-key': id,
      'x-mooring-attempt': String(at + 1),
      'x-seabay-event': 'task.created',
    });
    const signed = headers as Record<string, string>;
    expect(() => new Webhook(first).verify(body, signed)).not.toThrow();
    expect(() => new Webhook('a secret of its own', { format: 'raw' }).verify(body, signed)).not.toThrow();
    expect(JSON.parse(body)).toMatchObject({ event: 'task.created', task: { id, risk_level: 'R0' } });
  }
  expect((await ann.call(`/v1/tasks/${id}`)).body).toMatchObject({
    status: 'delivered',
    delivery_attempts: 2,
  });
});

test('the fourth attempt that fails ends the task; a final refusal ends it at once', async () => {
  const [ann, ben] = [await stage.join(), await stage.join()];
  const { url, heard } = await stage.listen((_req, res) => void res.writeHead(500).end());
  await ben.call('/v1/agents/me/webhook', { body: { endpoint: url } });
  const id = idOf(await ask(ann, ben));
  const kinds = [];
  for (let count = 0; count < 4; count += 1) kinds.push((await stage.deliver(id)).kind);
  expect(kinds).toEqual(['retry', 'retry', 'retry', 'ended']);
  expect(heard).toHaveLength(4);
  expect((await ann.call(`/v1/tasks/${id}`)).body).toMatchObject({ status: 'failed', ui_hint: 'error' });

  const { url: gone } = await stage.listen((_req, res) => void res.writeHead(410).end());
  await ben.call('/v1/agents/me/webhook', { body: { endpoint: gone } });
  const other = idOf(await ask(ann, ben));
  expect(await stage.deliver(other)).toEqual({ kind: 'ended', status: 'failed' });
  expect((await ann.call(`/v1/tasks/${other}`)).body).toMatchObject({
    error: { code: 'agent_refused', message: expect.stringContaining('410') as string },
    retryable: null,
  });
});

test('a receiver that fails says why, and whether to ask again', async () => {
  const [ann, ben] = [await stage.join(), await stage.join()];
  const id = idOf(await ask(ann, ben));
  expect((await ann.call(`/v1/tasks/${id}`)).body).toMatchObject({ error: null, retryable: null });
  await ben.call(`/v1/tasks/${id}/accept`, { method: 'POST' });
  await ben.call(`/v1/tasks/${id}/fail`, { body: { reason: 'no paper', retryable: true } });
  expect((await ann.call(`/v1/tasks/${id}`)).body).toMatchObject({
    status: 'failed',
    notes: 'no paper',
    error: null,
    retryable: true,
  });
});

test('a stranger finds no task; the wrong side is refused; a second end is refused with the state it met', async () => {
  const [ann, ben, eve] = [await stage.join(), await stage.join(), await stage.join()];
  const id = idOf(await ask(ann, ben));
  for (const path of [
    `/v1/tasks/${id}`,
    `/v1/tasks/${id}/accept`,
    `/v1/tasks/${id}/cancel`,
    '/v1/tasks/tsk_x',
  ]) {
    const isRead = path.endsWith(id) || path.endsWith('x');
    const reply = await eve.call(path, isRead ? {} : { body: {} });
    expect(reply).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
  }
  expect(await ann.call(`/v1/tasks/${id}/accept`, { method: 'POST' })).toMatchObject({ status: 400 });
  expect(await ben.call(`/v1/tasks/${id}/cancel`, { body: {} })).toMatchObject({ status: 400 });
  expect(await ben.call(`/v1/tasks/${id}/complete`, { body: {} })).toMatchObject({
    status: 409,
    body: { error: { code: 'invalid_state_transition', details: { status: 'pending_accept' } } },
  });
  await ben.call(`/v1/tasks/${id}/decline`, { body: { reason: 'no time' } });
  expect(await ben.call(`/v1/tasks/${id}/accept`, { method: 'POST' })).toMatchObject({
    status: 409,
    body: {
      error: { code: 'invalid_state_transition', details: { status: 'declined' } },
      detail: { error: { code: 'invalid_state_transition' } },
    },
  });
  expect((await ann.call(`/v1/tasks/${id}`)).body).toMatchObject({ status: 'declined', notes: 'no time' });
});

test('a call after the time of a task expires it there and then, and is told so', async () => {
  const [ann, ben] = [await stage.join(), await stage.join()];
  const id = idOf(await ask(ann, ben, { ttl_seconds: 60 }));
  const { db } = stage.api.t;
  await db.withTx(SYSTEM, 'test', (tx) =>
    tx.query(`update tasks set expires_at = now() - interval '1 second' where id = $1`, [id]),
  );
  expect(await ben.call(`/v1/tasks/${id}/accept`, { method: 'POST' })).toMatchObject({
    status: 409,
    body: { error: { code: 'invalid_state_transition', details: { status: 'expired' } } },
  });
  for (const side of [ann, ben]) {
    expect((await side.call(`/v1/tasks/${id}`)).body).toMatchObject({ status: 'expired' });
  }
});

const letPass = (id: string) =>
  stage.query(`update tasks set expires_at = now() - interval '1 second' where id = $1`, [id]);

test('who reads a task after its time reads that it has expired, and it is in no inbox any more', async () => {
  const [ann, ben] = [await stage.join(), await stage.join()];
  const [id, other] = [idOf(await ask(ann, ben)), idOf(await ask(ann, ben))];
  await letPass(id);
  expect((await ben.call('/v1/tasks/inbox')).body).toMatchObject({ data: [{ id: other }] });
  expect((await ann.call(`/v1/tasks/${id}`)).body).toMatchObject({ status: 'expired' });
  expect(
    await stage.query('select to_status from task_events where task_id = $1 and number = 3', [id]),
  ).toEqual([{ to_status: 'expired' }]);
});

test('a word or a file after the time of a task expires it there and then', async () => {
  const [ann, ben] = [await stage.join(), await stage.join()];
  const late = [
    ['messages', { message_type: 'text', content: 'Are you there?' }],
    ['artifacts', { name: 'a.txt', content_type: 'text/plain', url: 'https://example.org/a.txt' }],
  ] as const;
  for (const [what, body] of late) {
    const id = idOf(await ask(ann, ben));
    await ben.call(`/v1/tasks/${id}/accept`, { method: 'POST' });
    await letPass(id);
    expect(await ben.call(`/v1/tasks/${id}/${what}`, { body })).toMatchObject({
      status: 409,
      body: { error: { code: 'invalid_state_transition', details: { status: 'expired' } } },
    });
    expect(await stage.query('select status from tasks where id = $1', [id])).toEqual([
      { status: 'expired' },
    ]);
  }
});

test('a bad body is told to nobody whose key is not good', async () => {
  const ann = await stage.join();
  const send = (key: string) =>
    ann.call('/v1/tasks', { body: { to_agent_id: 7 }, headers: { authorization: `Bearer ${key}` } });
  expect(await send('sk_live_nobody')).toMatchObject({ status: 401 });
  const refused = await ann.call('/v1/tasks', { body: { to_agent_id: 7 } });
  expect(refused.status).toBe(422);
  expect(refused.headers.get('ratelimit-remaining')).not.toBeNull();
});

test('the database itself refuses an edge that is not legal', async () => {
  const [ann, ben] = [await stage.join(), await stage.join()];
  const id = idOf(await ask(ann, ben));
  const put = (status: string) => stage.query('update tasks set status = $2 where id = $1', [id, status]);
  await expect(put('completed')).rejects.toMatchObject({ code: '23514' });
  await ann.call(`/v1/tasks/${id}/cancel`, { body: {} });
  await expect(put('in_progress')).rejects.toMatchObject({ code: '23514' });
});

test('the same call with the same key is answered as the first was, and does nothing more', async () => {
  const [ann, ben] = [await stage.join(), await stage.join()];
  const headers = { 'idempotency-key': 'once' };
  const body = { to_agent_id: ben.id, task_type: 'service_request' };
  const [first, second] = [
    await ann.call('/v1/tasks', { body, headers }),
    await ann.call('/v1/tasks', { body, headers }),
  ];
  expect(second).toMatchObject({ status: 201, body: { id: idOf(first) } });
  expect(second.headers.get('idempotent-replayed')).toBe('true');
  expect(await ann.call('/v1/tasks', { body: { ...body, description: 'other' }, headers })).toMatchObject({
    status: 409,
    body: { error: { code: 'idempotency_conflict' } },
  });
  expect((await ben.call('/v1/tasks/inbox')).body['data']).toHaveLength(1);
  const many = await Promise.all(
    Array.from({ length: 8 }, () =>
      ann.call('/v1/tasks', { body, headers: { 'idempotency-key': 'at once' } }),
    ),
  );
  expect(new Set(many.filter(({ status }) => status === 201).map(idOf)).size).toBe(1);
  expect(many.every(({ status }) => status === 201 || status === 409)).toBe(true);
  expect((await ben.call('/v1/tasks/inbox')).body['data']).toHaveLength(2);
});

test('pages of the inbox lose and repeat nothing', async () => {
  const [ann, ben] = [await stage.join(), await stage.join()];
  const made = [];
  for (let count = 0; count < 10; count += 1) made.push(idOf(await ask(ann, ben)));
  const seen: string[] = [];
  for (let cursor: unknown = undefined; cursor !== null;) {
    const page = await ben.call(
      `/v1/tasks/inbox?limit=3${typeof cursor === 'string' ? `&cursor=${cursor}` : ''}`,
    );
    seen.push(...(page.body['data'] as { id: string }[]).map(({ id }) => id));
    cursor = page.body['next_cursor'];
  }
  expect(seen).toEqual(made.reverse());
});

test('risk comes of words and payloads and is never lowered; without a person R2 and R3 are refused', async () => {
  const [ann, ben] = [await stage.join(), await stage.join()];
  for (const wish of [
    { description: 'a payment of $100', risk_level: 'R0' },
    { description: 'hello', payload_inline: { action: 'transfer' } },
  ]) {
    expect(await ask(ann, ben, wish)).toMatchObject({
      status: 409,
      body: { error: { code: 'human_channel_missing', details: { risk_level: 'R3' } } },
    });
  }
  expect((await ask(ann, ben, { description: 'design the border signage' })).body).toMatchObject({
    risk_level: 'R0',
  });
  expect((await ask(ann, ben, { risk_level: 'R1' })).body).toMatchObject({
    risk_level: 'R1',
    risk_reasons: ['The sender says R1.'],
  });
});

/** Past the database's own guard of the edges. */
async function putInto(id: string, status: string): Promise<void> {
  const owner = new Client({ connectionString: stage.api.t.url });
  await owner.connect();
  try {
    await owner.query('set session_replication_role = replica');
    await owner.query('update tasks set status = $2 where id = $1', [id, status]);
  } finally {
    await owner.end();
  }
}

test.each([
  ['pending_delivery', ['accept', 'decline', 'cancel']],
  ['delivered', ['accept', 'decline', 'cancel']],
  ['pending_accept', ['accept', 'decline', 'cancel']],
  ['waiting_human_confirm', ['cancel']],
  ['in_progress', ['complete', 'fail', 'cancel']],
])('a task that is %s allows %j and no other call', async (status, allowed) => {
  const [ann, ben] = [await stage.join(), await stage.join()];
  for (const call of ['accept', 'decline', 'complete', 'fail', 'cancel']) {
    const id = idOf(await ask(ann, ben));
    await putInto(id, status);
    const body = call === 'fail' ? { reason: 'no' } : {};
    const said = await (call === 'cancel' ? ann : ben).call(`/v1/tasks/${id}/${call}`, { body });
    expect([call, said.status, said.body.error?.details?.['status']]).toEqual(
      allowed.includes(call) ? [call, 200, undefined] : [call, 409, status],
    );
  }
});
