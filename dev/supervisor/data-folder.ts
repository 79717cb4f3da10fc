import { accessSync, constants, existsSync, rmSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { clusterOf, refuseUnusable } from '../postgres/cluster';
import { isRoot, UNPRIVILEGED_ID } from '../postgres/home';
import { refuseOtherServer } from '../temporal/data-file';
import { codeOf } from './system-errors';

/** What a new database, its log and the other parts' files need at the least. */
const LEAST_FREE_BYTES = 200 * 1024 * 1024;
const ROOM_FOR_CLAIM_BYTES = 64 * 1024;
const ELSEWHERE = 'set MOORING_DATA_DIR to another folder';

/** Says why a data folder cannot be used, before anything in it is touched. */
export function checkDataFolder(dataDir: string): void {
  const folder = nearestExisting(dataDir);
  if (!statSync(folder).isDirectory()) {
    throw new Error(
      `The data folder ${dataDir} cannot be made: ${folder} is a file. Move it away, or ${ELSEWHERE}.`,
    );
  }
  if (statfsSync(folder).blocks === 0) {
    throw new Error(
      `The data folder ${dataDir} cannot be made: the file system of ${folder} keeps no files. To have one on a disk, ${ELSEWHERE}.`,
    );
  }
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Error(
      `The data folder ${dataDir} cannot be written to (${reasonOf(error, folder)}). Give this account the right to, or ${ELSEWHERE}.`,
      { cause: error },
    );
  }
}

/** Says when the disk is too full to begin. */
export function checkSpace(dataDir: string): void {
  const free = freeBytes(dataDir);
  if (free < LEAST_FREE_BYTES) {
    throw new Error(
      `The disk of the data folder ${dataDir} is full: ${megabytes(free)} are free and Mooring needs ${megabytes(LEAST_FREE_BYTES)}. Free some space, or ${ELSEWHERE}.`,
    );
  }
}

/**
 * Before --fresh frees the disk, our claim on the data must be written to it. What gives way, when not a block is left,
 * any start makes anew.
 */
export function makeRoomForClaim(dataDir: string): void {
  if (freeBytes(dataDir) > ROOM_FOR_CLAIM_BYTES) return;
  for (const name of ['ports.json', 'agents.json']) rmSync(join(dataDir, name), { force: true });
}

function freeBytes(dataDir: string): number {
  const { bavail, bsize } = statfsSync(nearestExisting(dataDir));
  return bavail * bsize;
}

/** Says why data that is there cannot be opened by this Mooring and this account. */
export function checkData(dataDir: string, own: { postgres: boolean; temporal: boolean }): void {
  if (own.postgres) checkCluster(clusterOf(join(dataDir, 'postgres')));
  if (own.temporal) refuseOtherServer(temporalFile(dataDir));
}

export const temporalFile = (dataDir: string): string => join(dataDir, 'temporal', 'temporal.db');

function checkCluster(cluster: string): void {
  if (!existsSync(cluster)) return;
  const { uid } = statSync(cluster);
  const wanted = isRoot() ? UNPRIVILEGED_ID : process.getuid?.();
  if (wanted !== undefined && uid !== wanted) {
    const maker = uid === UNPRIVILEGED_ID ? 'root' : `the account ${uid}`;
    throw new Error(
      `The data in ${cluster} was made by ${maker}. Start Mooring as ${maker}, or ${ELSEWHERE}.`,
    );
  }
  refuseUnusable(cluster);
}

function nearestExisting(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    if (existsSync(at) || at === dirname(at)) return at;
  }
}

function reasonOf(error: unknown, folder: string): string {
  if (codeOf(error) === 'EROFS') return 'its file system is read-only';
  const { uid, mode } = statSync(folder);
  return uid === process.getuid?.()
    ? `${folder} has the mode ${(mode & 0o777).toString(8)}`
    : `${folder} belongs to the account ${uid}, this is ${String(process.getuid?.())}`;
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`;
