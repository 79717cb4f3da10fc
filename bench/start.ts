import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { median, megabytes, percent, runBench, seconds } from './figures';
import type { Figure } from './figures';
import { mainJob } from './main-job';
import { coreShare, processTree, totalRss } from './process-tree';
import { startMooring } from './running';
import type { Running } from './running';

const WARM_STARTS = 3;
/** Caches fill and connections settle before idle is idle. */
const SETTLE_MS = 5_000;
const IDLE_MS = 10_000;

/** `npm run bench:start`: start, answer and idle against the bounds they were promised with. */
async function main(): Promise<Figure[]> {
  const { values } = parseArgs({ options: { 'fresh-clone': { type: 'boolean' } } });
  const folder = mkdtempSync(join(tmpdir(), 'mooring-bench-'));
  try {
    const fresh = values['fresh-clone'] === true ? [await freshClone(folder)] : [];
    return [...fresh, ...(await warmStarts(join(folder, 'data')))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A clone of HEAD, with empty caches of npm and pip. */
async function freshClone(folder: string): Promise<Figure> {
  const clone = join(folder, 'clone');
  execFileSync('git', ['clone', '--quiet', process.cwd(), clone]);
  const running = await startMooring(clone, {
    dataDir: join(clone, '.mooring'),
    env: { npm_config_cache: join(folder, 'npm'), PIP_NO_CACHE_DIR: '1' },
  });
  await running.stop();
  return {
    what: 'fresh clone → ready, empty caches',
    measured: running.readyMs,
    bound: 180_000,
    show: seconds,
  };
}

async function warmStarts(dataDir: string): Promise<Figure[]> {
  // Makes the database; what is measured comes after.
  await (await startMooring(process.cwd(), { dataDir })).stop();
  const ready: number[] = [];
  const answered: number[] = [];
  for (let count = 1; ; count += 1) {
    const running = await startMooring(process.cwd(), { dataDir });
    try {
      ready.push(running.readyMs);
      await mainJob(running.run.api);
      answered.push(Date.now() - running.startedAt);
      if (count < WARM_STARTS) continue;
      return [
        { what: 'warm start → ready', measured: median(ready), bound: 8_000, show: seconds },
        {
          what: 'warm start → answer of the main job',
          measured: median(answered),
          bound: 12_000,
          show: seconds,
        },
        ...(process.platform === 'linux' ? await idle(running) : []),
      ];
    } finally {
      await running.stop();
    }
  }
}

/** The whole tree, npm included, when nothing is asked of it. */
async function idle({ pid, run }: Running): Promise<Figure[]> {
  const roots = [pid, ...Object.values(run.pids).filter((part) => part !== undefined)];
  await pause(SETTLE_MS);
  const before = processTree(roots);
  const from = Date.now();
  await pause(IDLE_MS);
  const after = processTree(roots);
  return [
    {
      what: `whole idle tree, ${after.length} processes: RSS`,
      measured: totalRss(after),
      bound: 1.2e9,
      show: megabytes,
    },
    {
      what: 'whole idle tree: CPU, of a core',
      measured: coreShare(before, after, Date.now() - from),
      bound: 0.05,
      show: percent,
    },
  ];
}

runBench(main);
