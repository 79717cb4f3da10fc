import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDamaged } from './binaries';
import type { PostgresBinaries } from './binaries';
import { giveAway, homeOf, isRoot, UNPRIVILEGED_ID } from './home';

const MAJOR_VERSION = '18';
const CONTROL_FILE = join('global', 'pg_control');
export const SUPERUSER = 'mooring';

/** Where the cluster of a data folder lies, or will lie. */
export const clusterOf = (dataDir: string): string => join(homeOf(dataDir), 'cluster');

/** What to say of a cluster that no PostgreSQL opens. */
export const damagedCluster = (dir: string, what: string): string =>
  `The database in ${dir} is damaged (${what}). Put the folder back from a backup, or begin with empty data: npm start -- --fresh`;

/** Throws when a cluster is not whole, or is of another PostgreSQL, which has no way of its own to this one. */
export function refuseUnusable(dir: string): void {
  if (!existsSync(dir) || readdirSync(dir).length === 0) return;
  const note = join(dir, 'PG_VERSION');
  const found = existsSync(note) ? readFileSync(note, 'utf8').trim() : '';
  if (!/^\d+(\.\d+)?$/.test(found)) throw new Error(damagedCluster(dir, 'PG_VERSION names no version'));
  if (found === MAJOR_VERSION) {
    if (existsSync(join(dir, CONTROL_FILE))) return;
    throw new Error(damagedCluster(dir, `${CONTROL_FILE} is missing`));
  }
  throw new Error(
    `The data in ${dir} is of PostgreSQL ${found}, this is PostgreSQL ${MAJOR_VERSION}. Dump it with pg_dump of ` +
      `${found} and restore it, or begin with empty data: npm start -- --fresh`,
  );
}

export interface Cluster {
  dir: string;
  password: string;
}

/** The account of the child processes; empty when we are not root. */
export const childAccount = (): { uid?: number; gid?: number } =>
  isRoot() ? { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID } : {};

interface Opening {
  binaries: PostgresBinaries;
  durable: boolean;
  /** Told of the process that makes the cluster. */
  spawned: (pid: number) => void;
}

/** Opens the cluster of a home, made once. An interrupted making leaves nothing that a later start would take. */
export async function openCluster(home: string, opening: Opening): Promise<Cluster> {
  const dir = join(home, 'cluster');
  refuseUnusable(dir);
  const password = keptPassword(join(home, 'password'));
  if (!existsSync(join(dir, 'PG_VERSION'))) {
    for (const left of readdirSync(home).filter((name) => name.startsWith('init-'))) {
      rmSync(join(home, left), { recursive: true, force: true });
    }
    await initialise({ ...opening, home, dir, password });
  }
  refuseUnusable(dir);
  return { dir, password };
}

function keptPassword(path: string): string {
  if (existsSync(path)) return readFileSync(path, 'utf8').trim();
  const password = randomBytes(24).toString('hex');
  writeFileSync(`${path}.new`, password, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return password;
}

async function initialise(making: Opening & Cluster & { home: string }): Promise<void> {
  const work = join(making.home, `init-${process.pid}`);
  mkdirSync(work, { mode: 0o700 });
  try {
    await makeIn(work, making);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function makeIn(work: string, making: Opening & Cluster): Promise<void> {
  const passwordFile = join(work, 'password');
  writeFileSync(passwordFile, making.password, { mode: 0o600 });
  giveAway(work);
  giveAway(passwordFile);
  const made = join(work, 'cluster');
  const args = [
    '-D',
    made,
    '-U',
    SUPERUSER,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
  ];
  // PostgreSQL's own C.UTF-8, so that text sorts alike on every platform.
  args.push('--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C');
  if (!making.durable) args.push('--no-sync');
  await runInitdb(making.binaries, args, making.spawned);
  if (!existsSync(join(made, 'PG_VERSION'))) throw new Error(making.binaries.damaged);
  renameSync(made, making.dir);
}

function runInitdb(
  { initdb, damaged }: PostgresBinaries,
  args: string[],
  spawned: (pid: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(initdb, args, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], ...childAccount() });
    if (child.pid !== undefined) spawned(child.pid);
    let said = '';
    const keep = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-4000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => reject(isDamaged({ error, said }) ? new Error(damaged) : error));
    child.once('close', (code, signal) => {
      if (code === 0) return resolve();
      const ending = `initdb ended with ${signal ?? `code ${String(code)}`}:\n${said.trim()}`;
      reject(new Error(isDamaged({ code, signal, said }) ? `${damaged}\n\n${ending}` : ending));
    });
  });
}
