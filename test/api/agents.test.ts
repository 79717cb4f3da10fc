import { sealedKeys } from '../../db/agents';
import { SYSTEM } from '../../domain/principal';
import { createSeal } from '../../lib/seal';
import { json } from '../activities/zoo';
import { openDesk } from './agent-desk';
import type { AgentDesk } from './agent-desk';
import { SECRET } from './harness';

let desk: AgentDesk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

test('an agent is listed as pending, with its keys this once, and its monitor is started with it', async () => {
  const body = await desk.register('Day Counter');
  expect(body).toMatchObject({
    slug: 'day-counter',
    status: 'PENDING',
    owner_id: desk.owner.userId,
    base_url: desk.zoo.keep('Day-Counter', {}),
    probe: { good: null, problem: null },
  });
  expect(body.orchestrator_key).toMatch(/^ork_[0-9a-f]{48}$/);
  expect(body.signing_secret).toMatch(/^whsec_/);
  expect(desk.signalsOf(body.id)).toEqual([[null, undefined]]);

  const again = await desk.ask(`GET /api/agents/${body.id}`, { token: desk.owner.token });
  expect([again.body.orchestrator_key, again.body.signing_secret]).toEqual([undefined, undefined]);
  const keys = await desk.api.t.db.withTx(SYSTEM, 'test', (tx) => sealedKeys(tx, body.id));
  expect(createSeal(SECRET).open(keys.orchestratorKey)).toBe(body.orchestrator_key);
  expect(JSON.stringify(keys)).not.toContain(body.orchestrator_key);
});

test('what is pending is there for its owner and for who reviews, and for nobody else', async () => {
  const { id, slug } = await desk.register('Hidden One');
  const other = await desk.api.signIn('other@example.test');
  for (const token of [undefined, other.token]) {
    expect((await desk.ask(`GET /api/agents/${slug}`, { token })).status).toBe(404);
    expect((await desk.ask('GET /api/agents?q=Hidden', { token })).body).toMatchObject({
      agents: [],
      total: 0,
    });
  }
  for (const token of [desk.owner.token, desk.admin.token]) {
    expect((await desk.ask(`GET /api/agents/${slug}`, { token })).body.id).toBe(id);
    expect((await desk.ask('GET /api/agents?q=hidden&status=PENDING', { token })).body.total).toBe(1);
  }
  for (const call of ['PATCH', 'DELETE', 'POST /check', 'POST /rotate-keys']) {
    const [method, path = ''] = call.split(' ');
    const body = method === 'PATCH' ? {} : undefined;
    const answer = await desk.ask(`${method} /api/agents/${id}${path}`, { token: other.token, body });
    expect([call, answer.status]).toEqual([call, 404]);
  }
  expect((await desk.ask('POST /api/agents', { body: desk.fields('No one') })).status).toBe(401);
});

test('an approved agent is found by anyone, with what it offers and without its address', async () => {
  desk.zoo.keep('Reader', { health: json({ status: 'degraded', ready: true, version: '2.1' }) });
  const { id } = await desk.register('Reader', {
    base_url: `${desk.zoo.url}/Reader`,
    categories: ['writing'],
    tags: ['plain words'],
    pricing_summary: { type: 'per_action', from_usdc: '0.05' },
    source_code_url: 'https://example.com/reader',
  });
  await desk.probe(id);
  expect((await desk.review(id, { decision: 'approve', reason: 'fine' })).body).toMatchObject({
    status: 'ACTIVE',
    status_reason: 'fine',
  });
  const seen = (await desk.ask('GET /api/agents/reader')).body;
  expect(seen).toMatchObject({
    id,
    status: 'ACTIVE',
    categories: ['writing'],
    tags: ['plain words'],
    pricing_summary: { type: 'per_action', from_usdc: '0.05' },
    agent_version: '2.1',
    last_health_status: 'degraded',
    avg_rating: null,
    total_jobs: 0,
  });
  expect(seen.actions.map(({ name }) => name)).toEqual(['count', 'read', 'dear', 'send', 'mail', 'erase']);
  expect(Object.keys(seen).filter((key) => /url$|owner|probe|key|secret|reason/.test(key))).toEqual([
    'source_code_url',
  ]);
  for (const query of ['q=plain+WORDS', 'category=writing', 'q=reader&category=writing&page=1&per_page=1']) {
    expect((await desk.ask(`GET /api/agents?${query}`)).body.agents.map((agent) => agent.id)).toEqual([id]);
  }
  expect((await desk.ask('GET /api/agents?category=writ')).body.agents).toEqual([]);
});

test('only an agent whose last check was good is approved, and the owner reads what was wrong', async () => {
  desk.zoo.keep('Sick', { health: json({}, 503), capabilities: json({ message: 'hm', actions: [] }) });
  const { id } = await desk.register('Sick', { base_url: `${desk.zoo.url}/Sick` });
  expect((await desk.review(id, { decision: 'approve' })).body.error).toMatchObject({
    code: 'agent_not_checked',
    message: 'Only an agent whose last check was good is approved. It has not been checked yet.',
  });
  expect(await desk.probe(id)).toMatchObject({ kind: 'probed', retryInMs: 10 });
  const problem = async () =>
    (await desk.ask(`GET /api/agents/${id}`, { token: desk.owner.token })).body.probe;
  expect(await problem()).toMatchObject({ good: false, problem: 'GET /health answered HTTP 503, not 200.' });
  desk.zoo.keep('Sick', { health: json({ status: 'ok', ready: false }) });
  await desk.probe(id);
  expect(await problem()).toMatchObject({ good: false, problem: 'The agent says that it is not ready.' });
  desk.zoo.keep('Sick', { capabilities: json({ message: 'hm', actions: [] }) });
  await desk.probe(id);
  expect((await problem())?.problem).toMatch(/^GET \/capabilities: .*agreed form/);
  expect([
    (await desk.review(id, { decision: 'approve' })).status,
    (await desk.review(id, { decision: 'approve' })).body.error.code,
  ]).toEqual([409, 'agent_not_checked']);
  desk.zoo.keep('Sick', {});
  expect(await desk.probe(id)).toMatchObject({ retryInMs: null });
  expect((await desk.review(id, { decision: 'approve' })).body.status).toBe('ACTIVE');
});

test('a probe that is not good names the waits of the settings, and then none', async () => {
  const { id } = await desk.register('Waits', { base_url: `${desk.zoo.url}/nowhere` });
  const waits = [];
  for (const attempt of [1, 2, 3]) waits.push(await desk.probe(id, attempt));
  expect(waits).toMatchObject([{ retryInMs: 10 }, { retryInMs: 20 }, { retryInMs: null }]);
});

test('a review is for those in the settings, and in development for the test user', async () => {
  const { id } = await desk.register('Judged');
  await desk.probe(id);
  const refused = await desk.review(id, { decision: 'approve' }, desk.owner.token);
  expect([refused.status, refused.body.error.code]).toEqual([403, 'forbidden']);
  const test = await desk.api.signIn('test@mooring.local');
  expect((await desk.review(id, { decision: 'approve' }, test.token)).body.status).toBe('ACTIVE');
});

test('a decision made twice is one decision, and the other one afterwards is refused', async () => {
  const { id } = await desk.active('Decided');
  expect((await desk.review(id, { decision: 'approve' })).status).toBe(200);
  expect((await desk.review(id, { decision: 'reject' })).body.error.code).toBe('listing_not_open');
  const events = await desk.api.t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query('select to_status from listing_events where agent_id = $1 order by number', [id]),
  );
  expect(events).toEqual([{ to_status: 'PENDING' }, { to_status: 'ACTIVE' }]);
});

test('a rejected agent tells its owner why, its monitor ends, and it can only be deleted', async () => {
  const { id } = await desk.register('Unwanted');
  await desk.probe(id);
  expect((await desk.review(id, { decision: 'reject', reason: 'It sells rain.' })).body.status).toBe(
    'REJECTED',
  );
  expect((await desk.ask(`GET /api/agents/${id}`, { token: desk.owner.token })).body.status_reason).toBe(
    'It sells rain.',
  );
  expect(desk.signalsOf(id).at(-1)).toEqual(['listingChanged', 2]);
  expect(await desk.probe(id)).toEqual({ kind: 'closed', status: 'REJECTED' });
  for (const call of [`PATCH /api/agents/${id}`, `POST /api/agents/${id}/check`]) {
    const answer = await desk.ask(call, { token: desk.owner.token, body: {} });
    expect(answer.body.error.code).toBe('listing_not_open');
  }
  expect((await desk.ask(`DELETE /api/agents/${id}`, { token: desk.owner.token })).status).toBe(204);
});

test('a deleted agent is there for nobody, its monitor ends, and its name is free', async () => {
  const { id, slug } = await desk.active('Short Lived');
  expect((await desk.ask(`DELETE /api/agents/${id}`, { token: desk.owner.token })).status).toBe(204);
  for (const token of [undefined, desk.owner.token, desk.admin.token]) {
    expect((await desk.ask(`GET /api/agents/${id}`, { token })).status).toBe(404);
  }
  expect((await desk.ask(`DELETE /api/agents/${id}`, { token: desk.owner.token })).status).toBe(404);
  expect(await desk.probe(id)).toEqual({ kind: 'closed', status: 'DELETED' });
  expect((await desk.register('Short Lived')).slug).toBe(slug);
});

test('words may be changed while an agent is active; at another address it is pending and probed anew', async () => {
  const { id } = await desk.active('Mover');
  const words = await desk.ask(`PATCH /api/agents/${id}`, {
    token: desk.owner.token,
    body: {
      description: 'It moves.',
      tags: ['new'],
    },
  });
  expect(words.body).toMatchObject({
    status: 'ACTIVE',
    description: 'It moves.',
    tags: ['new'],
    name: 'Mover',
  });
  expect(desk.signalsOf(id)).toHaveLength(1);

  const moved = await desk.ask(`PATCH /api/agents/${id}`, {
    token: desk.owner.token,
    body: { base_url: `${desk.zoo.url}/elsewhere/` },
  });
  expect(moved.body).toMatchObject({
    status: 'PENDING',
    base_url: `${desk.zoo.url}/elsewhere`,
    probe: { good: null },
    actions: [],
    last_health_status: null,
  });
  expect(desk.signalsOf(id).at(-1)).toEqual(['listingChanged', 2]);
  expect((await desk.ask('GET /api/agents/mover')).status).toBe(404);
  expect((await desk.review(id, { decision: 'approve' })).body.error.code).toBe('agent_not_checked');
});

test('what a probe found of the old address is not written to the new one', async () => {
  let moved: Promise<unknown> | undefined;
  const { id } = await desk.register('Racer', {
    base_url: desk.zoo.keep('Racer', {
      capabilities: (res) => {
        // It moves while it is probed.
        moved ??= desk.ask(`PATCH /api/agents/${id}`, {
          token: desk.owner.token,
          body: { base_url: `${desk.zoo.url}/nowhere` },
        });
        void moved.then(() => json({ message: 'I am here.', actions: [] })(res, 1));
      },
    }),
  });
  await desk.probe(id);
  const { body } = await desk.ask(`GET /api/agents/${id}`, { token: desk.owner.token });
  expect(body).toMatchObject({ base_url: `${desk.zoo.url}/nowhere`, probe: { good: null } });
});

test('a check answers with its outcome, and with 202 when that takes too long', async () => {
  const { id } = await desk.register('Checked');
  const waiting = desk.ask(`POST /api/agents/${id}/check`, { token: desk.owner.token });
  let signals = desk.signalsOf(id);
  while (signals.length < 2) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    signals = desk.signalsOf(id);
  }
  expect(signals.at(-1)).toEqual(['listingChanged', 2]);
  await desk.probe(id);
  expect(await waiting).toMatchObject({ status: 200, body: { probe: { good: true } } });
  expect((await desk.ask(`POST /api/agents/${id}/check`, { token: desk.owner.token })).status).toBe(202);
});

test('new keys take the place of the old ones', async () => {
  const first = await desk.register('Locked');
  const { body } = await desk.ask(`POST /api/agents/${first.id}/rotate-keys`, { token: desk.owner.token });
  expect(body.orchestrator_key).not.toBe(first.orchestrator_key);
  const keys = await desk.api.t.db.withTx(SYSTEM, 'test', (tx) => sealedKeys(tx, first.id));
  const { open } = createSeal(SECRET);
  expect([open(keys.orchestratorKey), open(keys.signingSecret)]).toEqual([
    body.orchestrator_key,
    body.signing_secret,
  ]);
});
