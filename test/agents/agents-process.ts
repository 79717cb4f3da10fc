import { transformFileSync } from '@swc/core';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Keys } from './platform';

const ROOT = resolve(__dirname, '../..');

/** Compiles the agents and their mailbox into a folder of its own, so that the test needs no build before it. */
export function compileAgents(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'mooring-agents-'));
  const source = join(ROOT, 'dev');
  const files = ['agents', 'mailbox'].flatMap((zone) =>
    readdirSync(join(source, zone), { recursive: true, encoding: 'utf8' }).map((file) => join(zone, file)),
  );
  for (const file of files.filter((path) => path.endsWith('.ts'))) {
    const { code } = transformFileSync(join(source, file), {
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type: 'commonjs' },
    });
    const target = join(folder, 'code', file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, code);
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'code/node_modules'), 'dir');
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface AgentsProcess {
  ports: Record<string, number>;
  mailbox: { smtp: number; http: number };
  kill: (signal: NodeJS.Signals) => Promise<number | null>;
}

export async function startAgents(folder: string, keys: Record<string, Keys>): Promise<AgentsProcess> {
  const child = spawn(process.execPath, [join(folder, 'code/agents/main.js')], {
    env: {
      MOORING_AGENTS_DIR: join(folder, 'records'),
      MOORING_MAIL_DIR: join(folder, 'mail'),
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
  const { agents, mailbox } = JSON.parse(String(first[0]).replace(/^listening /, '')) as {
    agents: Record<string, number>;
    mailbox: { smtp: number; http: number };
  };
  return {
    ports: agents,
    mailbox,
    kill: async (signal) => {
      child.kill(signal);
      const [code] = (await exited) as [number | null];
      return code;
    },
  };
}
