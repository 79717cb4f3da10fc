import { asAgent } from '../../domain/principal';
import { askPerson, decide, linkOf } from './person';
import { setNetworkStage } from './stage';
import type { NetworkStage, Player } from './stage';

// What is not told to who might use it.
let stage: NetworkStage;
beforeAll(async () => {
  stage = await setNetworkStage();
});
afterAll(() => stage.close());

const ask = async (from: Player, to: Player): Promise<string> => {
  const body = { to_agent_id: to.id, task_type: 'service_request', description: 'Count these words' };
  return String((await from.call('/v1/tasks', { body })).body['id']);
};

test('the token of an approval stands in no line of the log', async () => {
  const link = await linkOf(stage, await askPerson(stage));
  const token = link.split('/').at(-1) ?? '';
  await fetch(stage.api.url + link);
  await fetch(`${stage.api.url}/approve/${token}/`);
  await fetch(`${stage.api.url}/approve?token=${token}`);
  expect(token).toHaveLength(64);
  expect(stage.api.logged()).toContain('/approve/…');
  expect(stage.api.logged()).not.toContain(token);
});

test('a used link tells its decision, and neither what was asked for nor what came of it', async () => {
  const asked = await askPerson(stage, { wish: { payload_inline: { to: 'SECRET-PAYLOAD' } } });
  const token = (await linkOf(stage, asked)).split('/').at(-1) ?? '';
  await decide(stage, asked);
  await asked.receiver.call(`/v1/tasks/${asked.id}/complete`, {
    body: { result: { said: 'SECRET-RESULT' } },
  });
  const again = await stage.api.call(`/v1/tasks/${asked.id}/confirm-human`, {
    body: { confirmed: true, token },
  });
  expect(again).toMatchObject({
    status: 200,
    body: { id: asked.id, status: 'completed', decided_at: expect.any(String) as string },
  });
  const shown = await stage.api.call(`/v1/public/approve?token=${token}`, { method: 'GET' });
  expect(shown).toMatchObject({ status: 200, body: { session_status: 'confirmed', payload_inline: null } });
  expect(JSON.stringify([again.body, shown.body])).not.toContain('SECRET');
});

test('the link that development shows is for the sender’s program alone', async () => {
  const asked = await askPerson(stage);
  const read = async (player: Player) => (await player.call(`/v1/tasks/${asked.id}`)).body;
  expect(await read(asked.sender)).toHaveProperty('_dev_approval_url');
  expect(await read(asked.receiver)).not.toHaveProperty('_dev_approval_url');
});

test('what an agent’s endpoint answers is for its own side: the sender’s person reads that it was told, and when', async () => {
  const { url } = await stage.listen((_req, res) => void res.end('SECRET-STACK'));
  const [ann, ben] = [
    await stage.api.signIn('ann@apart.example.org'),
    await stage.api.signIn('ben@apart.example.org'),
  ];
  const [from, to] = [await stage.join({}, ann.token), await stage.join({ endpoint: url }, ben.token)];
  const id = await ask(from, to);
  await stage.deliver(id);
  const attempts = async (token: string): Promise<unknown> =>
    ((await stage.api.call(`/api/tasks/${id}`, { token })).body as unknown as Record<string, unknown>)[
      'attempts'
    ];
  expect(await attempts(ben.token)).toMatchObject([{ http_status: 200, head: 'SECRET-STACK' }]);
  expect(await attempts(ann.token)).toMatchObject([{ http_status: 200, head: null }]);
});

test('an answer that comes after the task’s time does not count', async () => {
  const { url } = await stage.listen((_req, res) => {
    void stage
      .query(`update tasks set expires_at = now() - interval '1 second' where to_agent_id = $1`, [to.id])
      .then(() => res.end('{}'));
  });
  const [from, to] = [await stage.join(), await stage.join({ endpoint: url })];
  const id = await ask(from, to);
  expect(await stage.deliver(id)).toMatchObject({ kind: 'ended', status: 'expired' });
});

test('of several changes of one key at once one is made, and the key that it gave is good', async () => {
  const ann = await stage.join();
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => ann.call(`/v1/agents/${ann.id}/rotate-key`, { method: 'POST' })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
  const key = String(answers.find(({ status }) => status === 200)?.body['api_key']);
  const headers = { authorization: `Bearer ${key}` };
  expect(await stage.api.call('/v1/agents/me', { headers })).toMatchObject({ status: 200 });
});

test('a new code can be had without one to type, whatever became of the last', async () => {
  const asked = await askPerson(stage, { wish: { risk_level: 'R3' } });
  const token = (await linkOf(stage, asked)).split('/').at(-1) ?? '';
  const confirm = (code?: string) =>
    stage.api.call(`/v1/tasks/${asked.id}/confirm-human`, {
      body: { confirmed: true, token, ...(code === undefined ? {} : { code }) },
    });
  await confirm();
  for (let tries = 0; tries < 5; tries += 1) await confirm('no code');
  // As it is some time later.
  await stage.query(
    `update confirmations set code_until = code_until - interval '1 minute' where task_id = $1`,
    [asked.id],
  );
  expect(await confirm()).toMatchObject({
    status: 403,
    body: { error: { code: 'step_up_required', details: { reason: 'code_sent' } } },
  });
});

test.each<[string, string, unknown]>([
  ['/v1/agents/me/webhook', 'secret', { endpoint: 'http://127.0.0.1:9/', secret: 'whsec_!!!!not base64' }],
  ['/v1/agents/me', 'display_name', { display_name: 'Ann\nApprove' }],
  ['/v1/agents/me', 'skills', { skills: ['words\nlines'] }],
  ['/v1/agents/me', 'languages', { languages: ['de\u202e'] }],
  ['/v1/agents/me', 'timezone', { timezone: 'UTC\n' }],
  ['/v1/agents/me', 'pricing_hint', { pricing_hint: 'free\n' }],
  ['/v1/agents/me', 'field_visibility', { field_visibility: { nonsense: 'public' } }],
])('%s with a bad %s is refused by name', async (path, field, body) => {
  const ann = await stage.join();
  const answer = await ann.call(path, { method: path.endsWith('webhook') ? 'POST' : 'PATCH', body });
  expect([answer.status, JSON.stringify(answer.body['detail'])]).toEqual([
    422,
    expect.stringContaining(field),
  ]);
});

test('the longest lists of a profile are kept, whatever their characters', async () => {
  const list = Array.from({ length: 50 }, (_, at) => `${at} ${'€'.repeat(90)}`);
  const body = { interests: list, can_offer: list, looking_for: list, risk_capabilities: list, skills: list };
  const ann = await stage.join();
  expect(await ann.call('/v1/agents/me', { method: 'PATCH', body })).toMatchObject({ status: 200 });
});

test('a key whose day is over is a new one', async () => {
  const [from, to] = [await stage.join(), await stage.join()];
  const create = () =>
    from.call('/v1/tasks', {
      body: { to_agent_id: to.id, task_type: 'service_request' },
      headers: { 'idempotency-key': 'daily' },
    });
  const first = (await create()).body['id'];
  expect((await create()).body['id']).toBe(first);
  await stage.query(`update idempotency_records set created_at = created_at - interval '25 hours'`);
  const second = await create();
  expect([second.status, second.body['id'] === first]).toEqual([201, false]);
  expect((await create()).body['id']).toBe(second.body['id']);
});

test('an agent writes to no task of others, asks nobody’s person, and reads no decision', async () => {
  const asked = await askPerson(stage);
  const eve = await stage.join();
  const as = (who: Player, text: string, values: unknown[]) =>
    stage.api.t.db.withTx(asAgent(who.id), 'test.as', (tx) => tx.query(text, values));
  const refused = { code: '42501' };
  const [row] = await stage.query<{ user_id: string }>('select user_id from tasks where id = $1', [asked.id]);
  for (const number of [2, 9]) {
    const event = as(
      eve,
      `insert into task_events (task_id, number, from_status, to_status, actor) values ($1, $2, 'pending_delivery', 'pending_accept', 'rules')`,
      [asked.id, number],
    );
    await expect(event).rejects.toMatchObject(refused);
  }
  const open = await ask(asked.sender, asked.receiver);
  for (const who of [eve, asked.sender]) {
    const question = as(
      who,
      `insert into confirmations (id, task_id, user_id, payload_hash, expires_at, remind_at)
       values ('hc_' || repeat('a', 21), $1, $2, '\\x00', now(), now())`,
      [open, row?.user_id],
    );
    await expect(question).rejects.toMatchObject(refused);
  }
  const interaction = as(
    eve,
    `insert into interactions (task_id, from_agent_id, to_agent_id, status) values ($1, $2, $2, 'completed')`,
    [open, eve.id],
  );
  await expect(interaction).rejects.toMatchObject(refused);
  await expect(as(asked.sender, `update interactions set status = 'completed'`, [])).rejects.toMatchObject(
    refused,
  );
  await decide(stage, asked, { note: 'SECRET-NOTE' });
  for (const who of [asked.sender, asked.receiver, eve]) {
    expect(await as(who, 'select * from confirmations', [])).toEqual([]);
  }
});
