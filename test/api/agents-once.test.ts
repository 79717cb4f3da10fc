import { sealedKeys } from '../../db/agents';
import { LISTINGS_OF_A_PERSON } from '../../domain/agent';
import { SYSTEM } from '../../domain/principal';
import { createSeal } from '../../lib/seal';
import { openDesk } from './agent-desk';
import type { AgentDesk } from './agent-desk';
import { SECRET } from './harness';

let desk: AgentDesk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

const post = (fields: object, token = desk.owner.token) =>
  desk.ask('POST /api/agents', { token, body: fields });
const countAt = async (baseUrl: string): Promise<number> => {
  const rows = await desk.api.t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query(`select 1 from agents where base_url = $1 and status <> 'DELETED'`, [baseUrl]),
  );
  return rows.length;
};

test('an agent whose answer was lost is listed once: the same listing, with new keys', async () => {
  const first = await desk.register('Lost Answer');
  const again = await post(desk.fields('Lost Answer', { description: 'Said anew.' }));
  expect([again.status, again.body.id, again.body.slug]).toEqual([200, first.id, 'lost-answer']);
  expect(again.body).toMatchObject({ status: 'PENDING', description: 'Said anew.' });
  expect(again.body.orchestrator_key).not.toBe(first.orchestrator_key);
  const keys = await desk.api.t.db.withTx(SYSTEM, 'test', (tx) => sealedKeys(tx, first.id));
  expect(createSeal(SECRET).open(keys.orchestratorKey)).toBe(again.body.orchestrator_key);
  expect(await countAt(first.base_url ?? '')).toBe(1);
  expect(desk.signalsOf(first.id)).toEqual([
    [null, undefined],
    ['listingChanged', 2],
  ]);
});

test('an agent that is listed by two requests at once is listed once', async () => {
  const fields = desk.fields('At Once');
  const answers = await Promise.all(Array.from({ length: 5 }, () => post(fields)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201]);
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
});

test('an address that another person lists is theirs to list too', async () => {
  const other = await desk.api.signIn('other@example.test');
  const { id, base_url } = await desk.register('Shared');
  const { status, body } = await post(desk.fields('Shared', { base_url }), other.token);
  expect([status, body.id === id]).toEqual([201, false]);
});

test('an agent that was approved keeps its keys: to list it again is refused, also when it is pending anew', async () => {
  const { id, slug, base_url } = await desk.active('Approved');
  const conflict = { code: 'agent_already_listed', details: { id, slug } };
  const refused = await post(desk.fields('Approved', { base_url }));
  expect([refused.status, refused.body.error]).toMatchObject([409, conflict]);
  const elsewhere = `${desk.zoo.url}/approved-elsewhere`;
  await desk.ask(`PATCH /api/agents/${id}`, { token: desk.owner.token, body: { base_url: elsewhere } });
  expect((await post(desk.fields('Approved', { base_url: elsewhere }))).body.error).toMatchObject(conflict);
});

test('a review of what has changed since it was looked at is refused', async () => {
  const { id } = await desk.register('Changeling');
  await desk.probe(id);
  const look = async () =>
    (await desk.ask(`GET /api/agents/${id}`, { token: desk.admin.token })).body.version;
  const approve = (version: string | undefined) => desk.review(id, { decision: 'approve', version });
  const refused = { status: 409, body: { error: { code: 'listing_changed' } } };

  const seen = await look();
  expect(seen).toMatch(/^[0-9a-f]{16}$/);
  await desk.ask(`PATCH /api/agents/${id}`, { token: desk.owner.token, body: { description: 'Other.' } });
  expect(await approve(seen)).toMatchObject(refused);

  const words = await look();
  desk.zoo.keep('Changeling', {
    capabilities: (res) =>
      void res.end(
        JSON.stringify({
          message: 'I cost more.',
          actions: [{ name: 'x', description: 'x', input_schema: {} }],
        }),
      ),
  });
  await desk.probe(id);
  expect(await approve(words)).toMatchObject(refused);
  expect((await desk.ask(`GET /api/agents/${id}`, { token: desk.admin.token })).body.status).toBe('PENDING');

  const now = await look();
  expect((await approve(now)).body.status).toBe('ACTIVE');
  // The decision again, its answer lost, is that decision.
  expect((await approve(seen)).status).toBe(200);
});

test('a person lists as many agents as are allowed, and another one when one is deleted', async () => {
  const many = await desk.api.signIn('many@example.test');
  await desk.api.t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query(
      `insert into agents (id, kind, owner_id, slug, name, description, base_url, status)
       select 'agt_' || lpad(n::text, 21, '0'), 'service', $1, 'many-' || n, 'Many', '', 'http://127.0.0.1:1/' || n,
              case when n = 1 then 'REJECTED' else 'PENDING' end
         from generate_series(1, $2::int) n`,
      [many.userId, LISTINGS_OF_A_PERSON],
    ),
  );
  const next = (n: number) => post(desk.fields(`Next ${n}`), many.token);
  const last = await next(1);
  expect(last.status).toBe(201);
  expect(await next(2)).toMatchObject({ status: 409, body: { error: { code: 'too_many_agents' } } });
  expect((await desk.ask(`DELETE /api/agents/${last.body.id}`, { token: many.token })).status).toBe(204);
  expect((await next(2)).status).toBe(201);
});
