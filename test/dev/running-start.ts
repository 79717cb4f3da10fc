import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface RunningStart {
  pid: number;
  said: () => string;
  /** Waits for a state of things; throws with all that was said when the start has ended before. */
  until: (met: () => boolean) => Promise<void>;
  ended: Promise<number | null>;
}

/** The built `npm start` on a data folder, for a test that looks on while it starts or runs. */
export function beginStart(
  env: Record<string, string>,
  command = ['dist/dev/start.js'],
  cwd = '.',
): RunningStart {
  const [program = '', ...args] = command[0]?.endsWith('.js') ? [process.execPath, ...command] : command;
  const child = spawn(program, args, {
    cwd: resolve(cwd),
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], MOORING_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const state = { over: false };
  const ended = new Promise<number | null>((done) => child.once('close', done));
  void ended.then(() => (state.over = true));
  return {
    pid: child.pid ?? 0,
    said: () => said,
    until: async (met) => {
      while (!met()) {
        if (state.over) throw new Error(`the start has ended:\n${said}`);
        await pause(5);
      }
    },
    ended,
  };
}
