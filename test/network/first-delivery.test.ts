import { deliver } from '../../activities/tasks/deliver';
import { setNetworkStage } from './stage';
import type { NetworkStage } from './stage';

let stage: NetworkStage;
beforeAll(async () => {
  stage = await setNetworkStage();
});
afterAll(() => stage.close());

/** A task for an agent at this endpoint, and the outbox row of its run's start. */
async function askedOf(endpoint: string): Promise<{ taskId: string; startId: string; agentId: string }> {
  const [sender, agent] = [await stage.join(), await stage.join({ endpoint })];
  const wish = { to_agent_id: agent.id, task_type: 'service_request' };
  const taskId = String((await sender.call('/v1/tasks', { body: wish })).body['id']);
  const [start] = await stage.query<{ id: string }>('select id from outbox where workflow_id = $1', [
    `task/${taskId}`,
  ]);
  return { taskId, startId: start?.id ?? '', agentId: agent.id };
}

const going = new AbortController().signal;

test('the wait until the next attempt is kept with the attempt, for a run that a relay starts', async () => {
  const busy = await stage.listen((_req, res) => void res.writeHead(429, { 'retry-after': '90' }).end());
  const { taskId, startId } = await askedOf(busy.url);
  const first = await deliver(stage.deps, { taskId, startId }, going);
  expect(first).toEqual({ kind: 'retry', inMs: 90_000, seen: 0 });
  expect(await stage.query(`select input -> 'first' as first from outbox where id = $1`, [startId])).toEqual([
    { first },
  ]);
});

test('a call that the platform cuts off says nothing about its agent: a try is spent, and no more is told of it', async () => {
  const end = new AbortController();
  const hung = await stage.listen(() => end.abort(new Error('this process ends')));
  const { taskId, startId, agentId } = await askedOf(hung.url);
  await expect(deliver(stage.deps, { taskId, startId }, end.signal)).rejects.toThrow('this process ends');
  expect(await stage.query('select outcome from task_attempts where task_id = $1', [taskId])).toEqual([
    { outcome: null },
  ]);
  expect(await stage.query('select failures from breakers where agent_id = $1', [agentId])).toEqual([]);
  expect(await stage.query('select status from tasks where id = $1', [taskId])).toEqual([
    { status: 'pending_delivery' },
  ]);
});
