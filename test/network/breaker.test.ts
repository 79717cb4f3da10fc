import { setNetworkStage } from './stage';
import type { NetworkStage, Player } from './stage';

let stage: NetworkStage;
beforeAll(async () => {
  stage = await setNetworkStage();
});
afterAll(() => stage.close());

/** What an endpoint answers to a task: a status, or null for none at all. */
type Judge = (taskId: string) => number | null;

/** An endpoint that a test turns off and on, and its agent. */
interface Desk {
  agent: Player;
  sender: Player;
  /** the tasks that it took, in order */
  taken: string[];
  answers: (judge: Judge) => void;
  ask: (wish?: Record<string, unknown>) => Promise<string>;
}

const DOWN: Judge = () => 503;
const WELL: Judge = () => 200;

async function openDesk(): Promise<Desk> {
  let judge = WELL;
  const taken: string[] = [];
  const hook = await stage.listen((req, res) => {
    const id = String(req.headers['webhook-id']);
    const status = judge(id);
    if (status === 200) taken.push(id);
    if (status === null) res.socket?.resetAndDestroy();
    else res.writeHead(status).end('{}');
  });
  const [sender, agent] = [await stage.join(), await stage.join({ endpoint: hook.url })];
  return {
    agent,
    sender,
    taken,
    answers: (next) => (judge = next),
    ask: async (wish = {}) => {
      const { status, body } = await sender.call('/v1/tasks', {
        body: { to_agent_id: agent.id, task_type: 'service_request', ...wish },
      });
      if (status !== 201) throw new Error(JSON.stringify(body));
      return String(body['id']);
    },
  };
}

const breakerOf = async ({ agent }: Desk) =>
  (
    await stage.query('select state, failures, wait_ms::int from breakers where agent_id = $1', [agent.id])
  )[0];
const attemptsOf = (id: string) =>
  stage.query<{ kind: string; outcome: string | null }>(
    'select kind, outcome from task_attempts where task_id = $1 order by attempt',
    [id],
  );
const signalsTo = (workflowId: string) =>
  stage.api.t.signals.filter((signal) => signal.workflowId === workflowId).map(({ signal }) => signal);
const statusOf = async (desk: Desk, id: string) => (await desk.sender.call(`/v1/tasks/${id}`)).body['status'];

/** Five tasks whose first attempts fail, and `more` that find the breaker open. */
async function goDown(desk: Desk, more = 0): Promise<string[]> {
  desk.answers(DOWN);
  const ids: string[] = [];
  for (let n = 0; n < 5 + more; n += 1) ids.push(await desk.ask());
  for (const id of ids) await stage.deliver(id);
  // The first four come to it with their second attempt.
  for (const id of ids.slice(0, 4)) await stage.deliver(id);
  return ids;
}

/** Run after run, until nothing is parked or it fails. */
async function drainAll({ agent }: Desk) {
  let progress = await stage.drain(agent.id);
  while (progress.kind === 'draining') progress = await stage.drainWhenDue(agent.id);
  return progress;
}

test('five failures in a row over different tasks open the breaker, and tell the monitor', async () => {
  const desk = await openDesk();
  desk.answers(DOWN);
  const ids: string[] = [];
  for (let n = 0; n < 5; n += 1) ids.push(await desk.ask());
  const came = [];
  for (const id of ids) came.push(await stage.deliver(id));
  expect(came.map(({ kind }) => kind)).toEqual(['retry', 'retry', 'retry', 'retry', 'open']);
  const [first] = ids;
  expect(await breakerOf(desk)).toEqual({ state: 'open', failures: 0, wait_ms: 30_000 });
  expect(signalsTo(`agent-monitor/${desk.agent.id}`)).toEqual(['breakerChanged']);
  // The one whose attempt was the fifth failure waits; those before come to it with their next attempt.
  expect(came[4]).toMatchObject({ parked: true });
  expect(await stage.deliver(first ?? '')).toMatchObject({ kind: 'open', parked: true });
  expect(await attemptsOf(first ?? '')).toEqual([{ kind: 'attempt', outcome: 'retry' }]);
});

test.each([400, 404, 410])('HTTP %i is final for its task and never opens the breaker', async (status) => {
  const desk = await openDesk();
  desk.answers(() => status);
  for (let n = 0; n < 6; n += 1) {
    expect(await stage.deliver(await desk.ask())).toEqual({ kind: 'ended', status: 'failed' });
  }
  expect(await breakerOf(desk)).toBeUndefined();
});

test('a success in between begins the count anew', async () => {
  const desk = await openDesk();
  for (const status of [500, 429, 503, null, 200, 500, 500, 500, 500]) {
    desk.answers(() => status);
    await stage.deliver(await desk.ask());
  }
  expect(await breakerOf(desk)).toMatchObject({ state: 'closed', failures: 4 });
});

test('sixty tasks that wait for an agent which is down are delivered once each, in order, with no attempt burnt', async () => {
  const desk = await openDesk();
  const ids = await goDown(desk, 55);
  const burnt = await stage.query<{ count: number }>(
    'select count(*)::int as count from task_attempts where task_id = any($1)',
    [ids],
  );
  expect(burnt).toEqual([{ count: 5 }]);

  for (const wait of [60_000, 120_000, 240_000, 300_000, 300_000]) {
    expect(await stage.drain(desk.agent.id)).toMatchObject({ kind: 'open', parked: 60 });
    expect(await breakerOf(desk)).toMatchObject({ state: 'open', wait_ms: wait });
  }
  // Long enough that the oldest is in doubt: another is asked after it, and none of them is out of order for that.
  expect((await attemptsOf(ids[1] ?? '')).filter(({ kind }) => kind === 'probe')).toHaveLength(1);
  expect(desk.taken).toEqual([]);

  desk.answers(WELL);
  expect(await drainAll(desk)).toMatchObject({ kind: 'closed', status: 'ACTIVE' });
  expect(desk.taken).toEqual(ids);
  expect(await breakerOf(desk)).toMatchObject({ state: 'closed', failures: 0 });
  for (const [index, id] of ids.entries()) {
    expect(await statusOf(desk, id)).toBe('delivered');
    const counted = (await attemptsOf(id)).filter(({ kind }) => kind === 'attempt');
    expect(counted).toHaveLength(index < 5 ? 1 : 0);
  }
});

test('tasks between two attempts, and those that nobody has tried yet, go in their order too', async () => {
  const desk = await openDesk();
  desk.answers(DOWN);
  const ids: string[] = [];
  for (let n = 0; n < 8; n += 1) ids.push(await desk.ask());
  // The first four wait for their second attempt, the fifth opens the breaker, the sixth was not looked at, the others
  // found it open.
  for (const id of [...ids.slice(0, 5), ...ids.slice(6)]) await stage.deliver(id);
  desk.answers(WELL);
  expect(await drainAll(desk)).toMatchObject({ kind: 'closed' });
  expect(desk.taken).toEqual(ids);
  for (const [index, id] of ids.entries()) {
    const kinds = (await attemptsOf(id)).map(({ kind }) => kind);
    expect(kinds).toEqual([...(index < 5 ? ['attempt'] : []), index === 0 ? 'probe' : 'drained']);
    // Its own workflow finds it delivered.
    expect(await stage.deliver(id)).toMatchObject({ kind: 'open', status: 'delivered' });
  }
  expect(desk.taken).toEqual(ids);
});

test('a task whose attempt is under way is not sent a second time, and holds up no other', async () => {
  const desk = await openDesk();
  const [first = '', ...others] = await goDown(desk);
  await stage.query('update tasks set parked_at = null where id = $1', [first]);
  await stage.query(`insert into task_attempts (task_id, attempt) values ($1, 2)`, [first]);
  desk.answers(WELL);
  expect(await drainAll(desk)).toMatchObject({ kind: 'closed' });
  expect(desk.taken).toEqual(others);
});

test('with more in flight at once each is still delivered once', async () => {
  const wide = await setNetworkStage({ drainConcurrency: 4 });
  const before = stage;
  stage = wide;
  try {
    const desk = await openDesk();
    const ids = await goDown(desk, 15);
    desk.answers(WELL);
    expect(await drainAll(desk)).toMatchObject({ kind: 'closed' });
    expect(desk.taken.sort()).toEqual([...ids].sort());
  } finally {
    stage = before;
    await wide.close();
  }
});

test('a task that comes while the parked ones go is parked behind them', async () => {
  const desk = await openDesk();
  const ids = await goDown(desk, 3);
  desk.answers(WELL);
  await stage.query(`update breakers set state = 'draining', next_probe_at = null where agent_id = $1`, [
    desk.agent.id,
  ]);
  const late = await desk.ask();
  expect(await stage.deliver(late)).toMatchObject({ kind: 'open', parked: true });
  await drainAll(desk);
  expect(desk.taken).toEqual([...ids, late]);
});

test('an agent that fails again while its tasks go is left alone again, and nothing is counted', async () => {
  const desk = await openDesk();
  const ids = await goDown(desk, 5);
  desk.answers(() => (desk.taken.length < 3 ? 200 : null));
  expect(await drainAll(desk)).toMatchObject({ kind: 'open', parked: 7 });
  expect(await breakerOf(desk)).toEqual({ state: 'open', failures: 0, wait_ms: 30_000 });
  expect(await attemptsOf(ids[3] ?? '')).toEqual([
    { kind: 'attempt', outcome: 'retry' },
    { kind: 'drained', outcome: 'retry' },
  ]);
  desk.answers(WELL);
  expect(await drainAll(desk)).toMatchObject({ kind: 'closed' });
  expect(desk.taken).toEqual(ids);
});

test('a task that the agent cannot take holds up no other for ever, and ends', async () => {
  const desk = await openDesk();
  const [poison = '', ...others] = await goDown(desk, 5);
  desk.answers((id) => (id === poison ? 500 : 200));
  const kinds = [];
  for (let n = 0; n < 6; n += 1) kinds.push((await drainAll(desk)).kind);
  expect(kinds).toEqual(['open', 'open', 'open', 'open', 'closed', 'closed']);
  expect(desk.taken).toEqual(others);
  expect((await attemptsOf(poison)).map(({ kind }) => kind)).toEqual([
    'attempt',
    // twice alone; from the third on another one is tried after it, and its turn comes after that one
    ...['probe', 'probe'],
    ...['probe', 'drained', 'probe', 'drained', 'probe', 'drained'],
  ]);
  expect((await desk.sender.call(`/v1/tasks/${poison}`)).body).toMatchObject({
    status: 'failed',
    delivery_attempts: 1,
  });
  expect(signalsTo(`task/${poison}`)).toEqual([null, 'taskEnded']);
});

test('a refusal to the probe ends its task and says that the agent is back', async () => {
  const desk = await openDesk();
  const [first = '', ...others] = await goDown(desk, 2);
  desk.answers((id) => (id === first ? 404 : 200));
  expect(await drainAll(desk)).toMatchObject({ kind: 'closed' });
  expect(await statusOf(desk, first)).toBe('failed');
  expect(desk.taken).toEqual(others);
});

test('a probe is not made before the agent asked to be called again', async () => {
  const desk = await openDesk();
  await goDown(desk);
  await stage.query(`update breakers set next_probe_at = now() + interval '1 hour' where agent_id = $1`, [
    desk.agent.id,
  ]);
  desk.answers(WELL);
  const look = await stage.drainWhenDue(desk.agent.id);
  expect(look).toMatchObject({ kind: 'open', parked: 5 });
  expect(look.kind === 'open' && look.inMs > 3_000_000).toBe(true);
  expect(desk.taken).toEqual([]);
});

test('a parked task that is accepted from the inbox, cancelled or over is not delivered any more', async () => {
  const desk = await openDesk();
  const ids = await goDown(desk, 3);
  const [accepted = '', cancelled = '', over = '', ...others] = ids;
  expect((await desk.agent.call(`/v1/tasks/${accepted}/accept`, { method: 'POST' })).status).toBe(200);
  expect((await desk.sender.call(`/v1/tasks/${cancelled}/cancel`, { body: {} })).status).toBe(200);
  await stage.query(`update tasks set expires_at = now() where id = $1`, [over]);
  desk.answers(WELL);
  expect(await drainAll(desk)).toMatchObject({ kind: 'closed' });
  expect(desk.taken).toEqual(others);
  expect(await statusOf(desk, accepted)).toBe('in_progress');
  expect(await statusOf(desk, cancelled)).toBe('cancelled');
  expect(await statusOf(desk, over)).toBe('expired');
  expect(signalsTo(`task/${over}`)).toEqual([null, 'taskEnded']);
});

test('another endpoint is tried at once; without one the tasks are in the inbox', async () => {
  const [moved, gone] = [await openDesk(), await openDesk()];
  const [ids, left] = [await goDown(moved, 2), await goDown(gone, 2)];
  const other = await stage.listen();
  await moved.agent.call('/v1/agents/me/webhook', { body: { endpoint: other.url } });
  expect(await stage.drainWhenDue(moved.agent.id)).toMatchObject({ kind: 'closed' });
  expect(other.heard.map(({ headers }) => headers['webhook-id'])).toEqual(ids);
  await gone.agent.call('/v1/agents/me/webhook', { method: 'DELETE' });
  expect(await stage.drainWhenDue(gone.agent.id)).toMatchObject({ kind: 'closed' });
  for (const id of left) expect(await statusOf(gone, id)).toBe('pending_accept');
});

test('when nobody is left to be the probe the next task is, and one failure opens the breaker again', async () => {
  const desk = await openDesk();
  for (const id of await goDown(desk)) await desk.sender.call(`/v1/tasks/${id}/cancel`, { body: {} });
  expect(await drainAll(desk)).toMatchObject({ kind: 'closed' });
  expect(await stage.deliver(await desk.ask())).toMatchObject({ kind: 'open', parked: true });
  expect(await breakerOf(desk)).toMatchObject({ state: 'open' });
});

test('a call whose outcome was never recorded is made again under the same id, and both are written down', async () => {
  const desk = await openDesk();
  const [first = ''] = await goDown(desk);
  await stage.query(`insert into task_attempts (task_id, attempt, kind) values ($1, 2, 'probe')`, [first]);
  desk.answers(WELL);
  await drainAll(desk);
  expect(await attemptsOf(first)).toEqual([
    { kind: 'attempt', outcome: 'retry' },
    { kind: 'probe', outcome: null },
    { kind: 'probe', outcome: 'delivered' },
  ]);
});
