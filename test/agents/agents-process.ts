import { transformFileSync } from '@swc/core';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Keys } from './platform';

const ROOT = resolve(__dirname, '../..');

/** Compiles dev/agents into a folder of its own, so that the test needs no build before it. */
export function compileAgents(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'mooring-agents-'));
  const source = join(ROOT, 'dev/agents');
  for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const { code } = transformFileSync(join(source, file), {
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type: 'commonjs' },
    });
    const target = join(folder, 'code', file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, code);
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface AgentsProcess {
  ports: Record<string, number>;
  kill: (signal: NodeJS.Signals) => Promise<number | null>;
}

export async function startAgents(folder: string, keys: Record<string, Keys>): Promise<AgentsProcess> {
  const child = spawn(process.execPath, [join(folder, 'code/main.js')], {
    env: {
      NODE_PATH: join(ROOT, 'node_modules'),
      MOORING_AGENTS_DIR: join(folder, 'records'),
      MOORING_AGENT_KEYS: JSON.stringify(keys),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const ready = once(createInterface(child.stdout), 'line');
  const first = await Promise.race([ready, exited.then(() => null)]);
  if (first === null) throw new Error(complaint.trim());
  return {
    ports: JSON.parse(String(first[0]).replace(/^listening /, '')) as Record<string, number>,
    kill: async (signal) => {
      child.kill(signal);
      const [code] = (await exited) as [number | null];
      return code;
    },
  };
}
