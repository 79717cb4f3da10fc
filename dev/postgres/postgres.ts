import { spawn } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { z } from 'zod';
import { commandLine, identify, isSameProcess, signal, waitForEnd } from '../supervisor/identity';
import { freePort } from '../supervisor/ports';
import { codeOf, FULL } from '../supervisor/system-errors';
import { findPostgres, isDamaged } from './binaries';
import type { Ending, PostgresBinaries } from './binaries';
import { childAccount, damagedCluster, openCluster, SUPERUSER } from './cluster';
import type { Cluster } from './cluster';
import { openHome } from './home';

const DATABASE = 'mooring';
const READY_WITHIN_MS = 60_000; // recovery after a crash replays its log first
const STARTS = 20;
const WRONG_PASSWORD = '28P01';
const FAST_STOP_MS = 3_000;
const NO_PROCESS = 2_147_483_646; // above every pid_max

export interface PostgresOptions {
  dataDir: string;
  port?: number;
  /** Tests only: without flushes to disk, so that a power cut may lose data. */
  durable?: boolean;
  log?: (line: string) => void;
  /** Told of the process as soon as there is one, long before it is ready. */
  spawned?: (pid: number) => void;
  /** Aborted: nothing more is started. */
  signal?: AbortSignal;
}

export interface RunningPostgres {
  url: string;
  port: number;
  pid: number;
  /** Settles with the reason when the server ends, whoever ended it. */
  ended: Promise<string>;
  stop: (withinMs?: number) => Promise<void>;
}

interface Start {
  binaries: PostgresBinaries;
  cluster: Cluster;
  port: number;
  durable: boolean;
  log: (line: string) => void;
  spawned: (pid: number) => void;
}

type Attempt = { ready: RunningPostgres } | { failed: string };

/**
 * Starts the bundled PostgreSQL on a data folder, which it makes when it is empty. As root, the folder's parents must
 * be open to walk through (mode o+x), or the data goes to a folder that is: see home.ts.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { dataDir, durable = true, log = () => undefined, spawned = () => undefined } = options;
  const home = openHome(dataDir);
  await claim(home, log);
  const binaries = findPostgres(home);
  options.signal?.throwIfAborted();
  const cluster = await openCluster(home, { binaries, durable, spawned });
  let port = await freePort(options.port);
  for (let start = 1; ; start++) {
    if (options.port !== undefined && options.port !== 0 && port !== options.port && start === 1) {
      log(`port ${options.port} is busy: PostgreSQL takes ${port}`);
    }
    options.signal?.throwIfAborted();
    const attempt = await tryStart({ binaries, cluster, port, durable, log, spawned });
    if ('ready' in attempt) return attempt.ready;
    if (/Address already in use|could not create any TCP\/IP sockets/.test(attempt.failed))
      port = await freePort();
    else if (!/shared memory block|lock file "postmaster.pid"/.test(attempt.failed) || start >= STARTS) {
      throw new Error(whyNoStart(attempt.failed, cluster));
    } else await pause(200); // processes of a killed server are still ending
  }
}

/** Makes this process the one that runs PostgreSQL here: refuses while another does, stops what a killed one left. */
async function claim(home: string, log: (line: string) => void): Promise<void> {
  const ownerFile = join(home, 'owner.json');
  const Owner = z.object({ pid: z.number(), startedAt: z.string() });
  const clusterDir = join(home, 'cluster');
  const pidFile = join(clusterDir, 'postmaster.pid');
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').split('\n')[0]) : 0;
  const running = pid > 0 && (commandLine(pid) ?? '').includes(clusterDir) ? identify(pid) : null;
  if (running !== null) {
    const owner = existsSync(ownerFile) ? Owner.safeParse(JSON.parse(readFileSync(ownerFile, 'utf8'))) : null;
    if (owner?.success === true && isSameProcess(owner.data)) {
      throw new Error(`PostgreSQL already runs on ${home}, started by process ${owner.data.pid}.`);
    }
    log(`stopping a PostgreSQL that a killed start left behind (process ${pid})`);
    signal(pid, 'SIGINT');
    if (!(await waitForEnd(running, FAST_STOP_MS))) {
      signal(pid, 'SIGQUIT');
      await waitForEnd(running, FAST_STOP_MS);
    }
  } else if (pid > 0 && identify(pid) !== null) {
    // Its number is somebody else's by now, whom PostgreSQL would take for itself. Only the number is made void: the
    // rest of the file is how PostgreSQL knows whether sessions of the killed server still write.
    writeFileSync(pidFile, readFileSync(pidFile, 'utf8').replace(/^\d+/, String(NO_PROCESS)));
  }
  writeFileSync(`${ownerFile}.new`, JSON.stringify(identify(process.pid)));
  renameSync(`${ownerFile}.new`, ownerFile);
}

async function tryStart({ binaries, cluster, port, durable, log, spawned }: Start): Promise<Attempt> {
  const args = ['-D', cluster.dir, ...settings(port, durable).flatMap((setting) => ['-c', setting])];
  const child = spawn(binaries.postgres, args, {
    cwd: '/',
    detached: true, // a Ctrl-C at the terminal must not reach it before those who use it
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...childAccount(),
  });
  if (child.pid !== undefined) spawned(child.pid);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-8000);
    for (const line of chunk.toString().split('\n')) if (line !== '') log(line);
  });
  const state = { over: false };
  const over = (ending: Ending): string => {
    state.over = true;
    if (isDamaged(ending)) said = `${binaries.damaged}\n${said}`;
    return ending.error?.message ?? ending.signal ?? `exit code ${String(ending.code)}`;
  };
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(over({ error, said })));
    child.once('close', (code, name) => resolve(over({ code, signal: name, said })));
  });
  const url = (database: string): string =>
    `postgres://${SUPERUSER}:${cluster.password}@127.0.0.1:${port}/${database}`;
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const answer = await ensureDatabase(url('postgres'));
    if (answer === 'ready') break;
    if (state.over) return { failed: said.trim() || (await ended) };
    if (answer === 'refused') {
      child.kill('SIGQUIT');
      await ended;
      throw new Error(wrongPassword(cluster));
    }
    if (performance.now() > deadline) {
      child.kill('SIGQUIT');
      return { failed: `not ready after ${READY_WITHIN_MS} ms\n${said.trim()}` };
    }
    await Promise.race([pause(30), ended]);
  }
  const pid = child.pid;
  if (pid === undefined || state.over) return { failed: said.trim() };
  const stop = async (withinMs = FAST_STOP_MS): Promise<void> => {
    child.kill('SIGINT'); // fast: ends sessions, keeps everything committed
    const hard = setTimeout(() => child.kill('SIGQUIT'), withinMs);
    await ended;
    clearTimeout(hard);
  };
  return { ready: { url: url(DATABASE), port, pid, ended, stop } };
}

/** Files that are gone or hold something else; a full disk and damaged programs have words of their own. */
const BAD_DATA =
  /could not (open|read|find|locate|access) [^\n]*("|checkpoint)|invalid (data in|checkpoint|primary)|incorrect checksum|PANIC:/;

function whyNoStart(said: string, { dir }: Cluster): string {
  const isDamage = BAD_DATA.test(said) && !FULL.test(said);
  const sentence = isDamage ? `${damagedCluster(dir, 'its own words are below')}\n\n` : '';
  return `${sentence}PostgreSQL did not start:\n${said}`;
}

const wrongPassword = ({ dir }: Cluster): string =>
  `The password in ${join(dirname(dir), 'password')} is not that of the database. Put the right one back, or begin with empty data: npm start -- --fresh`;

/** Creates the database when it is absent. */
async function ensureDatabase(url: string): Promise<'ready' | 'not yet' | 'refused'> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined); // a cut is seen by the query
  try {
    await client.connect();
    const found = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`create database ${DATABASE}`);
    return 'ready';
  } catch (error) {
    return codeOf(error) === WRONG_PASSWORD ? 'refused' : 'not yet';
  } finally {
    await client.end().catch(() => undefined);
  }
}

function settings(port: number, durable: boolean): string[] {
  const kept = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'timezone=UTC',
    'log_timezone=UTC',
    // One machine: small, and without what replicas would need.
    'shared_buffers=64MB',
    'max_connections=60',
    'io_method=sync',
    'wal_level=minimal',
    'max_wal_senders=0',
    'max_logical_replication_workers=0',
    'jit=off',
    'log_checkpoints=off',
  ];
  return durable ? kept : [...kept, 'fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];
}

const pause = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));
