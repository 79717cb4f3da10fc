import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { ChildLog } from './child-log';
import { signal as send } from './identity';
import type { Running } from './part';

export interface NodeChildOptions<Ready> {
  file: string;
  env: Record<string, string | undefined>;
  log: ChildLog;
  /** What the child says of itself once it is ready, from what it has written so far; null until then. */
  ready: (said: string) => Ready | null | Promise<Ready | null>;
  readyWithinMs: number;
  pollMs: number;
  /** Told of the process as soon as there is one. */
  spawned: (pid: number) => void;
  signal: AbortSignal;
}

/**
 * Starts one of our own programs and waits until it is ready. It writes straight to its log file, so that it lives on,
 * and its words are kept, when we are killed.
 */
export async function startNodeChild<Ready>(
  options: NodeChildOptions<Ready>,
): Promise<Running & { ready: Ready }> {
  const { log } = options;
  options.signal.throwIfAborted(); // what begins now would be nobody's
  const position = log.size();
  const output = openSync(log.path, 'a');
  const child = spawn(process.execPath, [options.file], {
    detached: true, // a Ctrl-C at the terminal must not reach it before those who use it
    env: options.env,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const state = { over: false };
  const ended = new Promise<string>((resolve) => {
    const end = (reason: string): void => {
      state.over = true;
      resolve(reason);
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, name) => end(name === null ? `exit code ${String(code)}` : name));
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(await ended);
  options.spawned(pid);

  const deadline = performance.now() + options.readyWithinMs;
  for (;;) {
    const ready = await options.ready(log.since(position));
    if (ready !== null && !state.over)
      return { pid, ended, ready, stop: (withinMs) => stop(pid, ended, withinMs) };
    if (state.over) throw new Error(`${await ended}\n${log.lastLines()}`);
    if (options.signal.aborted || performance.now() > deadline) {
      await stop(pid, ended, 0);
      throw new Error(`not ready after ${options.readyWithinMs / 1000} s\n${log.lastLines()}`);
    }
    await Promise.race([new Promise((resolve) => setTimeout(resolve, options.pollMs)), ended]);
  }
}

async function stop(pid: number, ended: Promise<string>, withinMs: number): Promise<void> {
  send(pid, 'SIGTERM');
  const hard = setTimeout(() => send(pid, 'SIGKILL'), withinMs);
  await ended;
  clearTimeout(hard);
}

/** The value of the line `listening <value>` of a child's output; null until it was written whole. */
export const listening = (said: string): string | null => /^listening (.+)\n/m.exec(said)?.[1] ?? null;
