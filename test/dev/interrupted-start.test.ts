import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { removePostgresData } from '../../dev/postgres/home';
import { readRunFile } from '../../dev/run-file';
import { attemptStart, MOST_MS } from './attempt';
import { killTree, processesOn } from './process-tree';
import { beginStart } from './running-start';
import type { RunningStart } from './running-start';

// One data folder, from nothing. Each start but the last is killed with all its processes; each finds what the one
// before has left.
let data: string;
let running: RunningStart | null = null;

beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), 'mooring-interrupted-'));
  chmodSync(data, 0o755); // or root's PostgreSQL would live elsewhere
});
afterAll(() => {
  if (running !== null) killTree(running.pid);
  removePostgresData(join(data, 'postgres'));
  rmSync(data, { recursive: true, force: true });
});

const has = (path: string): boolean => existsSync(join(data, path));
const homes = (): string[] => (has('postgres') ? readdirSync(join(data, 'postgres')) : []);

test.each<[string, (start: RunningStart) => boolean]>([
  ['its keys were written', () => has('agents.json')],
  ['initdb had begun', () => homes().some((name) => name.startsWith('init-'))],
  ['the migrations had begun', ({ said }) => said().includes('✓ PostgreSQL on port')],
  ['the platform had begun', () => has('logs/platform.log')],
])('a first start is killed when %s', async (_step, reached) => {
  const start = beginStart({ MOORING_DATA_DIR: data });
  await start.until(() => reached(start));
  killTree(start.pid);
  await start.ended;
});

test('the next start simply works, and nothing half made is left', async () => {
  running = beginStart({ MOORING_DATA_DIR: data });
  const { until, said } = running;
  await until(() => said().includes('Mooring is ready'));
  expect(homes().filter((name) => name.startsWith('init-'))).toEqual([]);
  expect(readdirSync(data).filter((name) => /\.new$|\.left$/.test(name))).toEqual([]);
}, 60_000);

test('then data of a newer Mooring is left as it is, and no process stays', async () => {
  const run = readRunFile(data);
  if (run === null || running === null) throw new Error('nothing runs');
  const client = new Client({ connectionString: run.database_url });
  await client.connect();
  await client.query("insert into schema_migrations (name, sha256) values ('0099_future.sql', 'x')");
  await client.end();
  process.kill(running.pid, 'SIGINT');
  expect(await running.ended).toBe(0);
  running = null;

  const attempt = await attemptStart({ env: { MOORING_DATA_DIR: data, MOORING_PORT: '0' } });
  expect(attempt.said).toMatch(
    /has migration 0099_future\.sql, .* written by a newer Mooring\. Bring this checkout up to date \(git pull\)/,
  );
  expect(attempt.code).toBe(1);
  expect(attempt.tookMs).toBeLessThan(MOST_MS);
  expect(has('supervisor.json')).toBe(false);
  expect(processesOn(data)).toEqual([]);
}, 30_000);
