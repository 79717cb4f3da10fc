import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { freePort } from './ports';

/** Ports are kept over restarts and starts: other parts, and rows in the database, name them. */
export interface KeptPorts {
  /** A free port for the part on the host: the one it had, else the usual one, else, with a line, any. */
  free: (name: string, usual: number, host?: string) => Promise<number>;
  /** Notes the port a part really took. */
  keep: (name: string, port: number) => void;
}

const Ports = z.record(z.string(), z.number().int());

export function openKeptPorts(dataDir: string, say: (line: string) => void): KeptPorts {
  const path = join(dataDir, 'ports.json');
  const ports = readJson(path, Ports) ?? {};
  return {
    free: async (name, usual, host) => {
      const wished = ports[name] ?? usual;
      const port = await freePort(wished, host);
      if (wished !== 0 && port !== wished) say(`port ${wished} is busy: ${name} takes ${port}`);
      return port;
    },
    keep: (name, port) => {
      if (ports[name] === port) return;
      ports[name] = port;
      writeOwn(path, JSON.stringify(ports));
    },
  };
}

/** The secret that keys are derived from: made once. */
export function keptSecret(dataDir: string): string {
  const path = join(dataDir, 'secret');
  if (existsSync(path)) {
    const kept = readFileSync(path, 'utf8').trim();
    if (kept.length >= 32) return kept;
    throw new Error(
      `The secret in ${path} is damaged. Put it back from a backup, or begin with empty data: npm start -- --fresh`,
    );
  }
  const secret = randomBytes(32).toString('hex');
  writeOwn(path, secret);
  return secret;
}

const AgentKeys = z.object({ orchestrator_key: z.string(), signing_secret: z.string() });
export type AgentKeys = z.infer<typeof AgentKeys>;

/** The keys shared with the demo agents: made once for each. */
export function keptAgentKeys(dataDir: string, names: readonly string[]): Record<string, AgentKeys> {
  const path = join(dataDir, 'agents.json');
  const known = readJson(path, z.record(z.string(), AgentKeys)) ?? {};
  const all = Object.fromEntries(names.map((name) => [name, known[name] ?? newKeys()]));
  writeOwn(path, JSON.stringify(all));
  return all;
}

const newKeys = (): AgentKeys => ({
  orchestrator_key: `ork_${randomBytes(24).toString('hex')}`,
  signing_secret: `whsec_${randomBytes(32).toString('base64')}`,
});

/** Ports and keys of demo agents can be made anew at any start: a damaged file counts as absent. */
function readJson<T>(path: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}

function writeOwn(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
