import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** The product as `npm start` runs it, on a data folder and a port of the test's. Resolves when it is ready. */
export async function startProduct(dataDir: string, port: number): Promise<ChildProcess> {
  const tree = spawn(process.execPath, [resolve('dist/dev/start.js')], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      MOORING_DATA_DIR: dataDir,
      MOORING_PORT: String(port),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  tree.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  tree.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  while (!said.includes('Mooring is ready')) {
    if (tree.exitCode !== null) throw new Error(`the start ended:\n${said}`);
    await pause(50);
  }
  return tree;
}
