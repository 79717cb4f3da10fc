import { letGo } from '../../db/outbox';
import { lagging } from '../../db/reconcile';
import { SYSTEM } from '../../domain/principal';
import { setNetworkStage } from '../network/stage';
import type { NetworkStage } from '../network/stage';

let stage: NetworkStage;
beforeAll(async () => {
  stage = await setNetworkStage();
});
afterAll(() => stage.close());

/** A task whose agent is about to be told by the process that made it; nothing of it was sent to Temporal. */
async function untold(): Promise<string> {
  const { url } = await stage.listen();
  const [sender, agent] = [await stage.join(), await stage.join({ endpoint: url })];
  const wish = { to_agent_id: agent.id, task_type: 'service_request' };
  return String((await sender.call('/v1/tasks', { body: wish })).body['id']);
}

/** Whether the first pass of a process that starts signals this task. */
async function isSignalled(taskId: string): Promise<boolean> {
  const pass = { ageMs: 3_600_000, idleMs: 3_600_000, start: { wokenAfter: null } };
  const page = { rows: 'task' as const, after: '', limit: 1_000 };
  const signals = await stage.api.t.db.withTx(SYSTEM, 'test', (tx) => lagging(tx, pass, page));
  return signals.some(({ rowId }) => rowId === taskId);
}

const outbox = (change: string, taskId: string): Promise<unknown> =>
  stage.query(`update outbox set ${change} where workflow_id = $1`, [`task/${taskId}`]);

test('a first pass leaves a first delivery that may be under way to whoever makes it', async () => {
  const id = await untold();
  expect(await isSignalled(id)).toBe(false);
  await outbox(`held_until = now() - interval '1 millisecond'`, id);
  expect(await isSignalled(id)).toBe(true);
});

test('and signals what was started, however young', async () => {
  const id = await untold();
  await outbox('sent_at = now()', id);
  expect(await isSignalled(id)).toBe(true);
});

test('the only process lets go of what the one before it was at work for', async () => {
  const id = await untold();
  expect(await isSignalled(id)).toBe(false);
  await stage.api.t.db.withTx(SYSTEM, 'test', letGo);
  expect(await isSignalled(id)).toBe(true);
});
