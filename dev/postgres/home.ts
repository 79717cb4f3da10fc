import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve, sep } from 'node:path';

/** The account PostgreSQL runs as when we are root, which it refuses to be: `nobody`, which needs no creating. */
export const UNPRIVILEGED_ID = 65_534;

const MOVED = 'mooring-postgres-';

export const isRoot = (): boolean => process.getuid?.() === 0;

/**
 * Where PostgreSQL really lives for a data folder. As root its account must be able to walk there; under a closed
 * folder (a 0700 home, say) it cannot, so the data goes to a place it can reach and the folder says where.
 */
export function openHome(dataDir: string): string {
  const wished = resolve(dataDir);
  mkdirSync(wished, { recursive: true });
  const home = movedTo(wished) ?? (!isRoot() || isReachable(dirname(wished)) ? wished : moveHome(wished));
  if (isRoot()) chmodSync(home, 0o711);
  return home;
}

/** Where it lives or will live, unless it is still to be moved. */
export const homeOf = (dataDir: string): string => movedTo(resolve(dataDir)) ?? resolve(dataDir);

function moveHome(wished: string): string {
  const base = wished.startsWith(tmpdir() + sep) ? tmpdir() : '/var/lib';
  const home = mkdtempSync(join(base, MOVED));
  writeFileSync(join(wished, 'moved-to'), home);
  return home;
}

function movedTo(dataDir: string): string | null {
  const note = join(dataDir, 'moved-to');
  const home = existsSync(note) ? readFileSync(note, 'utf8').trim() : '';
  return home !== '' && existsSync(home) ? home : null;
}

const MADE = /^(cluster|init-.*|binaries-.*|(password|owner\.json)(\.new)?|moved-to)$/;

/** Deletes what was made in a data folder that no PostgreSQL runs on, and the folder when nothing else is in it. */
export function removePostgresData(dataDir: string): void {
  const elsewhere = movedTo(dataDir);
  if (elsewhere !== null && basename(elsewhere).startsWith(MOVED))
    rmSync(elsewhere, { recursive: true, force: true });
  if (!existsSync(dataDir)) return;
  const names = readdirSync(dataDir);
  for (const name of names.filter((name) => MADE.test(name)))
    rmSync(join(dataDir, name), { recursive: true, force: true });
  if (names.every((name) => MADE.test(name))) rmdirSync(dataDir);
}

/** Whether the unprivileged account can walk to this folder. */
export function isReachable(folder: string): boolean {
  let path = resolve(folder);
  for (;;) {
    // What does not exist yet is made by us, with the usual open mode.
    if (existsSync(path) && !canEnter(path)) return false;
    if (path === dirname(path)) return true;
    path = dirname(path);
  }
}

export function giveAway(path: string): void {
  if (isRoot()) chownSync(path, UNPRIVILEGED_ID, UNPRIVILEGED_ID);
}

function canEnter(path: string): boolean {
  const { mode, uid } = statSync(path);
  return (mode & 0o001) !== 0 || (uid === UNPRIVILEGED_ID && (mode & 0o100) !== 0);
}
