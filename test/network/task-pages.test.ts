import { SYSTEM } from '../../domain/principal';
import { askPerson, decide } from './person';
import { setNetworkStage } from './stage';
import type { NetworkStage, Player } from './stage';

// What a person reads of the tasks of their agents: GET /api/tasks/<id> and GET /api/agents/<id>/inbox.
let stage: NetworkStage;
beforeAll(async () => {
  stage = await setNetworkStage();
});
afterAll(() => stage.close());

interface Person {
  token: string;
  agent: Player;
}
let people = 0;
async function personWithAgent(wish: Record<string, unknown> = {}): Promise<Person> {
  people += 1;
  const { token } = await stage.api.signIn(`owner-${people}@example.org`);
  return { token, agent: await stage.join(wish, token) };
}
const ask = async (from: Player, to: Player, wish: Record<string, unknown> = {}): Promise<string> => {
  const { body } = await from.call('/v1/tasks', {
    body: { to_agent_id: to.id, task_type: 'service_request', description: 'Count these words', ...wish },
  });
  return String(body['id']);
};
const read = async (path: string, token?: string) => {
  const { status, body } = await stage.api.call(path, token === undefined ? {} : { token });
  return { status, body: body as unknown as Record<string, unknown> & { error?: { code: string } } };
};

test('both sides’ people read all that happened to a task: events, attempts with their answers, payload and result', async () => {
  const endpoint = await stage.listen((_req, res) => {
    res.statusCode = endpoint.heard.length === 1 ? 503 : 200;
    res.end(endpoint.heard.length === 1 ? 'busy just now' : '{}');
  });
  const [ann, ben] = [await personWithAgent(), await personWithAgent({ endpoint: endpoint.url })];
  const id = await ask(ann.agent, ben.agent, { payload_inline: { text: 'one two' } });
  await stage.deliver(id);
  await stage.deliver(id);
  await ben.agent.call(`/v1/tasks/${id}/accept`, { method: 'POST' });
  await ben.agent.call(`/v1/tasks/${id}/complete`, { body: { result: { words: 2 } } });
  for (const [person, side] of [
    [ann, 'from'],
    [ben, 'to'],
  ] as const) {
    const { status, body } = await read(`/api/tasks/${id}`, person.token);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id,
      side,
      status: 'completed',
      from: { id: ann.agent.id, name: expect.any(String) as string },
      to: { id: ben.agent.id, name: expect.any(String) as string },
      payload_inline: { text: 'one two' },
      result: { words: 2 },
      confirmation: null,
      session_id: null,
    });
    expect((body['events'] as { to: string }[]).map(({ to }) => to)).toEqual([
      'pending_delivery',
      'delivered',
      'accepted',
      'in_progress',
      'completed',
    ]);
    expect(body['attempts']).toMatchObject([
      { attempt: 1, http_status: 503, outcome: 'retry', head: side === 'to' ? 'busy just now' : null },
      { attempt: 2, http_status: 200, outcome: 'delivered' },
    ]);
  }
});

test('both sides’ people read what was said, and save the files that came of it', async () => {
  const [ann, ben] = [await personWithAgent(), await personWithAgent()];
  const id = await ask(ann.agent, ben.agent);
  await ben.agent.call(`/v1/tasks/${id}/accept`, { method: 'POST' });
  await ann.agent.call(`/v1/tasks/${id}/messages`, { body: { content: 'How far are you?' } });
  await ben.agent.call(`/v1/tasks/${id}/messages`, {
    body: { content: 'Half of it?', message_type: 'proposal', structured_data: { share: 0.5 } },
  });
  const put = await stage.api.call(`/v1/tasks/${id}/artifacts/words.html`, {
    method: 'PUT',
    raw: '<script>alert(1)</script>',
    headers: { authorization: `Bearer ${ben.agent.key}`, 'content-type': 'text/html' },
  });
  await ben.agent.call(`/v1/tasks/${id}/artifacts`, {
    body: { name: 'film', url: 'https://files.example/' },
  });
  const { id: file } = JSON.parse(put.text) as { id: string };
  for (const { token } of [ann, ben]) {
    const { body } = await read(`/api/tasks/${id}`, token);
    expect(body['messages']).toMatchObject([
      { side: 'from', type: 'text', content: 'How far are you?', data: null },
      { side: 'to', type: 'proposal', content: 'Half of it?', data: { share: 0.5 } },
    ]);
    const saved = await stage.api.call(`/api/tasks/${id}/artifacts/${file}`, { token });
    expect([saved.status, saved.text]).toEqual([200, '<script>alert(1)</script>']);
    expect(saved.headers.get('content-disposition')).toMatch(/^attachment; filename="?words\.html"?$/);
    const [, film] = body['artifacts'] as { id: string }[];
    expect((await read(`/api/tasks/${id}/artifacts/${film?.id ?? ''}`, token)).body).toMatchObject({
      name: 'film',
      url: 'https://files.example/',
    });
    expect((await read(`/api/tasks/${id}/artifacts/art_nothing`, token)).status).toBe(404);
  }
  const eve = await personWithAgent();
  expect((await read(`/api/tasks/${id}/artifacts/${file}`, eve.token)).status).toBe(404);
  const other = await ask(eve.agent, ben.agent);
  expect((await read(`/api/tasks/${other}/artifacts/${file}`, eve.token)).status).toBe(404);
});

test('nobody else finds a task or an inbox; without a sign-in it is 401', async () => {
  const [ann, ben, eve] = [await personWithAgent(), await personWithAgent(), await personWithAgent()];
  const id = await ask(ann.agent, ben.agent);
  const paths = [`/api/tasks/${id}`, `/api/agents/${ben.agent.id}/inbox`];
  for (const path of paths) {
    const foreign = await read(path, eve.token);
    expect([foreign.status, foreign.body.error?.code]).toEqual([404, 'not_found']);
    expect((await read(path)).status).toBe(401);
  }
  expect((await read(`/api/agents/${ben.agent.id}/inbox`, ann.token)).status).toBe(404);
  expect((await read('/api/tasks/tsk_nothing', ann.token)).status).toBe(404);
});

test('the question to a person stands in the task, its note and its page for that person only', async () => {
  const asked = await askPerson(stage, { risk: 'R2' });
  await decide(stage, asked, { note: 'between us' });
  const owner = await stage.api.signIn(asked.email);
  const mine = await read(`/api/tasks/${asked.id}`, owner.token);
  expect(mine.body['confirmation']).toMatchObject({
    state: 'APPROVED',
    note: 'between us',
    url: expect.stringMatching(/^\/approvals\/hc_/) as string,
  });
  const { token, agent } = await personWithAgent();
  await stage.api.t.db.withTx(SYSTEM, 'test.give', (tx) =>
    tx.query('update agents set owner_id = (select owner_id from agents where id = $1) where id = $2', [
      agent.id,
      asked.receiver.id,
    ]),
  );
  const theirs = await read(`/api/tasks/${asked.id}`, token);
  expect(theirs.body['confirmation']).toMatchObject({ state: 'APPROVED', note: null, url: null });
});

test('an inbox has the filters of /v1, and its pages lose and repeat nothing', async () => {
  const [ann, ben] = [await personWithAgent(), await personWithAgent()];
  const ids: string[] = [];
  for (let count = 0; count < 5; count += 1)
    ids.unshift(await ask(ann.agent, ben.agent, count === 0 ? { risk_level: 'R1' } : {}));
  await ben.agent.call(`/v1/tasks/${ids[0] ?? ''}/accept`, { method: 'POST' });
  const inbox = async (query: string) => {
    const { status, body } = await read(`/api/agents/${ben.agent.id}/inbox${query}`, ben.token);
    return {
      status,
      next: body['next_cursor'],
      data: (body['data'] ?? []) as { id: string; from: unknown }[],
    };
  };
  const idsOf = ({ data }: { data: { id: string }[] }): string[] => data.map(({ id }) => id);
  const first = await inbox('?limit=3');
  expect(first.data[0]?.from).toMatchObject({ id: ann.agent.id, name: expect.any(String) as string });
  const second = await inbox(`?limit=3&cursor=${String(first.next)}`);
  expect([...idsOf(first), ...idsOf(second)]).toEqual(ids.slice(1));
  expect(second.next).toBeNull();
  expect(idsOf(await inbox('?status=in_progress'))).toEqual([ids[0]]);
  expect(idsOf(await inbox('?risk_level=R1'))).toEqual([ids[4]]);
  expect(idsOf(await inbox('?task_type=introduction'))).toEqual([]);
  expect((await inbox('?status=nonsense')).status).toBe(400);
});

test('the run of a task is linked for those who review agents, in development for a person at this machine, else for nobody', async () => {
  const operator = await stage.api.signIn('operator@example.org');
  const [ann, ben] = [await stage.join({}, operator.token), await personWithAgent()];
  const id = await ask(ann, ben.agent);
  const urlFor = async (token: string, headers: Record<string, string> = {}): Promise<unknown> => {
    const { body } = await stage.api.call(`/api/tasks/${id}`, { token, headers });
    return (body as unknown as Record<string, unknown>)['run_url'];
  };
  const elsewhere = { 'x-forwarded-for': '203.0.113.9' };
  const url = `http://127.0.0.1:8233/namespaces/default/workflows/task%2F${id}`;
  expect(await urlFor(ben.token)).toBe(url);
  expect(await urlFor(ben.token, elsewhere)).toBeUndefined();
  expect(await urlFor(operator.token, elsewhere)).toBe(url);
});
