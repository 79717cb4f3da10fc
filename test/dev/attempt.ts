import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { join, resolve } from 'node:path';

/** No start may hang longer than this before it says what is wrong. */
export const MOST_MS = 15_000;

export interface Attempt {
  code: number | null;
  said: string;
  tookMs: number;
}

export interface AttemptOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** Another checkout than this one, which is the working folder then. */
  checkout?: string;
  args?: string[];
  /** A program that runs ours, with its arguments: `unshare -n`, say. */
  under?: string[];
  uid?: number;
}

/** Runs the built `npm start` until it ends by itself, which it must do in time. */
export function attemptStart(options: AttemptOptions): Promise<Attempt> {
  const { env, checkout, cwd = checkout, args = [], under = [], uid } = options;
  const start = resolve(checkout ?? '.', 'dist/dev/start.js');
  const [program = '', ...rest] = [...under, process.execPath, start, ...args];
  const from = performance.now();
  const child = spawn(program, rest, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
    ...(uid !== undefined && { uid, gid: uid }),
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const late = setTimeout(() => child.kill('SIGINT'), MOST_MS);
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => {
      clearTimeout(late);
      done({ code, said: said.trim(), tookMs: performance.now() - from });
    });
  });
}

/** Every file of a folder with its bytes and rights, to see that nothing has changed; empty when there is none. */
export function contentOf(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name);
    const bytes = entry.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
    return [path, `${lstatSync(path).mode} ${bytes}`] as const;
  });
  return Object.fromEntries(entries);
}

export const isRoot = process.getuid?.() === 0;

/** Listens on a port that the system gives, and gives it. */
export async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((done) => server.listen(0, host, done));
  return (server.address() as AddressInfo).port;
}
