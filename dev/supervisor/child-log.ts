import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { dirname } from 'node:path';

const MOST_BYTES = 50 * 1024 * 1024;
const CHECK_MS = 30_000;
const TAIL_BYTES = 4_000;
const TAIL_LINES = 12;

/** The log file of one child: new at each start of the tree, appended to over restarts, emptied when it is too long. */
export interface ChildLog {
  path: string;
  line: (text: string) => void;
  size: () => number;
  /** What was written from there on, at most 64 KB of it. */
  since: (position: number) => string;
  lastLines: () => string;
}

export function openChildLog(path: string): ChildLog {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  const size = (): number => (existsSync(path) ? statSync(path).size : 0);
  // Children write with O_APPEND, so they go on at the new end.
  setInterval(() => {
    if (size() > MOST_BYTES) truncateSync(path);
  }, CHECK_MS).unref();
  return {
    path,
    size,
    line: (text) => {
      try {
        appendFileSync(path, `${text}\n`);
      } catch {
        // A full disk or a removed folder costs log lines, not the tree.
      }
    },
    since: (position) => readFrom(path, position, 65_536),
    lastLines: () =>
      readFrom(path, Math.max(0, size() - TAIL_BYTES), TAIL_BYTES)
        .trimEnd()
        .split('\n')
        .slice(-TAIL_LINES)
        .map((line) => `    ${line}`)
        .join('\n'),
  };
}

function readFrom(path: string, position: number, most: number): string {
  if (!existsSync(path)) return '';
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(most);
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, most, position));
  } finally {
    closeSync(file);
  }
}
