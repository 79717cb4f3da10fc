import { execFileSync } from 'node:child_process';

/** Kills a process and all that it has started, at once, so that none can do anything about it. */
export function killTree(pid: number): void {
  process.kill(pid, 'SIGSTOP'); // or it would start again what dies
  for (const one of [pid, ...descendants(pid)]) {
    try {
      process.kill(one, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

function descendants(pid: number): number[] {
  const parents = execFileSync('ps', ['-A', '-o', 'pid=,ppid='])
    .toString()
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const childrenOf = (of: number): number[] =>
    parents.flatMap(([child = 0, parent]) => (parent === of ? [child, ...childrenOf(child)] : []));
  return childrenOf(pid);
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Command lines of processes that name the folder. */
export const processesOn = (folder: string): string[] =>
  execFileSync('ps', ['-A', '-o', 'args='])
    .toString()
    .split('\n')
    .filter((line) => line.includes(folder));
