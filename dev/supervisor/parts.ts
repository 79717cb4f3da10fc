import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Config } from '../../lib/config';
import { DEMO_AGENTS } from '../agents/catalogue';
import { startPostgres } from '../postgres/postgres';
import { findTemporal } from '../temporal/binary';
import { startTemporal } from '../temporal/server';
import { openChildLog } from './child-log';
import type { ChildLog } from './child-log';
import { temporalFile } from './data-folder';
import type { AgentKeys, KeptPorts } from './kept';
import { listening, startNodeChild } from './node-child';
import type { Part } from './part';

/** Where everything is; each part notes its own when it starts. */
export interface Places {
  databaseUrl: string;
  temporal: string;
  temporalUi?: string;
  modelUrl?: string;
  /** the development mailbox, over HTTP */
  mailbox?: string;
  /** the same, over SMTP */
  smtp?: string;
  api: string;
  agents: { name: string; base_url: string }[];
}

export interface Machine {
  config: Config;
  dataDir: string;
  secret: string;
  agentKeys: Record<string, AgentKeys>;
  ports: KeptPorts;
  places: Places;
  note: (name: string, pid: number) => void;
  say: (line: string) => void;
}

/** Compiled programs lie two folders above this file: dist/, as this file is dist/dev/supervisor/parts.js. */
const program = (path: string): string => resolve(__dirname, '..', '..', path);
const logOf = (machine: Machine, name: string): ChildLog =>
  openChildLog(join(machine.dataDir, 'logs', `${name}.log`));

export function postgresPart(machine: Machine): Part {
  const log = logOf(machine, 'postgres');
  return {
    name: 'postgres',
    stopWithinMs: 1_500,
    lastLines: log.lastLines,
    start: async (signal) => {
      const port = await machine.ports.free('postgres', 5442);
      const spawned = (pid: number): void => machine.note('postgres', pid);
      const dataDir = join(machine.dataDir, 'postgres');
      const running = await startPostgres({ dataDir, port, log: log.line, spawned, signal });
      machine.ports.keep('postgres', running.port);
      machine.places.databaseUrl = running.url;
      return running;
    },
  };
}

export function temporalPart(machine: Machine): Part {
  const log = logOf(machine, 'temporal');
  return {
    name: 'temporal',
    stopWithinMs: 1_000,
    lastLines: log.lastLines,
    start: async (signal) => {
      const binary = await findTemporal({ log: machine.say, signal });
      const running = await startTemporal({
        binary,
        dbFile: temporalFile(machine.dataDir),
        port: await machine.ports.free('temporal', 7233),
        uiPort: await machine.ports.free('temporal-ui', 8233),
        log: log.line,
        spawned: (pid) => machine.note('temporal', pid),
        signal,
      });
      machine.ports.keep('temporal', running.port);
      machine.ports.keep('temporal-ui', Number(new URL(running.uiUrl).port));
      machine.places.temporal = running.address;
      machine.places.temporalUi = running.uiUrl;
      return running;
    },
  };
}

export function modelPart(machine: Machine): Part {
  const log = logOf(machine, 'model');
  return {
    name: 'model',
    stopWithinMs: 300,
    lastLines: log.lastLines,
    start: async (signal) => {
      const port = await machine.ports.free('model', 4410);
      const running = await startNodeChild({
        file: program('dev/model/main.js'),
        env: { ...bareEnv('MOORING_STAND_IN_'), PORT: String(port) },
        log,
        ready: listening,
        readyWithinMs: 20_000,
        pollMs: 25,
        spawned: (pid) => machine.note('model', pid),
        signal,
      });
      machine.ports.keep('model', Number(running.ready));
      machine.places.modelUrl = `http://127.0.0.1:${running.ready}`;
      return running;
    },
  };
}

const Port = z.number().int();
const AgentPorts = z.object({
  agents: z.record(z.string(), Port),
  mailbox: z.object({ smtp: Port, http: Port }),
});
const MAILBOX_PORTS = { smtp: 4425, http: 4426 };

export function agentsPart(machine: Machine): Part {
  const log = logOf(machine, 'agents');
  const folder = join(machine.dataDir, 'agents');
  return {
    name: 'agents',
    stopWithinMs: 300,
    lastLines: log.lastLines,
    start: async (signal) => {
      mkdirSync(folder, { recursive: true });
      const wished: string[] = [];
      for (const [index, { slug }] of DEMO_AGENTS.entries()) {
        wished.push(`${slug}=${await machine.ports.free(slug, 4411 + index)}`);
      }
      const mailboxWished: string[] = [];
      for (const [name, usual] of Object.entries(MAILBOX_PORTS)) {
        mailboxWished.push(`${name}=${await machine.ports.free(`mailbox-${name}`, usual)}`);
      }
      const running = await startNodeChild({
        file: program('dev/agents/main.js'),
        env: {
          ...bareEnv('MOORING_AGENT_'),
          MOORING_AGENTS_DIR: folder,
          MOORING_AGENT_PORTS: wished.join(','),
          MOORING_MAIL_DIR: join(machine.dataDir, 'mail'),
          MOORING_MAILBOX_PORTS: mailboxWished.join(','),
          MOORING_AGENT_KEYS: JSON.stringify(machine.agentKeys),
        },
        log,
        ready: listening,
        readyWithinMs: 20_000,
        pollMs: 25,
        spawned: (pid) => machine.note('agents', pid),
        signal,
      });
      const { agents, mailbox } = AgentPorts.parse(JSON.parse(running.ready));
      for (const [name, port] of Object.entries(agents)) machine.ports.keep(name, port);
      for (const [name, port] of Object.entries(mailbox)) machine.ports.keep(`mailbox-${name}`, port);
      machine.places.mailbox = `http://127.0.0.1:${mailbox.http}`;
      machine.places.smtp = `smtp://127.0.0.1:${mailbox.smtp}`;
      machine.places.agents = Object.entries(agents).map(([name, port]) => ({
        name,
        base_url: `http://127.0.0.1:${port}`,
      }));
      return running;
    },
  };
}

export function platformPart(machine: Machine): Part {
  const log = logOf(machine, 'platform');
  const { MOORING_PORT: wished, MOORING_HOST: host } = machine.config;
  let starts = 0;
  // Each start of the tree tries the port of the settings again; restarts of the process stay where it is.
  if (wished !== 0) machine.ports.keep('platform', wished);
  return {
    name: 'platform',
    stopWithinMs: 1_800,
    lastLines: log.lastLines,
    start: async (signal) => {
      const port = await machine.ports.free('platform', 0, host);
      const address = addressOf(host, port);
      starts += 1;
      if (starts === 1 && wished !== 0 && port !== wished)
        machine.say(`  to have ${wished}, end what listens there, or set MOORING_PORT, and start again`);
      const running = await startNodeChild({
        file: program('platform.js'),
        env: platformEnv(machine, { port, address, first: starts === 1 }),
        log,
        ready: () => isReady(address),
        readyWithinMs: 60_000,
        pollMs: 100, // each is a line in its log
        spawned: (pid) => machine.note('platform', pid),
        signal,
      });
      machine.ports.keep('platform', port);
      machine.places.api = address;
      return running;
    },
  };
}

/** Where who listens on this host is reached from this machine. */
export function addressOf(host: string, port: number): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

function platformEnv(
  machine: Machine,
  { port, address, first }: { port: number; address: string; first: boolean },
): Record<string, string | undefined> {
  const { config, places, secret } = machine;
  const standIn = places.modelUrl !== undefined && {
    ANTHROPIC_BASE_URL: places.modelUrl,
    ANTHROPIC_API_KEY: 'stand-in',
    MOORING_MODEL: 'stand-in',
    MOORING_MODEL_INPUT_USDC: '0',
    MOORING_MODEL_OUTPUT_USDC: '0',
  };
  return {
    ...process.env,
    ...standIn,
    DATABASE_URL: places.databaseUrl,
    TEMPORAL_ADDRESS: places.temporal,
    MOORING_PORT: String(port),
    MOORING_PUBLIC_URL: config.MOORING_PUBLIC_URL ?? address,
    MOORING_TEMPORAL_UI: config.MOORING_TEMPORAL_UI ?? places.temporalUi,
    MOORING_DEV_MAILBOX_URL: config.MOORING_DEV_MAILBOX_URL ?? places.mailbox,
    MOORING_SMTP_URL: config.MOORING_SMTP_URL ?? places.smtp,
    MOORING_SECRET: secret,
    // A test asks for one kill: the process that comes back must not meet it again.
    MOORING_FAILPOINT: first ? process.env['MOORING_FAILPOINT'] : undefined,
  };
}

async function isReady(address: string): Promise<true | null> {
  try {
    const answer = await fetch(`${address}/readyz`, { signal: AbortSignal.timeout(2_000) });
    await answer.arrayBuffer();
    return answer.status === 200 ? true : null;
  } catch {
    return null;
  }
}

/** Stand-ins for outside services get no secret of ours: their own settings and what a program needs to run. */
function bareEnv(prefix: string): Record<string, string | undefined> {
  const own = Object.entries(process.env).filter(([name]) => name.startsWith(prefix));
  return {
    ...Object.fromEntries(own),
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    TZ: process.env['TZ'],
  };
}
