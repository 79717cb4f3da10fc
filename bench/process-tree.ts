import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second, as Linux reports CPU time. */
const TICKS = 100;

export interface Process {
  pid: number;
  parent: number;
  cpuMs: number;
  rssBytes: number;
}

/** These processes and all below them, as /proc has them now. */
export function processTree(roots: number[]): Process[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)));
  const inside = new Set(roots);
  for (let before = -1; before !== inside.size;) {
    before = inside.size;
    for (const { pid, parent } of all) if (inside.has(parent)) inside.add(pid);
  }
  return all.filter(({ pid }) => inside.has(pid));
}

/** One process, or none when it has ended meanwhile. */
function readProcess(pid: number): Process[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may hold spaces; what follows it does not.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent = 0, , , , , , , , , , user = 0, system = 0] = fields;
    const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
    return [{ pid, parent, cpuMs: ((user + system) * 1000) / TICKS, rssBytes: Number(rss) * 1024 }];
  } catch {
    return [];
  }
}

/** Bytes that a process has given to disks so far. */
export const bytesToDisk = (pid: number): number =>
  Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? 0);

export const totalRss = (tree: Process[]): number => tree.reduce((sum, { rssBytes }) => sum + rssBytes, 0);

/** CPU time used between two looks at the same tree, in milliseconds. */
export function cpuUsed(before: Process[], after: Process[]): number {
  const had = new Map(before.map(({ pid, cpuMs }) => [pid, cpuMs]));
  return after.reduce((sum, { pid, cpuMs }) => sum + cpuMs - (had.get(pid) ?? 0), 0);
}

/** The same, in parts of one core. */
export const coreShare = (before: Process[], after: Process[], overMs: number): number =>
  cpuUsed(before, after) / overMs;
