import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { loadConfig } from '../lib/config';
import type { Config } from '../lib/config';
import { migrate } from '../db/migrate';
import { DEMO_AGENTS } from './agents/catalogue';
import { readRunFile, removeRunFile, writeRunFile } from './run-file';
import { seed } from './seed';
import { AlreadyRunning, claimData, endAll } from './supervisor/claim';
import type { Claim } from './supervisor/claim';
import { checkDatabase, checkTemporal } from './supervisor/external';
import { keptAgentKeys, keptSecret, openKeptPorts, removeData } from './supervisor/kept';
import { agentsPart, modelPart, platformPart, postgresPart, temporalPart } from './supervisor/parts';
import type { Machine } from './supervisor/parts';
import { createSupervisor } from './supervisor/supervisor';
import type { Supervisor } from './supervisor/supervisor';

const STOP_ORDER = [['platform'], ['agents', 'model'], ['temporal'], ['postgres']];
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const say = (line: string): void => console.log(`  ${line}`);

/** `npm start`: brings up all that makes one machine enough, keeps it running, and takes it down again. */
async function main(): Promise<void> {
  const startedAt = Date.now() - process.uptime() * 1000; // with the set-up, which ran in this process
  const { fresh, yes } = readFlags();
  if (existsSync('.env')) process.loadEnvFile('.env');
  const config = loadConfig();
  const dataDir = resolve(config.MOORING_DATA_DIR);
  const stopAsked = new Promise<null>((done, fail) => {
    // Later ones change nothing: npm and the terminal may both pass one on.
    for (const name of STOP_SIGNALS) process.on(name, () => done(null));
    // A fault of ours must not leave the children without us.
    process.on('uncaughtException', fail);
  });
  stopAsked.catch(() => undefined); // seen by whoever waits for it
  const claim = claimData(dataDir);
  try {
    if (fresh && !(await isSure(dataDir, yes))) return;
    await clearOrphans(claim);
    removeRunFile(dataDir);
    if (fresh) removeData(dataDir, config.DATABASE_URL === undefined);
    await keepRunning({ config, dataDir, claim, startedAt, stopAsked });
  } finally {
    removeRunFile(dataDir);
    await claim.sweep();
    claim.release();
  }
}

interface Run {
  config: Config;
  dataDir: string;
  claim: Claim;
  startedAt: number;
  stopAsked: Promise<null>;
}

async function keepRunning({ config, dataDir, claim, startedAt, stopAsked }: Run): Promise<void> {
  const machine: Machine = {
    config,
    dataDir,
    secret: config.MOORING_SECRET ?? keptSecret(dataDir),
    agentKeys: keptAgentKeys(
      dataDir,
      DEMO_AGENTS.map(({ slug }) => slug),
    ),
    ports: openKeptPorts(dataDir, say),
    places: {
      databaseUrl: config.DATABASE_URL ?? '',
      temporal: config.TEMPORAL_ADDRESS ?? '',
      api: '',
      agents: [],
    },
    note: claim.note,
    say,
  };
  let known = JSON.stringify(machine.places);
  const supervisor = createSupervisor({
    log: (line) => say(`${new Date().toISOString().slice(11, 19)} ${line}`),
    restarted: async (name) => {
      writeRun(machine, supervisor, startedAt);
      const moved = known !== JSON.stringify(machine.places);
      known = JSON.stringify(machine.places);
      if (!moved || name === 'platform') return;
      if (name === 'agents') await seedDemo(machine);
      else await supervisor.recycle('platform'); // it learns where things are when it starts
    },
  });
  try {
    const up = bringUp(machine, supervisor).then(() => {
      known = JSON.stringify(machine.places);
      writeRun(machine, supervisor, startedAt);
      console.log(readyWords(machine, startedAt));
    });
    const reason = await Promise.race([stopAsked, supervisor.givenUp, up.then(() => supervisor.givenUp)]);
    if (reason !== null) throw new Error(reason);
  } finally {
    const from = Date.now();
    await supervisor.stop(STOP_ORDER);
    say(`stopped (${seconds(from)})`);
  }
}

async function bringUp(machine: Machine, supervisor: Supervisor): Promise<void> {
  const { config, places } = machine;
  const database = async (): Promise<void> => {
    if (config.DATABASE_URL === undefined) {
      await step(
        () => supervisor.add(postgresPart(machine)),
        () => `PostgreSQL on port ${portOf(places.databaseUrl)}`,
      );
    } else
      await step(
        () => checkDatabase(places.databaseUrl),
        (version) => `PostgreSQL ${version} of DATABASE_URL`,
      );
    await step(
      () => migrate(places.databaseUrl),
      () => 'migrations',
    );
  };
  const temporal = (): Promise<void> =>
    config.TEMPORAL_ADDRESS === undefined
      ? step(
          () => supervisor.add(temporalPart(machine)),
          () => `Temporal on ${places.temporal}`,
        )
      : step(
          () => checkTemporal(places.temporal, config.TEMPORAL_NAMESPACE),
          () => `Temporal of TEMPORAL_ADDRESS, ${places.temporal}`,
        );
  const model = async (): Promise<void> => {
    if (usesStandIn(config)) {
      await step(
        () => supervisor.add(modelPart(machine)),
        () => `stand-in model on port ${portOf(places.modelUrl)}`,
      );
    }
  };
  const agents = (): Promise<void> =>
    step(
      () => supervisor.add(agentsPart(machine)),
      () => `demo agents: ${places.agents.map(named).join(', ')}`,
    );
  await Promise.all([database(), temporal(), model(), agents()]);
  await step(
    () => seedDemo(machine),
    () => 'demo data',
  );
  await step(
    () => supervisor.add(platformPart(machine)),
    () => `platform on port ${portOf(places.api)}`,
  );
}

const seedDemo = ({ config, places, secret, agentKeys }: Machine): Promise<void> =>
  seed({
    databaseUrl: places.databaseUrl,
    region: config.MOORING_REGION,
    secret,
    agents: places.agents.flatMap((agent) => {
      const keys = agentKeys[agent.name];
      return keys === undefined ? [] : [{ ...agent, ...keys }];
    }),
  });

/** One line for each step, with its time. */
async function step<T>(work: () => Promise<T>, label: (value: T) => string): Promise<void> {
  const from = Date.now();
  const value = await work();
  say(`✓ ${label(value)} (${seconds(from)})`);
}

async function clearOrphans(claim: Claim): Promise<void> {
  const names = Object.keys(claim.orphans);
  if (names.length === 0) return;
  await step(
    () => endAll(claim.orphans),
    () => `ended what a killed start had left: ${names.join(', ')}`,
  );
}

function readFlags(): { fresh: boolean; yes: boolean } {
  const { values } = parseArgs({ options: { fresh: { type: 'boolean' }, yes: { type: 'boolean' } } });
  return { fresh: values.fresh === true, yes: values.yes === true };
}

async function isSure(dataDir: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY)
    throw new Error('--fresh deletes all data: add --yes when there is no terminal to ask at.');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`Delete all chats, agents and balances in ${dataDir}? [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

const usesStandIn = (config: Config): boolean =>
  config.ANTHROPIC_API_KEY === undefined && config.ANTHROPIC_BASE_URL === undefined;

function writeRun({ config, dataDir, places }: Machine, supervisor: Supervisor, startedAt: number): void {
  const pids = Object.fromEntries(STOP_ORDER.flat().map((name) => [name, supervisor.pidOf(name)]));
  mkdirSync(dataDir, { recursive: true });
  writeRunFile(dataDir, {
    version: version(),
    started_at: new Date(startedAt).toISOString(),
    api: places.api,
    temporal: places.temporal,
    ...(places.temporalUi !== undefined && { temporal_ui: places.temporalUi }),
    database_url: places.databaseUrl,
    model: usesStandIn(config) ? 'stand-in' : config.MOORING_MODEL,
    agents: places.agents,
    pids: { supervisor: process.pid, ...pids },
  });
}

function version(): string {
  const text = readFileSync(join(process.cwd(), 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

function readyWords({ config, dataDir, places }: Machine, startedAt: number): string {
  const model = usesStandIn(config)
    ? `the stand-in, which uses no language model; for Claude put ANTHROPIC_API_KEY=… into .env and start again`
    : `${config.MOORING_MODEL}${config.ANTHROPIC_BASE_URL === undefined ? '' : ` at ${config.ANTHROPIC_BASE_URL}`}`;
  return [
    '',
    `Mooring is ready (${seconds(startedAt)}).`,
    '',
    `  Chat page    ${config.MOORING_PUBLIC_URL ?? places.api}`,
    ...(places.temporalUi === undefined ? [] : [`  Temporal UI  ${places.temporalUi}`]),
    `  Model        ${model}`,
    `  Data         ${dataDir} (logs in ${join(dataDir, 'logs')}; npm start -- --fresh begins with empty data)`,
    '  Stop         Ctrl-C',
    '',
  ].join('\n');
}

const seconds = (from: number): string => `${((Date.now() - from) / 1000).toFixed(1)} s`;
const portOf = (url = ''): string => (url === '' ? '' : new URL(url).port);
const named = ({ name, base_url }: { name: string; base_url: string }): string =>
  `${name} ${portOf(base_url)}`;

// A terminal that went away must not end us before the children.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    if (error instanceof AlreadyRunning) {
      const run = readRunFile(resolve(process.env['MOORING_DATA_DIR'] || '.mooring'));
      if (run !== null)
        console.error(`It is at ${run.api}; stop it there with Ctrl-C, or: kill ${error.pid}`);
    }
    process.exit(1);
  },
);
