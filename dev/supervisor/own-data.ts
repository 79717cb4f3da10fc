import { existsSync, readdirSync, readFileSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { removePostgresData } from '../postgres/home';
import { DEMO_AGENTS } from '../agents/catalogue';

/** What only a start of ours writes, and how it begins: one of them is in every folder that a start has used. */
const MARKS: Record<string, RegExp> = {
  'agents.json': /^\{"[\w-]+":\{"orchestrator_key":"ork_/,
  'supervisor.json': /^\{"supervisor":\{"pid":/,
  'temporal/temporal.db.version': /^\d+\.\d+\.\d+\s*$/,
  'postgres/owner.json': /^\{"pid":\d+,"startedAt":/,
};
/** A killed start may have left its claim under the name it was written by. */
const UNFINISHED_CLAIM = /^supervisor\.json\.(new|\d+(\.left)?)$/;
/** In every file system that was just made. */
const OF_THE_SYSTEM = 'lost+found';

/** What `--fresh` deletes of each folder; logs and fetched programs stay. Another's file beside them is never ours. */
const MADE: Record<string, (name: string) => boolean> = {
  temporal: (name) => name.startsWith('temporal.db'),
  agents: (name) => DEMO_AGENTS.some(({ slug }) => name === `${slug}.jsonl`),
  mail: (name) => name === 'mail.jsonl',
};
const FILES = ['agents.json', 'ports.json', 'run.json'];

/** Says why a folder is not one for data: it is, or holds, the checkout, or others have put something there. */
export function refuseForeign(dataDir: string, checkout = process.cwd()): void {
  const folder = realPath(dataDir);
  if (isWithin(folder, realPath(checkout))) {
    throw new Error(
      `MOORING_DATA_DIR ${dataDir} ${folder === realPath(checkout) ? 'is' : 'holds'} the folder of Mooring's own code. Name a folder that is only for data, such as .mooring.`,
    );
  }
  // Its own folder has programs before it has data.
  if (folder === realPath(join(checkout, '.mooring')) || !existsSync(folder)) return;
  const names = readdirSync(folder).filter((name) => name !== OF_THE_SYSTEM);
  if (names.length === 0 || names.some((name) => UNFINISHED_CLAIM.test(name)) || hasMark(folder)) return;
  throw new Error(
    `The data folder ${dataDir} is not empty and no Mooring has made it (${names.slice(0, 3).join(', ')}). Name an empty or a new one with MOORING_DATA_DIR.`,
  );
}

/**
 * Removes all data, and nothing else: fetched programs stay, as do the logs, our claim on the data and whatever is not
 * ours. The secret goes with the database whose rows it seals.
 */
export function removeData(dataDir: string, ownDatabase: boolean): void {
  if (ownDatabase) removePostgresData(join(dataDir, 'postgres'));
  for (const [folder, isOurs] of Object.entries(MADE)) removeFiles(join(dataDir, folder), isOurs);
  for (const name of ownDatabase ? [...FILES, 'secret'] : FILES)
    for (const file of [name, `${name}.new`]) rmSync(join(dataDir, file), { force: true });
}

function removeFiles(folder: string, isOurs: (name: string) => boolean): void {
  if (!existsSync(folder)) return;
  const names = readdirSync(folder);
  for (const name of names.filter(isOurs)) rmSync(join(folder, name), { force: true });
  if (names.every(isOurs)) rmdirSync(folder);
}

const hasMark = (folder: string): boolean =>
  Object.entries(MARKS).some(([name, beginning]) => beginning.test(beginningOf(join(folder, name))));

function beginningOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').slice(0, 1_000);
  } catch {
    return '';
  }
}

/** Where a path leads, links followed as far as there is something. */
function realPath(path: string): string {
  const full = resolve(path);
  if (existsSync(full)) return realpathSync(full);
  const above = resolve(full, '..');
  return above === full ? full : join(realPath(above), relative(above, full));
}

const isWithin = (outer: string, inner: string): boolean =>
  inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
