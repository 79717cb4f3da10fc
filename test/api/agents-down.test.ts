import { SYSTEM } from '../../domain/principal';
import { json } from '../activities/zoo';
import { openDesk } from './agent-desk';
import type { AgentDesk } from './agent-desk';

let desk: AgentDesk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

const breakerOf = async (id: string) =>
  (
    await desk.api.t.db.withTx(SYSTEM, 'test', (tx) =>
      tx.query<{ state: string; due: boolean | null }>(
        'select state, next_probe_at <= now() as due from breakers where agent_id = $1',
        [id],
      ),
    )
  )[0];
const broken = json({}, 500);
const well = json({ status: 'ok', ready: true });

test('an active agent whose check finds it down is left alone, and tried at once when a check is good', async () => {
  const { id } = await desk.active('Sick desk');
  const told = desk.signalsOf(id).length;
  desk.zoo.keep('Sick-desk', { health: broken });
  await desk.probe(id);
  expect(await breakerOf(id)).toEqual({ state: 'open', due: false });
  await desk.probe(id, 2);
  desk.zoo.keep('Sick-desk', { health: well });
  await desk.probe(id, 3);
  expect(await breakerOf(id)).toEqual({ state: 'open', due: true });
  // Told when it opened and when it is well; a second failed check is no news.
  expect(desk.signalsOf(id).slice(told)).toEqual([
    ['breakerChanged', 1],
    ['breakerChanged', 2],
  ]);
});

test('an agent that is not ready, and one that nobody has approved, open no breaker', async () => {
  const busy = await desk.active('Busy desk');
  desk.zoo.keep('Busy-desk', { health: json({ status: 'ok', ready: false }) });
  await desk.probe(busy.id);
  const fresh = await desk.register('Fresh desk');
  desk.zoo.keep('Fresh-desk', { health: broken });
  await desk.probe(fresh.id);
  expect(await breakerOf(busy.id)).toBeUndefined();
  expect(await breakerOf(fresh.id)).toBeUndefined();
});

test('an agent that moves, or leaves, is tried at once: what was parked for it comes to its end', async () => {
  for (const [name, call, body] of [
    ['Moving desk', 'PATCH', { base_url: desk.zoo.keep('elsewhere', {}) }],
    ['Leaving desk', 'DELETE', undefined],
  ] as const) {
    const { id } = await desk.active(name);
    desk.zoo.keep(name.replace(' ', '-'), { health: broken });
    await desk.probe(id);
    expect(await breakerOf(id)).toEqual({ state: 'open', due: false });
    const { status } = await desk.ask(`${call} /api/agents/${id}`, {
      token: desk.owner.token,
      ...(body === undefined ? {} : { body }),
    });
    expect(status).toBeLessThan(300);
    expect(await breakerOf(id)).toEqual({ state: 'open', due: true });
    expect(desk.signalsOf(id).at(-1)).toEqual(['breakerChanged', 2]);
  }
});
