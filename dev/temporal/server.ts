import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { Connection } from '@temporalio/client';
import { freePort } from '../supervisor/ports';
import { damagedFile, noteReady, prepareFile } from './data-file';

const READY_WITHIN_MS = 30_000;
const STOP_MS = 3_000;
const STARTS = 5;
/** SQLite's words for a file that is none of its own, or not as it was written. */
const BAD_FILE =
  /file is not a database|disk image is malformed|malformed database|database corruption|no such table/i;

/** What a person may filter by in the Temporal UI; no personal data. */
const SEARCH_ATTRIBUTES = [
  'MooringUser',
  'MooringAgent',
  'MooringTask',
  'MooringPhase',
  'MooringRisk',
  'MooringRegion',
] as const;

export interface TemporalOptions {
  binary: string;
  /** The file that keeps all state; null keeps it in memory, for tests. */
  dbFile: string | null;
  port?: number;
  uiPort?: number;
  log?: (line: string) => void;
  /** Told of the process as soon as there is one, long before it is ready. */
  spawned?: (pid: number) => void;
  /** Aborted: nothing more is started. */
  signal?: AbortSignal;
}

export interface RunningTemporal {
  address: string;
  uiUrl: string;
  port: number;
  pid: number;
  /** Settles with the reason when the server ends, whoever ended it. */
  ended: Promise<string>;
  stop: (withinMs?: number) => Promise<void>;
}

/** Starts the Temporal development server with the settings of the design, and waits until it answers. */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  const { binary, dbFile, log = () => undefined } = options;
  if (dbFile !== null) prepareFile(dbFile);
  let port = await freePort(options.port);
  let uiPort = await freePort(options.uiPort);
  if (options.port && port !== options.port) log(`port ${options.port} is busy: Temporal takes ${port}`);
  if (options.uiPort && uiPort !== options.uiPort)
    log(`port ${options.uiPort} is busy: Temporal UI takes ${uiPort}`);
  for (let start = 1; ; start++) {
    options.signal?.throwIfAborted(); // another part may have failed meanwhile: what begins now would be nobody's
    const server = run(binary, [...flags(dbFile), '--port', `${port}`, '--ui-port', `${uiPort}`], log);
    if (server.child.pid !== undefined) options.spawned?.(server.child.pid);
    if (await isReady(`127.0.0.1:${port}`, server)) {
      if (dbFile !== null) noteReady(dbFile);
      return handleOf(server, port, uiPort);
    }
    server.child.kill('SIGKILL');
    await server.ended;
    const said = server.said();
    if (!/address already in use|can't set frontend port|can't set UI port/i.test(said) || start === STARTS) {
      const words = `Temporal did not start:\n${said.trim() || (await server.ended)}`;
      throw new Error(dbFile !== null && BAD_FILE.test(said) ? `${damagedFile(dbFile)}\n\n${words}` : words);
    }
    port = await freePort();
    uiPort = await freePort();
  }
}

function flags(dbFile: string | null): string[] {
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--log-level', 'warn'];
  // Write-ahead log: 4 disk flushes a task instead of 56. A power cut may lose the last moment of Temporal, which the
  // reconciler restores from the facts.
  if (dbFile !== null) args.push('--db-filename', dbFile, '--sqlite-pragma', 'journal_mode=wal');
  if (dbFile !== null) args.push('--sqlite-pragma', 'synchronous=1');
  for (const value of ['system.enableActivityEagerExecution=true', 'matching.enableFairness=true']) {
    args.push('--dynamic-config-value', value);
  }
  for (const name of SEARCH_ATTRIBUTES) args.push('--search-attribute', `${name}=Keyword`);
  return args;
}

interface Server {
  child: ChildProcess;
  ended: Promise<string>;
  isOver: () => boolean;
  said: () => string;
}

function run(binary: string, args: string[], log: (line: string) => void): Server {
  const child = spawn(binary, args, {
    detached: true, // a Ctrl-C at the terminal must not reach it before those who use it
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], GOGC: '400' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let over = false;
  const take = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-8000);
    for (const line of chunk.toString().split('\n')) if (line !== '') log(line);
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const ended = new Promise<string>((resolve) => {
    const end = (reason: string): void => {
      over = true;
      resolve(reason);
    };
    child.once('error', (error) => end(error.message));
    child.once('close', (code, name) => end(name === null ? `exit code ${String(code)}` : name));
  });
  return { child, ended, isOver: () => over, said: () => said };
}

async function isReady(address: string, server: Server): Promise<boolean> {
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!server.isOver() && performance.now() < deadline) {
    if (await answers(address, 1000)) return true;
    await Promise.race([new Promise((resolve) => setTimeout(resolve, 30)), server.ended]);
  }
  return false;
}

/** Whether a Temporal server answers there, and knows the namespace when one is given. */
export async function answers(address: string, timeoutMs: number, namespace = 'default'): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: timeoutMs });
    try {
      await connection.withDeadline(Date.now() + timeoutMs, () =>
        connection.workflowService.describeNamespace({ namespace }),
      );
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    return false;
  }
}

function handleOf(server: Server, port: number, uiPort: number): RunningTemporal {
  const stop = async (withinMs = STOP_MS): Promise<void> => {
    server.child.kill('SIGTERM');
    const hard = setTimeout(() => server.child.kill('SIGKILL'), withinMs); // its file survives that
    await server.ended;
    clearTimeout(hard);
  };
  return {
    address: `127.0.0.1:${port}`,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    port,
    pid: server.child.pid ?? 0,
    ended: server.ended,
    stop,
  };
}
