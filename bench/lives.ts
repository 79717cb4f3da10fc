import { randomBytes } from 'node:crypto';
import type { BareTasks } from './bare-tasks';
import type { Caller, Network, Pair } from './network';

export type Risk = 'R0' | 'R2';

/** One life of a task, from the call that asks for it to the answer that completes it; gives its id. */
export type Life = () => Promise<string>;

/** Over `/v1`, as agents live it; of R2 a person's program confirms it in between, by the link. */
export const lifeOf =
  (network: Network, risk: Risk): Life =>
  async () => {
    const pair = network.nextPair();
    const { sender, receiver } = pair;
    const id = await create(pair, risk);
    await network.delivered(id);
    await receiver.post(`/v1/tasks/${id}/accept`);
    if (risk === 'R2') {
      const token = await tokenOf(sender, id);
      await network.nobody.post(`/v1/tasks/${id}/confirm-human`, { confirmed: true, token });
    }
    await receiver.post(`/v1/tasks/${id}/complete`, { result: { words: 3 } });
    return id;
  };

/** The same by signals and activities alone. */
export const bareLifeOf =
  (bare: BareTasks, { url, delivered }: Network, risk: Risk): Life =>
  async () => {
    const id = randomBytes(8).toString('hex');
    await bare.live(id, { url, asksHuman: risk === 'R2', delivered: delivered(id) });
    return id;
  };

export async function create({ sender, receiver }: Pair, risk: Risk): Promise<string> {
  const { id } = await sender.post<{ id: string }>('/v1/tasks', {
    to_agent_id: receiver.id,
    task_type: 'service_request',
    description: 'Count these words',
    risk_level: risk,
  });
  return id;
}

/** Of the link that a person gets by mail; in development a program at this machine may read it. */
export async function tokenOf(sender: Caller, taskId: string): Promise<string> {
  const task = await sender.get<{ _dev_approval_url?: string }>(`/v1/tasks/${taskId}`);
  const token = task._dev_approval_url?.split('/').at(-1);
  if (token === undefined) throw new Error(`nobody is asked about ${taskId}`);
  return token;
}

/** How long each took, with so many at once. */
export async function inFlight<T>(
  atOnce: number,
  todo: readonly T[],
  work: (one: T) => Promise<unknown>,
): Promise<number[]> {
  const took: number[] = [];
  // One iterator for all: each takes the next.
  const left = todo.values();
  const next = async (): Promise<void> => {
    for (const one of left) took.push(await timed(() => work(one)));
  };
  await Promise.all(Array.from({ length: atOnce }, next));
  return took;
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}
