import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { openBareTasks } from './bare-tasks';
import type { BareTasks } from './bare-tasks';
import { median, millis, quantile, runBench, times, whole } from './figures';
import type { Figure } from './figures';
import { onMooring } from './profile';

const WARM_UP = 10;
const ONE_BY_ONE = 100;
const AT_ONCE = 200;
const BLOCKS = 4;
const OF_A_BLOCK = 400;
const NO_LIMIT = '1000000000';

/** `npm run bench:tasks`: the life of a task of R0 over `/v1`, against the straightforward workflow on the same server. */
async function main(): Promise<Figure[]> {
  return onMooring(
    async ({ run }) => {
      const endpoint = await listen();
      const bare = await openBareTasks(run.temporal);
      try {
        const [sender, receiver] = [await join(run.api, {}), await join(run.api, { endpoint: endpoint.url })];
        const ours: Life = () => live({ sender, receiver, delivered: endpoint.delivered });
        const reference: Life = () => liveBare(bare, endpoint);
        return [
          ...(await oneByOne(ours, reference)),
          ...(await underLoad(ours, reference)),
          await eventsOfALife(run.temporal, ours),
        ];
      } finally {
        await bare.close();
        endpoint.close();
      }
    },
    { MOORING_RATE_LIMIT_NETWORK_READS: NO_LIMIT, MOORING_RATE_LIMIT_NETWORK_WRITES: NO_LIMIT },
  );
}

/** One life, from the call that asks for it to the answer that completes it; gives the task's id. */
type Life = () => Promise<string>;

interface Caller {
  id: string;
  post: <T>(path: string, body?: unknown) => Promise<T>;
}

async function join(api: string, wish: Record<string, unknown>): Promise<Caller> {
  const post =
    (key: string | null) =>
    async <T>(path: string, body: unknown = {}): Promise<T> => {
      const answer = await fetch(`${api}${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        },
        body: JSON.stringify(body),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
      return JSON.parse(text) as T;
    };
  const slug = `bench-${randomBytes(4).toString('hex')}`;
  const { id, api_key: key } = await post(null)<{ id: string; api_key: string }>('/v1/agents/register', {
    slug,
    display_name: slug,
    ...wish,
  });
  return { id, post: post(key) };
}

interface Endpoint {
  url: string;
  /** Resolves when the task of this id has been told. */
  delivered: (taskId: string) => Promise<void>;
  close: () => void;
}

/** The agent that both are delivered to. */
async function listen(): Promise<Endpoint> {
  const heard = new Set<string>();
  const waiting = new Map<string, () => void>();
  const server = createServer((req, res) => {
    req.resume();
    req.once('end', () => {
      res.end('{}');
      const id = String(req.headers['webhook-id']);
      heard.add(id);
      waiting.get(id)?.();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    delivered: (taskId) =>
      heard.has(taskId) ? Promise.resolve() : new Promise((resolve) => waiting.set(taskId, resolve)),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function live({
  sender,
  receiver,
  delivered,
}: {
  sender: Caller;
  receiver: Caller;
  delivered: Endpoint['delivered'];
}): Promise<string> {
  const { id } = await sender.post<{ id: string }>('/v1/tasks', {
    to_agent_id: receiver.id,
    task_type: 'service_request',
    description: 'Count these words',
  });
  await delivered(id);
  await receiver.post(`/v1/tasks/${id}/accept`);
  await receiver.post(`/v1/tasks/${id}/complete`, { result: { words: 3 } });
  return id;
}

async function liveBare(bare: BareTasks, { url, delivered }: Endpoint): Promise<string> {
  const id = randomBytes(8).toString('hex');
  await bare.live(id, { url, asksHuman: false, delivered: delivered(id) });
  return id;
}

const timed = async (life: Life): Promise<number> => {
  const from = performance.now();
  await life();
  return performance.now() - from;
};

async function oneByOne(ours: Life, reference: Life): Promise<Figure[]> {
  const [own, bare]: [number[], number[]] = [[], []];
  for (let count = 0; count < WARM_UP + ONE_BY_ONE; count += 1) {
    const [a, b] = [await timed(ours), await timed(reference)];
    if (count < WARM_UP) continue;
    own.push(a);
    bare.push(b);
  }
  const [a, b] = [median(own), median(bare)];
  return [
    {
      what: `a life of R0, one at a time, p50 (${millis(a)} : ${millis(b)})`,
      measured: a / b,
      bound: 0.4,
      show: times,
    },
  ];
}

/** Blocks of each in turn, so that whatever else the machine does falls on both. */
async function underLoad(ours: Life, reference: Life): Promise<Figure[]> {
  const [own, bare] = [
    { ms: 0, lives: [] as number[] },
    { ms: 0, lives: [] as number[] },
  ];
  for (let block = 0; block < BLOCKS; block += 1) {
    for (const [life, sum] of [
      [ours, own],
      [reference, bare],
    ] as const) {
      const from = performance.now();
      sum.lives.push(...(await many(life)));
      sum.ms += performance.now() - from;
    }
  }
  const perSecond = ({ ms, lives }: typeof own): number => lives.length / (ms / 1000);
  const [p50, p99] = [median(own.lives), quantile(own.lives, 0.99)];
  const [a, b] = [perSecond(own), perSecond(bare)];
  return [
    {
      what: `lives a second of the reference : ours, ${AT_ONCE} at once (${b.toFixed(1)} : ${a.toFixed(1)})`,
      measured: b / a,
      bound: 1 / 1.5,
      show: times,
    },
    {
      what: `p99 : p50 under load (${millis(p99)} : ${millis(p50)})`,
      measured: p99 / p50,
      bound: 5,
      show: times,
    },
  ];
}

async function many(life: Life): Promise<number[]> {
  const lives: number[] = [];
  let begun = 0;
  const next = async (): Promise<void> => {
    while (begun < OF_A_BLOCK) {
      begun += 1;
      lives.push(await timed(life));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return lives;
}

async function eventsOfALife(address: string, ours: Life): Promise<Figure> {
  const connection = await Connection.connect({ address });
  const handle = new Client({ connection }).workflow.getHandle(`task/${await ours()}`);
  await handle.result();
  const { historyLength } = await handle.describe();
  await connection.close();
  return { what: 'history events of a life of R0', measured: historyLength, bound: 17, show: whole };
}

runBench(main);
