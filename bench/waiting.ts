import { Client, Connection } from '@temporalio/client';
import type { RunFile } from '../dev/run-file';
import { median, megabytes, millis, quantile, times } from './figures';
import type { Figure } from './figures';
import { create, inFlight, tokenOf } from './lives';
import { NETWORK_PROFILE, openNetwork } from './network';
import type { Network, Pair } from './network';
import { quiet } from './parts';
import { processTree, totalRss } from './process-tree';
import { onMooring } from './profile';

const WAITING = 10_000;
/** More than a worker keeps in its cache: from here on nothing may be added by those that wait. */
const CACHE_FULL = 2_000;
const AT_ONCE = 50;
const DECISIONS = 200;
const ACTED_ON_MS = 1_000;

/** Many tasks that wait for a person: what they cost the worker, and how soon a decision about one is acted on. */
export const measureWaiting = (): Promise<Figure[]> =>
  onMooring(async ({ run }) => {
    const network = await openNetwork(run);
    const connection = await Connection.connect({ address: run.temporal });
    const temporal = new Client({ connection });
    try {
      const asked = await ask(network, CACHE_FULL);
      await quiet(run);
      const full = rssOf(run);
      asked.push(...(await ask(network, WAITING - CACHE_FULL)));
      await quiet(run);
      const all = rssOf(run);
      const step = Math.floor(asked.length / DECISIONS);
      const chosen = asked.filter((_, index) => index % step === 0).slice(0, DECISIONS);
      const took = await inFlight(1, chosen, (one) => decided(network, temporal, one));
      return [
        {
          what: `RSS of the platform with ${WAITING} tasks that wait for a person : with ${CACHE_FULL} (${megabytes(all)} : ${megabytes(full)})`,
          measured: all / full,
          bound: 1.2,
          show: times,
        },
        { what: 'a decision → acted on, p50', measured: median(took), bound: ACTED_ON_MS, show: millis },
        {
          what: 'a decision → acted on, p99',
          measured: quantile(took, 0.99),
          bound: ACTED_ON_MS,
          show: millis,
        },
      ];
    } finally {
      await network.close();
      await connection.close();
    }
  }, NETWORK_PROFILE);

interface Asked {
  pair: Pair;
  task: string;
}

/** So many more tasks whose receiver has accepted, and whose person has a mail. */
async function ask(network: Network, count: number): Promise<Asked[]> {
  const asked: Asked[] = [];
  await inFlight(AT_ONCE, Array.from({ length: count }), async () => {
    const pair = network.nextPair();
    const task = await create(pair, 'R2');
    await network.delivered(task);
    await pair.receiver.post(`/v1/tasks/${task}/accept`);
    asked.push({ pair, task });
  });
  return asked;
}

const rssOf = ({ pids }: RunFile): number => totalRss(processTree([pids.platform ?? 0]));

/** From the person's no until the task's run, which waited for it, has ended. */
async function decided(network: Network, temporal: Client, { pair, task }: Asked): Promise<void> {
  const token = await tokenOf(pair.sender, task);
  await network.nobody.post(`/v1/tasks/${task}/confirm-human`, { confirmed: false, token });
  await temporal.workflow.getHandle(`task/${task}`).result();
}
