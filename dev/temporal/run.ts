import { spawn } from 'node:child_process';

export interface RunLimits {
  timeoutMs: number;
  /** Aborted: the program is killed, and the reason is the error. */
  signal?: AbortSignal;
  env?: NodeJS.ProcessEnv;
}

/** Runs a program to its end within a time and gives what it printed; throws with the last line it said. */
export function run(command: string, args: string[], limits: RunLimits): Promise<string> {
  const { timeoutMs, env } = limits;
  const late = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([late, ...(limits.signal === undefined ? [] : [limits.signal])]);
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    // A group of its own, since a pip may be a script that runs the real one, which must end as well.
    const child = spawn(command, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    let complained = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (complained = (complained + chunk.toString()).slice(-4000)));
    const kill = (): void => killGroup(child.pid);
    signal.addEventListener('abort', kill);
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? new Error('not installed') : error),
    );
    child.once('close', (code, name) => {
      signal.removeEventListener('abort', kill);
      if (code === 0) return resolve(printed);
      if (late.aborted) return reject(new Error(`not done after ${timeoutMs} ms`));
      if (signal.aborted) return reject(signal.reason as Error);
      reject(
        new Error(complained.trim().split('\n').at(-1) || `ended with ${name ?? `code ${String(code)}`}`),
      );
    });
  });
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
