import { WorkflowNotFoundError } from '@temporalio/client';
import { Pool } from 'pg';
import type { RunFile } from '../dev/run-file';
import { openBareTasks } from './bare-tasks';
import { measureCalls } from './calls';
import { median, millis, quantile, runBench, times, whole } from './figures';
import type { Figure } from './figures';
import { bareLifeOf, inFlight, lifeOf, timed } from './lives';
import type { Life, Risk } from './lives';
import { NETWORK_PROFILE, openNetwork } from './network';
import type { Network } from './network';
import { byPart, watchCpu } from './parts';
import { bytesToDisk } from './process-tree';
import { onMooring } from './profile';
import { measureWaiting } from './waiting';

const WARM_UP = 10;
const ONE_BY_ONE = 100;
const AT_ONCE = 200;
const BLOCKS = 2;
const OF_A_BLOCK = 400;
const MOST_EVENTS: Record<Risk, number> = { R0: 17, R2: 36 };

/** `npm run bench:tasks`: tasks between agents; `-- R0`, `-- R2`, `-- calls` or `-- waiting` measures only that. */
async function main(): Promise<Figure[]> {
  const [only = 'all'] = process.argv.slice(2);
  const part = PARTS[only];
  if (part === undefined) throw new Error(`usage: npm run bench:tasks -- ${Object.keys(PARTS).join(' | ')}`);
  return part();
}

const PARTS: Record<string, () => Promise<Figure[]>> = {
  all: async () => [...(await measureLives(['R0', 'R2'])), ...(await measureCalls())],
  R0: () => measureLives(['R0']),
  R2: () => measureLives(['R2']),
  calls: measureCalls,
  waiting: measureWaiting,
};

/** Whole lives of tasks, against the straightforward workflow on the same server. */
const measureLives = (risks: Risk[]): Promise<Figure[]> =>
  onMooring(async ({ run }) => {
    const network = await openNetwork(run);
    const bare = await openBareTasks(run.temporal);
    const figures: Figure[] = [];
    try {
      for (const risk of risks) {
        const [ours, reference] = [lifeOf(network, risk), bareLifeOf(bare, network, risk)];
        figures.push(
          ...(await oneByOne(risk, ours, reference)),
          ...(await underLoad({ risk, ours, reference, network, run })),
          await eventsOfALife(network, risk, ours),
        );
      }
    } finally {
      await bare.close();
      await network.close();
    }
    return figures;
  }, NETWORK_PROFILE);

async function oneByOne(risk: Risk, ours: Life, reference: Life): Promise<Figure[]> {
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
      what: `a life of ${risk}, one at a time, p50 (${millis(a)} : ${millis(b)})`,
      measured: a / b,
      bound: 0.4,
      show: times,
    },
  ];
}

interface Load {
  ms: number;
  lives: number[];
  cpu: ReturnType<ReturnType<typeof watchCpu>>;
  benchCpuMs: number;
  temporalBytes: number;
}

/** Blocks of each in turn, so that whatever else the machine does falls on both; a block ends with its last workflow. */
async function underLoad(stage: {
  risk: Risk;
  ours: Life;
  reference: Life;
  network: Network;
  run: RunFile;
}): Promise<Figure[]> {
  const { risk, ours, reference, network, run } = stage;
  const [own, bare] = [noLoad(), noLoad()];
  const flushes = await watchFlushes(run.database_url);
  for (let block = 0; block < BLOCKS; block += 1) {
    await addBlock(own, run, async () => {
      const lives = await inFlight(AT_ONCE, Array.from({ length: OF_A_BLOCK }), ours);
      await network.ended();
      return lives;
    });
    await addBlock(bare, run, () => inFlight(AT_ONCE, Array.from({ length: OF_A_BLOCK }), reference));
  }
  const perSecond = ({ ms, lives }: Load): number => lives.length / (ms / 1000);
  const [p50, p99] = [median(own.lives), quantile(own.lives, 0.99)];
  const [a, b] = [perSecond(own), perSecond(bare)];
  return [
    {
      what: `${risk}: lives a second of the reference : ours, ${AT_ONCE} at once (${b.toFixed(1)} : ${a.toFixed(1)})`,
      measured: b / a,
      bound: 1 / 1.5,
      show: times,
    },
    {
      what: `${risk}: p99 : p50 under load (${millis(p99)} : ${millis(p50)})`,
      measured: p99 / p50,
      bound: 5,
      show: times,
    },
    ...costs(risk, own, bare),
    {
      what: `${risk}: disk flushes of PostgreSQL a life, under load`,
      measured: (await flushes()) / own.lives.length,
      show: (value) => value.toFixed(2),
    },
  ];
}

const noLoad = (): Load => ({
  ms: 0,
  lives: [],
  cpu: byPart(() => 0),
  benchCpuMs: 0,
  temporalBytes: 0,
});

async function addBlock(load: Load, run: RunFile, block: () => Promise<number[]>): Promise<void> {
  const used = watchCpu(run);
  const wrote = bytesToDisk(run.pids.temporal ?? 0);
  const bench = process.cpuUsage();
  const from = performance.now();
  load.lives.push(...(await block()));
  const ms = performance.now() - from;
  load.ms += ms;
  console.log(`  a block of ${OF_A_BLOCK} lives in ${(ms / 1000).toFixed(1)} s`);
  const { user, system } = process.cpuUsage(bench);
  const cpu = used();
  load.cpu = byPart((part) => load.cpu[part] + cpu[part]);
  load.benchCpuMs += (user + system) / 1000;
  load.temporalBytes += bytesToDisk(run.pids.temporal ?? 0) - wrote;
}

/** What a life costs each process. The bench is the caller and the endpoint of both, and the worker of the reference. */
function costs(risk: Risk, own: Load, bare: Load): Figure[] {
  const each = (load: Load, sum: number): string => (sum / load.lives.length).toFixed(1);
  const ours = own.cpu.platform + own.cpu.temporal + own.cpu.postgres;
  return [
    {
      what: `${risk}: CPU of a life: platform ${each(own, own.cpu.platform)}, Temporal ${each(own, own.cpu.temporal)}, PostgreSQL ${each(own, own.cpu.postgres)}; its callers ${each(own, own.benchCpuMs)}`,
      measured: ours / own.lives.length,
      show: millis,
    },
    {
      what: `${risk}: CPU of a life of the reference: worker and callers ${each(bare, bare.benchCpuMs)}, Temporal ${each(bare, bare.cpu.temporal)}`,
      measured: (bare.benchCpuMs + bare.cpu.temporal) / bare.lives.length,
      show: millis,
    },
    {
      what: `${risk}: written by Temporal a life (reference ${each(bare, bare.temporalBytes / 1000)} kB)`,
      measured: own.temporalBytes / own.lives.length / 1000,
      show: (value) => `${value.toFixed(1)} kB`,
    },
  ];
}

/** Flushes of the write-ahead log since now; each backend tells its own within ten seconds. */
async function watchFlushes(databaseUrl: string): Promise<() => Promise<number>> {
  const pool = new Pool({ connectionString: databaseUrl, max: 1 });
  const count = async (): Promise<number> => {
    const { rows } = await pool.query<{ count: string }>(
      `select coalesce(sum(fsyncs), 0)::text as count from pg_stat_io where object = 'wal'`,
    );
    return Number(rows[0]?.count);
  };
  const before = await count();
  return async () => {
    await new Promise((resolve) => setTimeout(resolve, 11_000));
    const flushes = (await count()) - before;
    await pool.end();
    return flushes;
  };
}

function isNotThere(error: unknown): boolean {
  if (error instanceof WorkflowNotFoundError) return true;
  throw error;
}

async function eventsOfALife(network: Network, risk: Risk, ours: Life): Promise<Figure> {
  const handle = network.temporal.workflow.getHandle(`task/${await ours()}`);
  // A run begins a little after its task.
  while (await handle.result().then(() => false, isNotThere));
  const { historyLength } = await handle.describe();
  return {
    what: `history events of a life of ${risk}`,
    measured: historyLength,
    bound: MOST_EVENTS[risk],
    show: whole,
  };
}

runBench(main);
