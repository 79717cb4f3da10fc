import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { removePostgresData } from '../../dev/postgres/home';
import { startPostgres } from '../../dev/postgres/postgres';
import type { RunningPostgres } from '../../dev/postgres/postgres';
import { waitForEnd, identify } from '../../dev/supervisor/identity';

let dataDir: string;
let running: RunningPostgres[] = [];

const start = async (options: { port?: number; durable?: boolean; log?: (line: string) => void } = {}) => {
  const postgres = await startPostgres({ dataDir, durable: false, ...options });
  running.push(postgres);
  return postgres;
};

const ask = async (url: string, sql: string): Promise<string> => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return JSON.stringify(rows.map((row) => Object.values(row)).flat());
  } finally {
    await client.end();
  }
};

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'mooring-pg-'));
});

afterEach(async () => {
  await Promise.all(running.map((postgres) => postgres.stop()));
  running = [];
  rmSync(dataDir, { recursive: true, force: true });
});

test('an empty folder becomes a database with a password of its own, and a second start finds its data', async () => {
  const first = await start();
  await ask(first.url, 'create table kept (n int)');
  expect(statSync(join(dataDir, 'password')).mode & 0o777).toBe(0o600);
  await expect(ask(first.url.replace(/:[0-9a-f]{48}@/, ':wrong@'), 'select 1')).rejects.toThrow(/password/);
  await first.stop();

  const second = await start();
  expect(await ask(second.url, 'select count(*)::int from kept')).toBe('[0]');
  expect(
    await ask(second.url, "select datcollate || ' ' || datlocale from pg_database where datname = 'mooring'"),
  ).toBe('["C C.UTF-8"]');
});

test('committed rows are there after kill -9', async () => {
  const first = await start({ durable: true });
  await ask(first.url, 'create table kept as select 42 as n');
  process.kill(first.pid, 'SIGKILL');
  expect(await first.ended).toBe('SIGKILL');

  const second = await start({ durable: true, port: first.port });
  expect(second.port).toBe(first.port);
  expect(await ask(second.url, 'select n from kept')).toBe('[42]');
});

test('a stale pid file that names a process of somebody else is no hindrance', async () => {
  const first = await start();
  const pidFile = join(dataDir, 'cluster', 'postmaster.pid');
  const lines = readFileSync(pidFile, 'utf8').split('\n');
  await first.stop();
  writeFileSync(pidFile, [String(process.pid), ...lines.slice(1)].join('\n'));

  const second = await start();
  expect(await ask(second.url, 'select 1')).toBe('[1]');
});

test('a busy port gives way to another one, and says so', async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : 0);
    });
  });
  const lines: string[] = [];
  const postgres = await start({ port, log: (line) => lines.push(line) });
  server.close();
  expect(postgres.port).not.toBe(port);
  expect(lines.join('\n')).toContain(`port ${port} is busy`);
});

test('a folder that a live process runs PostgreSQL on is refused, and one that a dead process left is taken over', async () => {
  const first = await start();
  await expect(startPostgres({ dataDir, durable: false })).rejects.toThrow(/already runs/);

  const left = identify(first.pid);
  writeFileSync(join(dataDir, 'owner.json'), JSON.stringify({ pid: process.pid, startedAt: 'another time' }));
  const second = await start();
  expect(left && (await waitForEnd(left, 0))).toBe(true);
  expect(await ask(second.url, 'select 1')).toBe('[1]');
});

test('a making that was interrupted is begun anew', async () => {
  const first = await start();
  await first.stop();
  rmSync(join(dataDir, 'cluster', 'PG_VERSION'));
  rmSync(join(dataDir, 'cluster'), { recursive: true });
  // What a killed initdb leaves: a half-made cluster under its working name.
  writeFileSync(join(dataDir, 'init-1'), '');
  const second = await start();
  expect(await ask(second.url, 'select 1')).toBe('[1]');
});

test('a password that is not that of the database is told at once', async () => {
  const first = await start();
  await first.stop();
  writeFileSync(join(dataDir, 'password'), 'another');
  await expect(start()).rejects.toThrow(
    /^The password in \S+ is not that of the database\. Put the right one back, or begin with empty data/,
  );
});

test('a start that was called off starts nothing', async () => {
  const spawned: number[] = [];
  const calledOff = startPostgres({
    dataDir,
    signal: AbortSignal.abort(),
    spawned: (pid) => spawned.push(pid),
  });
  await expect(calledOff).rejects.toThrow(/aborted/);
  expect(spawned).toEqual([]);
});

const asRoot = process.getuid?.() === 0 ? test : test.skip;
asRoot('as root it runs under an account without rights', async () => {
  const postgres = await start();
  expect(readFileSync(`/proc/${postgres.pid}/status`, 'utf8')).toMatch(/^Uid:\t65534\t/m);
});

asRoot(
  'as root under a closed folder, the data goes where that account can walk, and the folder says where',
  async () => {
    const closed = mkdtempSync(join(dataDir, 'closed-')); // mode 0700
    const inside = join(closed, 'postgres');
    const postgres = await startPostgres({ dataDir: inside, durable: false });
    running.push(postgres);
    expect(await ask(postgres.url, 'select 1')).toBe('[1]');
    const home = readFileSync(join(inside, 'moved-to'), 'utf8').trim();
    expect(statSync(join(home, 'cluster')).uid).toBe(65_534);
    await postgres.stop();
    removePostgresData(inside);
    expect(existsSync(home)).toBe(false);
  },
);
