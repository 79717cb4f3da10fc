import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process that can be known again: a pid alone may have been given to another since. */
export interface ProcessIdentity {
  pid: number;
  startedAt: string;
}

/** The identity of a running process, or null when there is none under this pid. */
export function identify(pid: number): ProcessIdentity | null {
  const startedAt = process.platform === 'linux' ? linuxStart(pid) : psField(pid, 'lstart=');
  return startedAt === null ? null : { pid, startedAt };
}

export function isSameProcess(known: ProcessIdentity): boolean {
  return identify(known.pid)?.startedAt === known.startedAt;
}

/** The command line of a running process, its arguments separated by spaces; null when there is none. */
export function commandLine(pid: number): string | null {
  if (process.platform !== 'linux') return psField(pid, 'args=');
  const raw = readOrNull(`/proc/${pid}/cmdline`);
  return raw === null ? null : raw.split('\0').join(' ').trim();
}

/** Waits until the process is gone; false when it still runs after the time. */
export async function waitForEnd(known: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isSameProcess(known)) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

/** Sends a signal; a process that is already gone is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already: what was wanted.
  }
}

function linuxStart(pid: number): string | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The name in parentheses may hold spaces, so fields are counted after its end: 1 is the state, 20 the start.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const start = fields[19];
  return fields[0] === 'Z' || start === undefined ? null : start;
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function psField(pid: number, field: string): string | null {
  try {
    const out = execFileSync('ps', ['-o', field, '-p', String(pid)], { stdio: ['ignore', 'pipe', 'ignore'] });
    return out.toString().trim() || null;
  } catch {
    return null;
  }
}
