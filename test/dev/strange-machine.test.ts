import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { removePostgresData } from '../../dev/postgres/home';
import { readRunFile } from '../../dev/run-file';
import type { RunFile } from '../../dev/run-file';
import { isListening } from '../../dev/supervisor/ports';
import { isRoot, listen } from './attempt';
import { copyCheckout, linkPackages } from './checkout';
import { isAlive, killTree } from './process-tree';
import { beginStart } from './running-start';
import type { RunningStart } from './running-start';

let folder: string;
let running: RunningStart | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mooring-strange-'));
  chmodSync(folder, 0o755);
});
afterEach(() => {
  if (running !== null && isAlive(running.pid)) killTree(running.pid);
  running = null;
  removePostgresData(join(folder, 'data', 'postgres'));
  rmSync(folder, { recursive: true, force: true });
});

const ready = async (start: RunningStart): Promise<void> => {
  running = start;
  await start.until(() => start.said().includes('Mooring is ready'));
};

test('npm start works in a folder with spaces and letters of any alphabet, for an account without rights, without a network', async () => {
  const checkout = join(folder, 'Ünï cödé ☃ folder');
  copyCheckout(checkout, linkPackages);
  const npmStart = [process.execPath, 'dev/setup.mjs', 'start'];
  // Only root can take the network and its own rights away; another account has neither to lose.
  const alone = 'ip link set lo up && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"';
  if (isRoot) execFileSync('chown', ['-R', '65534:65534', checkout]);
  const start = beginStart(
    { HOME: checkout },
    isRoot ? ['unshare', '-n', 'sh', '-c', alone, 'sh', ...npmStart] : npmStart,
    checkout,
  );
  await ready(start);
  expect(existsSync(join(checkout, '.mooring', 'postgres', 'cluster', 'PG_VERSION'))).toBe(true);
  process.kill(start.pid, 'SIGINT');
  expect(await start.ended).toBe(0);
}, 60_000);

test('with a clock that is set back and forth and a busy port it comes up; a part that dies five times stops it all', async () => {
  const data = join(folder, 'data');
  const blocker = createServer();
  const port = await listen(blocker);
  const start = beginStart({
    MOORING_DATA_DIR: data,
    MOORING_PORT: String(port),
    NODE_OPTIONS: `-r ${resolve('test/dev/clock.cjs')}`,
  });
  await ready(start);
  blocker.close();
  const run = runOf(data);
  const taken = new URL(run.api).port;
  expect(start.said()).toContain(`port ${port} is busy: platform takes ${taken}`);
  expect(start.said()).toContain(
    `to have ${port}, end what listens there, or set MOORING_PORT, and start again`,
  );
  expect((await fetch(`${run.api}/readyz`)).status).toBe(200);

  for (let death = 1; death <= 5; death++) {
    const pid = runOf(data).pids.model ?? 0;
    process.kill(pid, 'SIGKILL');
    if (death < 5) await start.until(() => readRunFile(data)?.pids.model !== pid);
  }
  expect(await start.ended).toBe(1);
  expect(start.said()).toMatch(/model ended 5 times in a short time, last: SIGKILL\n {4}listening \d+\n/);
  expect(start.said()).toContain(`All of it: ${join(data, 'logs')}. Then start again.`);
  expect(Object.values(run.pids).filter((pid) => pid !== undefined && isAlive(pid))).toEqual([]);
  expect(await isListening(Number(taken))).toBe(false);
  expect(readRunFile(data)).toBeNull();
}, 60_000);

function runOf(data: string): RunFile {
  const run = readRunFile(data);
  if (run === null) throw new Error('nothing runs');
  return run;
}
