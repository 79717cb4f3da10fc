import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresBinaries } from './binaries';
import { giveAway, isRoot, UNPRIVILEGED_ID } from './home';

const MAJOR_VERSION = '18';
export const SUPERUSER = 'mooring';

export interface Cluster {
  dir: string;
  password: string;
}

/** The account of the child processes; empty when we are not root. */
export const childAccount = (): { uid?: number; gid?: number } =>
  isRoot() ? { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID } : {};

/** Opens the cluster of a home, made once. An interrupted making leaves nothing that a later start would take. */
export async function openCluster(
  home: string,
  binaries: PostgresBinaries,
  durable: boolean,
): Promise<Cluster> {
  const dir = join(home, 'cluster');
  const password = keptPassword(join(home, 'password'));
  if (!existsSync(join(dir, 'PG_VERSION'))) {
    for (const left of readdirSync(home).filter((name) => name.startsWith('init-'))) {
      rmSync(join(home, left), { recursive: true, force: true });
    }
    await initialise({ home, dir, password, binaries, durable });
  }
  const found = readFileSync(join(dir, 'PG_VERSION'), 'utf8').trim();
  if (found !== MAJOR_VERSION) {
    throw new Error(
      `The data in ${dir} is of PostgreSQL ${found}, this is PostgreSQL ${MAJOR_VERSION}. Dump it with pg_dump of ` +
        `${found} and restore it, or begin with empty data: npm start -- --fresh`,
    );
  }
  return { dir, password };
}

function keptPassword(path: string): string {
  if (existsSync(path)) return readFileSync(path, 'utf8').trim();
  const password = randomBytes(24).toString('hex');
  writeFileSync(`${path}.new`, password, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return password;
}

async function initialise(options: {
  home: string;
  dir: string;
  password: string;
  binaries: PostgresBinaries;
  durable: boolean;
}): Promise<void> {
  const work = join(options.home, `init-${process.pid}`);
  mkdirSync(work, { mode: 0o700 });
  const passwordFile = join(work, 'password');
  writeFileSync(passwordFile, options.password, { mode: 0o600 });
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
  if (!options.durable) args.push('--no-sync');
  await runToEnd(options.binaries.initdb, args);
  renameSync(made, options.dir);
  rmSync(work, { recursive: true, force: true });
}

function runToEnd(command: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], ...childAccount() });
    let said = '';
    const keep = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-4000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`initdb ended with code ${String(code)}:\n${said.trim()}`));
    });
  });
}
