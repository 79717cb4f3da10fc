import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Config } from '../../lib/config';
import { DEMO_AGENTS } from '../agents/catalogue';
import { removeRunFile, writeRunFile } from '../run-file';
import { bringUp, seedDemo } from './bring-up';
import { claimData, endAll } from './claim';
import type { Claim } from './claim';
import { checkData, checkDataFolder, checkSpace, makeRoomForClaim } from './data-folder';
import { checkDatabase, checkTemporal } from './external';
import { keptAgentKeys, keptSecret, openKeptPorts } from './kept';
import { refuseForeign, removeData } from './own-data';
import type { Machine } from './parts';
import { whyNoListening } from './ports';
import { readyWords, say, sayWithTime, seconds, step, usesStandIn } from './report';
import { createSupervisor } from './supervisor';
import type { Supervisor } from './supervisor';

const STOP_ORDER = [['platform'], ['agents', 'model'], ['temporal'], ['postgres']];
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const DEATHS_IN_DEVELOPMENT = 2;
const STARTED_AT = new Date(Date.now() - performance.now()).toISOString();

export interface RunOptions {
  config: Config;
  dataDir: string;
  /** Begin with empty data, and without asking first. */
  fresh: boolean;
  yes: boolean;
  beside?: OpenBeside;
}

/** What runs beside the machine, in development: it is told before the machine starts, and again once it is up. */
export type OpenBeside = (machine: Machine) => Promise<Beside>;

export interface Beside {
  /** Where the chat page is to be opened. */
  page: string;
  patience: (name: string, words: string) => Promise<void> | null;
  /** Resolves when it is up as well. */
  up: (supervisor: Supervisor) => Promise<void>;
  stop: () => Promise<void>;
}

/** Brings up all that makes one machine enough, keeps it running until it is told to stop, and takes it down again. */
export async function runMachine({ config, dataDir, fresh, yes, beside }: RunOptions): Promise<void> {
  const stopAsked = new Promise<null>((done, fail) => {
    // Later ones change nothing: npm and the terminal may both pass one on.
    for (const name of STOP_SIGNALS) process.on(name, () => done(null));
    // A fault of ours must not leave the children without us.
    process.on('uncaughtException', fail);
  });
  stopAsked.catch(() => undefined); // seen by whoever waits for it
  checkDataFolder(dataDir);
  refuseForeign(dataDir);
  if (fresh) makeRoomForClaim(dataDir);
  else checkSpace(dataDir);
  await checkSurroundings(config);
  const claim = claimData(dataDir);
  try {
    if (fresh && !(await isSure(dataDir, yes))) return;
    await clearOrphans(claim);
    removeRunFile(dataDir);
    const own = {
      postgres: config.DATABASE_URL === undefined,
      temporal: config.TEMPORAL_ADDRESS === undefined,
    };
    if (fresh) {
      removeData(dataDir, own.postgres);
      checkSpace(dataDir);
    }
    checkData(dataDir, own);
    const machine = openMachine(config, dataDir, claim);
    await keepRunning({ machine, stopAsked, beside: (await beside?.(machine)) ?? null });
  } finally {
    removeRunFile(dataDir);
    await claim.sweep();
    claim.release();
  }
}

/** What is not ours to start must be there, and be usable, before anything is begun. */
async function checkSurroundings(config: Config): Promise<void> {
  const { DATABASE_URL: database, TEMPORAL_ADDRESS: temporal, TEMPORAL_NAMESPACE: namespace } = config;
  const fault = await whyNoListening(config.MOORING_PORT, config.MOORING_HOST);
  if (fault !== null) throw new Error(fault);
  await Promise.all([
    database !== undefined &&
      step(
        () => checkDatabase(database),
        (version) => `PostgreSQL ${version} of DATABASE_URL`,
      ),
    temporal !== undefined &&
      step(
        () => checkTemporal(temporal, namespace),
        () => `Temporal of TEMPORAL_ADDRESS, ${temporal}`,
      ),
  ]);
}

interface Run {
  machine: Machine;
  stopAsked: Promise<null>;
  beside: Beside | null;
}

async function keepRunning({ machine, stopAsked, beside }: Run): Promise<void> {
  let known = structuredClone(machine.places);
  const supervisor = createSupervisor({
    log: sayWithTime,
    ...(beside !== null && { patience: beside.patience, deaths: DEATHS_IN_DEVELOPMENT }),
    restarted: async (name) => {
      writeRun(machine, supervisor);
      const before = known;
      known = structuredClone(machine.places);
      if (name === 'platform' || isDeepStrictEqual(before, known)) return;
      if (name === 'agents') await seedDemo(machine);
      // It learns where things are when it starts; only the agents it finds in the database.
      if (name !== 'agents' || before.mailbox !== known.mailbox || before.smtp !== known.smtp)
        await supervisor.recycle('platform');
    },
  });
  try {
    const up = bringUp(machine, supervisor).then(async () => {
      known = structuredClone(machine.places);
      writeRun(machine, supervisor);
      await beside?.up(supervisor);
      console.log(
        readyWords(machine, beside?.page ?? machine.config.MOORING_PUBLIC_URL ?? machine.places.api),
      );
    });
    const reason = await Promise.race([stopAsked, supervisor.givenUp, up.then(() => supervisor.givenUp)]);
    if (reason !== null)
      throw new Error(`${reason}\n\nAll of it: ${join(machine.dataDir, 'logs')}. Then start again.`);
  } finally {
    const from = performance.now();
    await Promise.all([beside?.stop(), supervisor.stop(STOP_ORDER)]);
    say(`stopped (${seconds(from)})`);
  }
}

function openMachine(config: Config, dataDir: string, claim: Claim): Machine {
  return {
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
}

async function clearOrphans(claim: Claim): Promise<void> {
  const names = Object.keys(claim.orphans);
  if (names.length === 0) return;
  await step(
    () => endAll(claim.orphans),
    () => `ended what a killed start had left: ${names.join(', ')}`,
  );
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

function writeRun({ config, dataDir, places }: Machine, supervisor: Supervisor): void {
  const pids = Object.fromEntries(STOP_ORDER.flat().map((name) => [name, supervisor.pidOf(name)]));
  mkdirSync(dataDir, { recursive: true });
  writeRunFile(dataDir, {
    version: version(),
    started_at: STARTED_AT,
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
