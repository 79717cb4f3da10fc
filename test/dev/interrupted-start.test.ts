import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { removePostgresData } from '../../dev/postgres/home';
import { readRunFile } from '../../dev/run-file';
import { attemptStart, MOST_MS } from './attempt';
import { linkPrograms } from './checkout';
import { killTree, processesOn } from './process-tree';
import { beginStart } from './running-start';
import type { RunningStart } from './running-start';

// One data folder, from nothing. Each start but the last is killed with all its processes; each finds what the one
// before has left.
let data: string;
let checkout: string;
let env: Record<string, string>;
let running: RunningStart | null = null;

beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), 'mooring-interrupted-'));
  chmodSync(data, 0o755); // or root's PostgreSQL would live elsewhere
  // The same programs and packages, but for Temporal, which is still to be fetched: here from a pip that gives a half.
  checkout = mkdtempSync(join(tmpdir(), 'mooring-interrupted-checkout-'));
  for (const name of readdirSync('.').filter((name) => !['.mooring', '.env', '.git'].includes(name)))
    symlinkSync(resolve(name), join(checkout, name));
  mkdirSync(join(checkout, '.mooring', 'bin'), { recursive: true });
  const pip = join(checkout, '.mooring', 'pip');
  writeFileSync(pip, '#!/bin/sh\nhead -c 1000 /dev/zero >"$TMPDIR/temporal.whl"\nexec sleep 60\n', {
    mode: 0o755,
  });
  env = {
    MOORING_DATA_DIR: data,
    NODE_OPTIONS: `-r ${resolve('test/dev/no-names.cjs')}`,
    PATH: `${join(checkout, '.mooring')}:${process.env['PATH'] ?? ''}`,
  };
});
afterAll(() => {
  if (running !== null) killTree(running.pid);
  removePostgresData(join(data, 'postgres'));
  for (const folder of [data, checkout]) rmSync(folder, { recursive: true, force: true });
});

const has = (path: string): boolean => existsSync(join(data, path));
const homes = (): string[] => (has('postgres') ? readdirSync(join(data, 'postgres')) : []);
const fetched = (): string[] =>
  readdirSync(join(checkout, '.mooring', 'bin'), { recursive: true, encoding: 'utf8' });
const hasSaid = ({ said }: RunningStart, steps: string[]): boolean =>
  steps.every((step) => said().includes(`✓ ${step}`));

test('a first start is killed when half of Temporal was fetched, which no later start takes', async () => {
  const start = beginStart(env, undefined, checkout);
  await start.until(() => fetched().some((name) => name.endsWith('temporal.whl')));
  killTree(start.pid);
  await start.ended;
  expect(fetched().filter((name) => name.startsWith('temporal-'))).toEqual([]);
  linkPrograms(checkout);
});

test.each<[string, (start: RunningStart) => boolean]>([
  ['its keys were written', () => has('agents.json')],
  ['initdb had begun', () => homes().some((name) => name.startsWith('init-'))],
  ['Temporal had begun its file', () => has('temporal/temporal.db')],
  ['the migrations had begun', (start) => hasSaid(start, ['PostgreSQL on port'])],
  [
    'the demo seed had begun',
    (start) => hasSaid(start, ['migrations', 'Temporal', 'stand-in', 'demo agents']),
  ],
  ['the platform had begun', () => has('logs/platform.log')],
])(
  'a first start is killed when %s',
  async (_step, reached) => {
    const start = beginStart(env, undefined, checkout);
    await start.until(() => reached(start));
    killTree(start.pid);
    await start.ended;
  },
  60_000,
);

test('the next start simply works, and nothing half made is left', async () => {
  running = beginStart(env, undefined, checkout);
  const { until, said } = running;
  await until(() => said().includes('Mooring is ready'));
  expect(homes().filter((name) => name.startsWith('init-'))).toEqual([]);
  expect(fetched().filter((name) => name.startsWith('.fetch-'))).toEqual([]);
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
