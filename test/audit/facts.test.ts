import { SYSTEM } from '../../domain/principal';
import { openDesk } from '../api/agent-desk';
import type { AgentDesk } from '../api/agent-desk';
import { tablesWith } from '../harness/all-text';
import { askPerson, decide } from '../network/person';
import { setNetworkStage } from '../network/stage';
import type { NetworkStage } from '../network/stage';
import { auditOf } from './read';
import type { Told } from './read';

let stage: NetworkStage;
let ann: { userId: string; token: string };
beforeAll(async () => {
  stage = await setNetworkStage();
  ann = await stage.api.signIn('ann@example.test');
});
afterAll(() => stage.close());

/** What the log says of an act, and nothing else: the words, of whom, by whom. */
const told = (act: () => Promise<unknown>): Promise<Told[]> => auditOf(stage.api.t, act);
const asAnn = (call: string, body?: unknown) => {
  const [method = '', path = ''] = call.split(' ');
  return stage.api.call(path, { method, token: ann.token, ...(body === undefined ? {} : { body }) });
};
/** What is told of an agent and goes back to this request. */
const factsOf = async (agentId: string, requestId: string): Promise<string[]> => {
  const rows = await stage.query<{ action: string }>(
    'select action from audit_log where subject_id = $1 and request_id = $2 order by id',
    [agentId, requestId],
  );
  return rows.map(({ action }) => action);
};
const idOf = async (call: string, body?: unknown): Promise<string> => {
  const answer = (await asAnn(call, body)).body as unknown as { id?: string; session_id?: string };
  return answer.id ?? answer.session_id ?? '';
};
const byAnn = (action: string, subjectId: unknown = expect.any(String), details = {}): Told => ({
  ...{ action, subjectId, actor: `user ${ann.userId}` },
  details: expect.objectContaining(details) as unknown,
});

test('what a person decides over their money is told once, as theirs', async () => {
  expect(await told(() => asAnn('PUT /api/wallet/budgets', { day_usdc: '2', month_usdc: null }))).toEqual([
    byAnn('budget.set', ann.userId, { day_micros: '2000000' }),
  ]);
  expect(await told(() => asAnn('PUT /api/wallet/budgets', { day_usdc: '2', month_usdc: null }))).toEqual([]);
  expect(await told(() => asAnn('PUT /api/wallet/budgets', { day_usdc: '3', month_usdc: '9' }))).toEqual([
    byAnn('budget.set', ann.userId, { day_micros: '3000000', month_micros: '9000000' }),
  ]);
  let rule = '';
  const added = await told(async () => {
    rule = await idOf('POST /api/wallet/rules', { payment_usdc: '0.10', day_usdc: '1' });
  });
  expect(added).toEqual([byAnn('rule.added', rule, { payment_micros: '100000', day_micros: '1000000' })]);
  expect(await told(() => asAnn(`DELETE /api/wallet/rules/${rule}`))).toEqual([byAnn('rule.revoked', rule)]);
  expect(await told(() => asAnn(`DELETE /api/wallet/rules/${rule}`))).toEqual([]);
  expect(await told(() => asAnn('POST /api/sessions', { auto_approve_usdc: '0.20' }))).toEqual([
    byAnn('chat.auto_approval_set', expect.any(String), { payment_micros: '200000' }),
  ]);
  expect(await told(() => asAnn('POST /api/wallet/top-up', { amount_usdc: '5', id: 'more' }))).toEqual([
    byAnn('ledger.transferred', expect.any(String), { kind: 'top_up', to: `user/${ann.userId}` }),
  ]);
  expect(await told(() => asAnn('POST /api/wallet/top-up', { amount_usdc: '5', id: 'more' }))).toEqual([]);
});

test('keys, sign-ins that are taken back and erased chats are told once', async () => {
  let key = '';
  const made = await told(async () => {
    key = await idOf('POST /api/keys', { name: 'my laptop' });
  });
  expect(made).toEqual([byAnn('api_key.made', key)]);
  expect(await told(() => asAnn(`DELETE /api/keys/${key}`))).toEqual([byAnn('api_key.revoked', key)]);
  const session = await idOf('POST /api/sessions', {});
  expect(await told(() => asAnn(`DELETE /api/sessions/${session}`))).toEqual([byAnn('chat.erased', session)]);
  expect(await told(() => asAnn(`DELETE /api/sessions/${session}`))).toEqual([]);
  const { refreshToken, userId } = await stage.api.signIn('bea@example.test');
  const refresh = () => stage.api.call('/api/auth/refresh', { body: { refresh_token: refreshToken } });
  expect(await told(refresh)).toEqual([]);
  const revoked = { action: 'sign_in.revoked', subjectId: userId, actor: 'system system' };
  expect(await told(refresh)).toMatchObject([revoked]);
  expect(await told(refresh)).toEqual([]);
});

test('a new account and its welcome are the platform’s', async () => {
  const opened = await told(() => stage.api.signIn('cid@example.test'));
  expect(opened).toMatchObject([
    { action: 'account.opened', actor: 'system system' },
    { action: 'ledger.transferred', actor: 'system system' },
  ]);
});

test('an agent of the network, its keys, its webhook and its end are told once, as its own or its person’s', async () => {
  const { token, userId } = await stage.api.signIn('dan@example.test');
  const joined = await told(() => stage.join({}, token));
  expect(joined).toMatchObject([
    { action: 'agent.registered', actor: `user ${userId}`, details: { kind: 'network', owner_id: userId } },
    { action: 'agent.key_set', actor: `user ${userId}` },
  ]);
  const agent = await stage.join();
  const itself = { subjectId: agent.id, actor: `agent ${agent.id}` };
  const { url } = await stage.listen();
  const webhook = (body: object) => agent.call('/v1/agents/me/webhook', { body });
  expect(await told(() => webhook({ endpoint: url }))).toMatchObject([
    { ...itself, action: 'agent.webhook_set' },
  ]);
  expect(await told(() => webhook({ endpoint: url }))).toEqual([]);
  expect(await told(() => webhook({ endpoint: `${url}/2` }))).toMatchObject([
    { ...itself, action: 'agent.webhook_set', details: { new: 'address' } },
  ]);
  expect(await tablesWith(stage.api.t.url, url)).toEqual(['endpoints']);
  const gone = () => agent.call('/v1/agents/me/webhook', { method: 'DELETE' });
  expect(await told(gone)).toMatchObject([{ ...itself, action: 'agent.webhook_removed' }]);
  let key = '';
  const rotated = await told(async () => {
    const headers = { 'x-request-id': 'a-rotation' };
    const { body } = await agent.call(`/v1/agents/${agent.id}/rotate-key`, { method: 'POST', headers });
    key = String(body['api_key']);
  });
  expect(rotated).toMatchObject([{ ...itself, action: 'agent.key_set' }]);
  expect(await factsOf(agent.id, 'a-rotation')).toEqual(['agent.key_set']);
  const leave = () =>
    stage.api.call(`/v1/agents/${agent.id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${key}` },
    });
  expect(await told(leave)).toMatchObject([
    { ...itself, action: 'agent.key_removed' },
    { ...itself, action: 'agent.deleted' },
  ]);
});

test('what an agent does is told with the request that it came by, also before it has a key', async () => {
  const { body } = await stage.api.call('/v1/agents/register', {
    body: { slug: 'asked-for-once', display_name: 'An agent' },
    headers: { 'x-request-id': 'a-registration' },
  });
  expect(await factsOf((body as unknown as { id: string }).id, 'a-registration')).toEqual([
    'agent.registered',
    'agent.key_set',
  ]);
});

test('a person who comes to stand behind an agent is told with the one before', async () => {
  const agent = await stage.join();
  const set = () => stage.query('update agents set owner_id = $2 where id = $1', [agent.id, ann.userId]);
  expect(await told(set)).toMatchObject([{ action: 'agent.owner_set', details: { owner_id: ann.userId } }]);
});

test.each([
  [true, 'confirmation.approved'],
  [false, 'confirmation.refused'],
])('a person’s decision (yes: %p) on a task is told once', async (approved, action) => {
  const asked = await askPerson(stage);
  const [person] = await stage.query<{ id: string }>('select user_id as id from tasks where id = $1', [
    asked.id,
  ]);
  const decided = await told(() => decide(stage, asked, { approved }));
  expect(decided).toMatchObject([{ action, subjectId: asked.id, actor: `user ${person?.id ?? ''}` }]);
  expect(await told(() => decide(stage, asked, { approved }))).toEqual([]);
});

describe('listings', () => {
  let desk: AgentDesk;
  beforeAll(async () => {
    desk = await openDesk();
  });
  afterAll(() => desk.close());
  const atDesk = (act: () => Promise<unknown>): Promise<Told[]> => auditOf(desk.api.t, act);

  test('an agent is registered, gets keys, is reviewed, moves and goes: each told once, with who it was', async () => {
    const [owner, admin] = [`user ${desk.owner.userId}`, `admin ${desk.admin.userId}`];
    let id = '';
    const registered = await atDesk(async () => void ({ id } = await desk.register('Reader')));
    expect(registered).toMatchObject([
      {
        action: 'agent.registered',
        subjectId: id,
        actor: owner,
        details: { kind: 'service', status: 'PENDING' },
      },
      { action: 'agent.key_set', subjectId: id, actor: owner },
    ]);
    const { token } = desk.owner;
    const rotate = () => desk.ask(`POST /api/agents/${id}/rotate-keys`, { token });
    expect(await atDesk(rotate)).toMatchObject([{ action: 'agent.key_set', subjectId: id, actor: owner }]);
    await desk.probe(id);
    const approve = () => desk.review(id, { decision: 'approve', reason: 'fine words' });
    expect(await atDesk(approve)).toMatchObject([{ action: 'agent.approved', subjectId: id, actor: admin }]);
    expect(await atDesk(approve)).toEqual([]);
    const move = () =>
      desk.ask(`PATCH /api/agents/${id}`, { token, body: { base_url: desk.zoo.keep('moved', {}) } });
    expect(await atDesk(move)).toMatchObject([{ action: 'agent.reopened', subjectId: id, actor: owner }]);
    const reject = () => desk.review(id, { decision: 'reject', reason: 'no' });
    expect(await atDesk(reject)).toMatchObject([{ action: 'agent.rejected', subjectId: id, actor: admin }]);
    const remove = () => desk.ask(`DELETE /api/agents/${id}`, { token });
    expect(await atDesk(remove)).toMatchObject([{ action: 'agent.deleted', subjectId: id, actor: owner }]);
    expect(await tablesWith(desk.api.t.url, 'fine words')).toEqual(['listing_events']);
  });

  test.each([
    ['SUSPENDED', 'agent.suspended'],
    ['ACTIVE', 'agent.restored'],
  ])('an agent that is %s is told once', async (status, action) => {
    const { id } = await desk.active(`Of ${status}`);
    const set = (to: string) =>
      desk.api.t.db.withTx(SYSTEM, 'test', (tx) =>
        tx.query('update agents set status = $2 where id = $1', [id, to]),
      );
    if (status === 'ACTIVE') await set('SUSPENDED');
    expect(await atDesk(() => set(status))).toMatchObject([
      { action, subjectId: id, actor: 'system system' },
    ]);
  });
});
