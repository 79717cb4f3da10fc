import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { resolve, sep } from 'node:path';

/** One round of the compiler. */
export interface Round {
  errors: string[];
  /** JavaScript written since the last round without errors, as paths in dist/. */
  written: string[];
  tookMs: number;
}

export interface CompilerOptions {
  spawned: (pid: number) => void;
  /** Told of every round, the first one included, which writes what is stale. */
  round: (round: Round) => void;
}

export interface Compiler {
  /** Settles with the reason when it ends, whoever ended it. */
  ended: Promise<string>;
  stop: () => Promise<void>;
}

const FLAGS = ['--watch', '--preserveWatchOutput', '--listEmittedFiles', '--pretty', 'false'];

/**
 * `tsc --watch` of the server, with the options and notes of the build: what either writes, the other knows. So it
 * writes in spite of errors; what runs has read its files and stays as it is.
 */
export function watchCompiler({ spawned, round }: CompilerOptions): Compiler {
  const tsc = createRequire(__filename).resolve('typescript/bin/tsc');
  const child = spawn(process.execPath, [tsc, '-p', 'tsconfig.build.json', ...FLAGS], {
    detached: true, // a Ctrl-C at the terminal is for us; we end it
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) spawned(child.pid);
  const dist = resolve('dist') + sep;
  let errors: string[] = [];
  let written: string[] = [];
  let from = performance.now();
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (/ - (Starting compilation|File change detected)/.test(line)) {
      errors = [];
      from = performance.now();
    } else if (line.startsWith('TSFILE: '))
      written.push(resolve(line.slice('TSFILE: '.length)).replace(dist, ''));
    else if (/ - Found \d+ errors?\./.test(line)) {
      const unique = [...new Set(written)].filter((path) => path.endsWith('.js'));
      if (errors.length === 0) written = [];
      round({ errors, written: unique, tookMs: performance.now() - from });
    } else if (line.trim() !== '') errors.push(line);
  });
  const ended = new Promise<string>((done) => {
    child.once('error', (error) => done(error.message));
    child.once('close', (code, signal) => done(signal ?? `exit code ${String(code)}`));
  });
  return {
    ended,
    stop: async () => {
      child.kill('SIGKILL'); // nothing of it is worth a goodbye: what it wrote, it wrote
      await ended;
    },
  };
}
