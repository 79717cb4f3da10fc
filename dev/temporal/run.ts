import { execFile } from 'node:child_process';

/** Runs a program to its end within a time and gives what it printed; throws with the last line it said. */
export function run(command: string, args: string[], timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { timeout: timeoutMs, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      if (error.code === 'ENOENT') return reject(new Error('not installed'));
      if (error.killed === true) return reject(new Error(`not done after ${timeoutMs} ms`));
      reject(new Error(stderr.trim().split('\n').at(-1) || error.message));
    });
  });
}
