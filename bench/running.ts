import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readRunFile } from '../dev/run-file';
import type { RunFile } from '../dev/run-file';

export interface Running {
  run: RunFile;
  /** of `npm start` itself, the root of the tree */
  pid: number;
  startedAt: number;
  readyMs: number;
  /** Ctrl-C, as a terminal sends it: to the whole group. */
  stop: () => Promise<void>;
}

/** `npm start` in a checkout, until it says that it is ready. */
export async function startMooring(
  cwd: string,
  { dataDir, env = {} }: { dataDir: string; env?: Record<string, string> },
): Promise<Running> {
  const startedAt = Date.now();
  const child = spawn('npm', ['start'], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...withoutNpm(process.env), MOORING_DATA_DIR: dataDir, MOORING_PORT: '0', ...env },
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('npm could not be started');
  const ended = once(child, 'exit');
  let said = '';
  const ready = new Promise<number>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-20_000);
      if (said.includes('Mooring is ready')) resolve(Date.now() - startedAt);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    void ended.then(() => reject(new Error(`npm start ended before it was ready:\n${said}`)));
  });
  const readyMs = await ready;
  const run = readRunFile(dataDir);
  if (run === null) throw new Error(`no run.json in ${dataDir}`);
  return {
    run,
    pid,
    startedAt,
    readyMs,
    stop: async () => {
      process.kill(-pid, 'SIGINT');
      await ended;
    },
  };
}

/** What the npm that runs this script has told it is not for an npm in another folder. */
const withoutNpm = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(npm_(package|lifecycle|config_local_prefix|execpath|command)|INIT_CWD)/.test(name),
    ),
  );
