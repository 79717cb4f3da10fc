import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Mail } from '../../dev/mailbox/mail-store';
import { DEMO_AGENTS } from '../../dev/agents/catalogue';
import { seed } from '../../dev/seed';
import { freePort } from '../../dev/supervisor/ports';
import { findTemporal } from '../../dev/temporal/binary';
import { startTemporal } from '../../dev/temporal/server';
import { createTestDatabase } from './database';
import type { TestDatabase } from './database';
import { firstLine } from './chat';

const SECRET = 'a secret of the tests that is long enough';
const KEYS: Record<string, { orchestrator_key: string; signing_secret: string }> = Object.fromEntries(
  DEMO_AGENTS.map(({ slug }) => [
    slug,
    {
      orchestrator_key: `ok_${slug}`,
      signing_secret: `whsec_${Buffer.from(`signing secret of ${slug}`).toString('base64')}`,
    },
  ]),
);

export interface AgentCall {
  idempotency_key: string;
  attempt: number;
  status: string;
}

/** A whole machine without a supervisor: real servers, and a platform process that a test may kill and start. */
export interface Machine {
  database: TestDatabase;
  temporalAddress: string;
  api: () => string;
  /**
   * Starts the platform, with settings of its own. With failpoints it kills itself at the first, is started again, kills
   * itself at the second, and so on; the last start has none.
   */
  startPlatform: (failpoints?: string[], settings?: Record<string, string>) => Promise<void>;
  /** Stops the platform's clock for a while, as a laptop that is closed does. */
  sleepPlatform: (ms: number) => Promise<void>;
  /** Kills it in whatever it does; it is started again at once. */
  killPlatform: () => void;
  /** Ends it as an operator would. */
  stopPlatform: () => Promise<void>;
  /** What the platform has logged, over all its lives; errors only, unless the settings say otherwise. */
  logged: () => Record<string, unknown>[];
  /** How often the platform has died by itself. */
  deaths: () => number;
  agents: string[];
  agentUrl: (agent: string) => string;
  /** What was mailed to an address, the newest first. */
  mailsTo: (address: string) => Promise<Mail[]>;
  /** What the agent's own record says of a task. */
  agentCalls: (agent: string) => Promise<AgentCall[]>;
  close: () => Promise<void>;
}

export async function createMachine(settings: Record<string, string> = {}): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'mooring-machine-'));
  const database = await createTestDatabase();
  const temporal = await startTemporal({ binary: await findTemporal(), dbFile: join(folder, 'temporal.db') });
  const model = node('dev/model/main.js', { MOORING_STAND_IN_TOKEN_DELAY_MS: '0' });
  const modelPort = await firstLine(model, 'listening');
  const agents = node('dev/agents/main.js', {
    MOORING_AGENTS_DIR: folder,
    MOORING_MAIL_DIR: folder,
    MOORING_AGENT_KEYS: JSON.stringify(KEYS),
  });
  const { agents: agentPorts, mailbox } = JSON.parse(await firstLine(agents, 'listening')) as {
    agents: Record<string, number>;
    mailbox: { smtp: number; http: number };
  };
  await seed({
    databaseUrl: database.url,
    region: 'intl',
    secret: SECRET,
    agents: Object.entries(agentPorts).map(([name, port]) => ({
      name,
      base_url: `http://127.0.0.1:${port}`,
      orchestrator_key: KEYS[name]?.orchestrator_key ?? '',
      signing_secret: KEYS[name]?.signing_secret ?? '',
    })),
  });
  const port = await freePort();
  let platform: ChildProcess | null = null;
  let deaths = 0;
  let log = '';
  const start = ([failpoint, ...later]: string[], own: Record<string, string>): void => {
    const child = node('platform.js', {
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: temporal.address,
      MOORING_PORT: String(port),
      MOORING_SECRET: SECRET,
      MOORING_LOG_LEVEL: 'error',
      ANTHROPIC_BASE_URL: `http://127.0.0.1:${modelPort}`,
      ANTHROPIC_API_KEY: 'stand-in',
      MOORING_MODEL: 'stand-in',
      MOORING_SMTP_URL: `smtp://127.0.0.1:${mailbox.smtp}`,
      ...settings,
      ...own,
      ...(failpoint === undefined ? {} : { MOORING_FAILPOINT: failpoint }),
    });
    platform = child;
    child.stdout?.on('data', (chunk: Buffer) => (log += chunk.toString()));
    child.once('exit', (_code, signal) => {
      if (platform !== child || signal !== 'SIGKILL') return;
      deaths += 1;
      start(later, own);
    });
  };
  const stop = async (): Promise<void> => {
    const child = platform;
    platform = null;
    if (child === null || child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  return {
    database,
    temporalAddress: temporal.address,
    api: () => `http://127.0.0.1:${port}`,
    logged: () =>
      log
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    deaths: () => deaths,
    startPlatform: async (failpoints = [], own = {}) => {
      await stop();
      deaths = 0;
      start(failpoints, own);
    },
    sleepPlatform: async (ms) => {
      platform?.kill('SIGSTOP');
      await pause(ms);
      platform?.kill('SIGCONT');
    },
    killPlatform: () => void platform?.kill('SIGKILL'),
    stopPlatform: stop,
    agents: Object.keys(agentPorts),
    mailsTo: async (address) => {
      const to = encodeURIComponent(address);
      const response = await fetch(`http://127.0.0.1:${mailbox.http}/mails?to=${to}`);
      return ((await response.json()) as { messages: Mail[] }).messages;
    },
    agentUrl: (agent) => `http://127.0.0.1:${agentPorts[agent] ?? 0}`,
    agentCalls: async (agent) => {
      const response = await fetch(`http://127.0.0.1:${agentPorts[agent] ?? 0}/calls`);
      return ((await response.json()) as { calls: AgentCall[] }).calls;
    },
    close: async () => {
      await stop();
      for (const child of [model, agents]) child.kill('SIGKILL');
      await temporal.stop();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A built program of ours as a child. */
function node(file: string, env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, [resolve('dist', file)], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
