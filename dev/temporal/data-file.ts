import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { TEMPORAL_SERVER_VERSION } from './pins';

/** Beside the file: the version of the server that has once been ready on it. */
const noteOf = (dbFile: string): string => `${dbFile}.version`;

/** A data file is of one server version, without a migration to another: throws when it is of another one. */
export function refuseOtherServer(dbFile: string): void {
  const note = noteOf(dbFile);
  const made =
    existsSync(dbFile) && existsSync(note) ? readFileSync(note, 'utf8').trim() : TEMPORAL_SERVER_VERSION;
  if (made === TEMPORAL_SERVER_VERSION) return;
  throw new Error(
    `The Temporal data in ${dbFile} is of server ${made}; this is server ${TEMPORAL_SERVER_VERSION}, and there is ` +
      'no migration between them. Use the Mooring that made it, or begin with empty data: npm start -- --fresh',
  );
}

export const damagedFile = (dbFile: string): string =>
  `The Temporal data in ${dbFile} is damaged. Move the folder ${dirname(dbFile)} away and start again: no fact is lost, and what is under way begins anew from the database.`;

/**
 * Makes the place of the file fit for a server. One killed while it made its tables can never start on them, so a file
 * on which none was ever ready is set aside; no workflow can be in it.
 */
export function prepareFile(dbFile: string): void {
  refuseOtherServer(dbFile);
  mkdirSync(dirname(dbFile), { recursive: true });
  if (existsSync(noteOf(dbFile))) return;
  for (const part of ['', '-wal', '-shm'])
    if (existsSync(`${dbFile}${part}`)) renameSync(`${dbFile}${part}`, `${dbFile}.unfinished${part}`);
}

/** Notes that a server is ready on the file. */
export function noteReady(dbFile: string): void {
  const note = noteOf(dbFile);
  writeFileSync(`${note}.new`, `${TEMPORAL_SERVER_VERSION}\n`);
  renameSync(`${note}.new`, note);
}
