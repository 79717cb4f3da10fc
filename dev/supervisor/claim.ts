import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { identify, isSameProcess, signal, waitForEnd } from './identity';
import type { ProcessIdentity } from './identity';
import { codeOf } from './system-errors';

const ORPHAN_TERM_MS = 1_000;
const ORPHAN_KILL_MS = 2_000;

const Identity = z.object({ pid: z.number().int(), startedAt: z.string() });
const ClaimFile = z.object({ supervisor: Identity, children: z.record(z.string(), Identity) });
type Claimed = z.infer<typeof ClaimFile>;

const NOBODY: Claimed = { supervisor: { pid: 0, startedAt: '' }, children: {} };

export interface Claim {
  /** Children that a killed supervisor left running. */
  orphans: Record<string, ProcessIdentity>;
  /** Notes a child, so that it can be ended by whoever comes after us. */
  note: (name: string, pid: number) => void;
  /** Ends every noted child that still runs. */
  sweep: () => Promise<void>;
  release: () => void;
}

/** Another supervisor runs on the data. */
export class AlreadyRunning extends Error {
  readonly pid: number;

  constructor(dataDir: string, pid: number) {
    super(`Mooring already runs on ${dataDir} (process ${pid}).`);
    this.name = 'AlreadyRunning';
    this.pid = pid;
  }
}

/** Makes this process the only supervisor of a data folder, by the file supervisor.json. */
export function claimData(dataDir: string): Claim {
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, 'supervisor.json');
  const self = identify(process.pid);
  if (self === null) throw new Error('this process cannot find itself in the process table');
  const claimed: Claimed = { supervisor: self, children: {} };
  const orphans = take({ file, claimed, dataDir });
  // Until they are gone they stay noted: we may be killed as well.
  claimed.children = Object.fromEntries(
    Object.entries(orphans).map(([name, child]) => [`orphan ${name}`, child]),
  );
  const write = (): void => {
    writeFileSync(`${file}.new`, JSON.stringify(claimed));
    renameSync(`${file}.new`, file);
  };
  write();
  return {
    orphans,
    note: (name, pid) => {
      const identity = identify(pid);
      if (identity === null) return;
      claimed.children[name] = identity;
      try {
        write();
      } catch {
        // A full disk: we still know it and end it; only one who came after our own death would not.
      }
    },
    sweep: async () => {
      await endAll(claimed.children);
    },
    release: () => rmSync(file, { force: true }),
  };
}

/** Ends processes of an earlier start, by name: asked first, then killed. */
export async function endAll(processes: Record<string, ProcessIdentity>): Promise<void> {
  await Promise.all(
    Object.entries(processes).map(async ([name, known]) => {
      if (!isSameProcess(known)) return;
      // PostgreSQL takes SIGTERM for "when the last client has gone".
      signal(known.pid, name.endsWith('postgres') ? 'SIGINT' : 'SIGTERM');
      if (await waitForEnd(known, ORPHAN_TERM_MS)) return;
      signal(known.pid, 'SIGKILL');
      await waitForEnd(known, ORPHAN_KILL_MS);
    }),
  );
}

function take({
  file,
  claimed,
  dataDir,
}: {
  file: string;
  claimed: Claimed;
  dataDir: string;
}): Claim['orphans'] {
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(claimed));
  try {
    const left = existsSync(file) ? (readClaim(file) ?? NOBODY) : null;
    if (left !== null && isSameProcess(left.supervisor))
      throw new AlreadyRunning(dataDir, left.supervisor.pid);
    // Of two that find the same dead claim, the one that moves it away goes on; a live one moved by mistake goes back.
    const away = `${mine}.left`;
    if (left !== null) {
      renameSync(file, away);
      const moved = readClaim(away);
      if (moved !== null && isSameProcess(moved.supervisor)) {
        renameSync(away, file);
        throw new AlreadyRunning(dataDir, moved.supervisor.pid);
      }
      rmSync(away, { force: true });
    }
    linkSync(mine, file); // fails when another was faster
    return Object.fromEntries(
      Object.entries(left?.children ?? {}).filter(([, child]) => isSameProcess(child)),
    );
  } catch (error) {
    if (!['EEXIST', 'ENOENT'].includes(String(codeOf(error)))) throw error; // a full disk, say, is nobody's claim
    throw new AlreadyRunning(dataDir, readClaim(file)?.supervisor.pid ?? 0);
  } finally {
    rmSync(mine, { force: true });
  }
}

function readClaim(file: string): Claimed | null {
  try {
    return ClaimFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}
