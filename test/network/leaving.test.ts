import { askPerson, decide } from './person';
import { setNetworkStage } from './stage';
import type { NetworkStage, Player } from './stage';

// An agent leaves while others have asked it for something.
let stage: NetworkStage;
let ann: Player;
beforeAll(async () => {
  stage = await setNetworkStage();
  ann = await stage.join();
});
afterAll(() => stage.close());

const ask = async (to: Player): Promise<string> =>
  String(
    (await ann.call('/v1/tasks', { body: { to_agent_id: to.id, task_type: 'service_request' } })).body['id'],
  );
const leave = async (who: Player): Promise<void> => {
  expect((await who.call(`/v1/agents/${who.id}`, { method: 'DELETE' })).status).toBe(200);
  await runMonitor(who);
};
/** What its monitor does when it is told. */
const runMonitor = async ({ id }: Player): Promise<void> => {
  const told = stage.api.t.signals.filter(({ workflowId }) => workflowId === `agent-monitor/${id}`);
  expect(told.map(({ signal }) => signal)).toContain('breakerChanged');
  expect(await stage.drainWhenDue(id)).toMatchObject({ kind: 'closed', status: 'DELETED' });
};
const read = async (player: Player, id: string) => (await player.call(`/v1/tasks/${id}`)).body;
const toldTo = (id: string) =>
  stage.api.t.signals.filter(({ workflowId }) => workflowId === `task/${id}`).map(({ signal }) => signal);
const NOTE = 'The agent that it was for has left the network.';

test('what it had not taken is declined, what it was at has failed, and its sender reads why', async () => {
  const ben = await stage.join();
  const [untaken, atWork, done] = [await ask(ben), await ask(ben), await ask(ben)];
  await ben.call(`/v1/tasks/${atWork}/accept`, { method: 'POST' });
  await ben.call(`/v1/tasks/${done}/accept`, { method: 'POST' });
  await ben.call(`/v1/tasks/${done}/complete`, { body: { notes: 'as you wished' } });
  await leave(ben);
  expect(await read(ann, untaken)).toMatchObject({ status: 'declined', notes: NOTE });
  expect(await read(ann, atWork)).toMatchObject({ status: 'failed', notes: NOTE });
  expect(await read(ann, done)).toMatchObject({ status: 'completed', notes: 'as you wished' });
  expect([toldTo(untaken), toldTo(atWork)]).toEqual([
    [null, 'taskEnded'],
    [null, 'taskEnded'],
  ]);
  const ends = await stage.query('select status from interactions where to_agent_id = $1 order by status', [
    ben.id,
  ]);
  expect(ends).toEqual([{ status: 'completed' }, { status: 'declined' }, { status: 'failed' }]);
});

test('a question to a person about it is taken back', async () => {
  const { id, sender, receiver } = await askPerson(stage);
  await leave(receiver);
  expect(await read(sender, id)).toMatchObject({ status: 'cancelled', notes: NOTE });
  expect(await stage.query('select state from confirmations where task_id = $1', [id])).toEqual([
    { state: 'WITHDRAWN' },
  ]);
});

test('a yes before that is refused as of a question taken back, and the task is cancelled', async () => {
  for (const approved of [true, false]) {
    const asked = await askPerson(stage);
    await asked.receiver.call(`/v1/agents/${asked.receiver.id}`, { method: 'DELETE' });
    const { refusal, confirmation } = await decide(stage, asked, { approved });
    expect([refusal?.code, confirmation.state]).toEqual(['confirmation_not_open', 'WITHDRAWN']);
    expect(await read(asked.sender, asked.id)).toMatchObject({ status: 'cancelled', notes: NOTE });
    expect(toldTo(asked.id).at(-1)).toBe('taskEnded');
    expect((await decide(stage, asked, { approved })).refusal?.code).toBe('confirmation_not_open');
  }
});

test('what was set aside while its endpoint was down ends too, and nobody calls there any more', async () => {
  const { url, heard } = await stage.listen((_req, res) => void res.writeHead(503).end());
  const ben = await stage.join({ endpoint: url });
  const ids = [];
  for (let n = 0; n < 6; n += 1) ids.push(await ask(ben));
  for (const id of ids) await stage.deliver(id);
  expect(heard).toHaveLength(5);
  await leave(ben);
  for (const id of ids) expect(await read(ann, id)).toMatchObject({ status: 'declined', notes: NOTE });
  expect(heard).toHaveLength(5);
});

test('a task that was made at the moment of its leaving ends when its workflow looks', async () => {
  const { url } = await stage.listen();
  for (const wish of [{}, { endpoint: url }]) {
    const ben = await stage.join(wish);
    const id = await ask(ben);
    await ben.call(`/v1/agents/${ben.id}`, { method: 'DELETE' });
    expect(await stage.deliver(id)).toEqual({ kind: 'ended', status: 'declined' });
    expect(await read(ann, id)).toMatchObject({ status: 'declined', notes: NOTE });
  }
});

test('what it has asked of others goes on, and who only removes its webhook loses nothing', async () => {
  const [ben, cleo] = [await stage.join(), await stage.join({ endpoint: (await stage.listen()).url })];
  const { body } = await ben.call('/v1/tasks', {
    body: { to_agent_id: cleo.id, task_type: 'service_request' },
  });
  const id = String(body['id']);
  await leave(ben);
  await cleo.call('/v1/agents/me/webhook', { method: 'DELETE' });
  expect(await stage.deliver(id)).toMatchObject({ kind: 'open', status: 'pending_accept' });
  expect((await cleo.call(`/v1/tasks/${id}/accept`, { method: 'POST' })).status).toBe(200);
});
