import { mkdtempSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { createMachine } from '../harness/platform';
import type { Machine } from '../harness/platform';
import { violationsAfter } from '../invariants/check';
import { openFacts } from '../invariants/world';
import type { Violation, World } from '../invariants/world';
import type { Scenario, Stage } from './driver';

/** What a scenario came to, with the platform killed at some points of it. */
export interface Outcome {
  /** how often the platform died; less than asked for: a point was not reached */
  deaths: number;
  /** from the last death until the platform was ready again */
  backMs: number;
  /** from then until the work that was under way had gone on, or was done */
  recoveryMs: number;
  violations: Violation[];
}

export interface CrashStage {
  machine: Machine;
  world: World;
  /** Runs a scenario to its end over the kills, lets all work drain, and holds the invariants against what is there. */
  run: (scenario: Scenario, kills: string[]) => Promise<Outcome>;
  /** How often a scenario passes each failpoint, undisturbed. */
  passes: (scenario: Scenario) => Promise<Map<string, number>>;
  close: () => Promise<void>;
}

const ATTEMPTS = 4;
const PATIENCE_MS = 20_000;

export async function openCrashStage(): Promise<CrashStage> {
  // Replays and failing tasks are looked for on purpose: what the SDK says of them is noise here.
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => undefined),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
  });
  // What fails on purpose in one scenario is not to shut the agent off for the next.
  const machine = await createMachine({ MOORING_BREAKER_FAILURES: '1000' });
  const folder = mkdtempSync(join(tmpdir(), 'mooring-crash-'));
  const connection = await Connection.connect({ address: machine.temporalAddress });
  const facts = await openFacts(machine.database.url);
  const world: World = {
    query: facts.query,
    temporal: new Client({ connection }),
    workflowBundle: { codePath: resolve('dist', 'workflows.bundle.js') },
    agentCalls: async () =>
      (await Promise.all(machine.agents.map((agent) => machine.agentCalls(agent)))).flat(),
    acknowledged: { messages: [], decisions: [] },
    since: new Date(),
    maxAttempts: ATTEMPTS,
  };
  const stage: Stage = {
    temporal: world.temporal,
    query: world.query,
    deaths: machine.deaths,
    api: machine.api,
    agentUrl: machine.agentUrl,
    mailsTo: machine.mailsTo,
    acknowledged: world.acknowledged,
  };

  const broken = new Set<string>();

  const run: CrashStage['run'] = async (scenario, kills) => {
    world.since = new Date();
    const openBefore = await countOpen(world);
    const all = [...(scenario.after ?? []), ...kills];
    await machine.startPlatform(all, scenario.settings);
    // Until it is, signals are left to the relay: the run would not meet the points of a ready process.
    while (!(await isReady(machine.api()))) await pause(20);
    const deaths = all.filter((point) => !point.startsWith('log:')).length;
    const watch = watchRecovery(machine, world, deaths);
    try {
      await scenario.run(stage);
      await drained(world, { machine, openBefore, deaths });
    } finally {
      watch.stop();
    }
    // What an earlier run has broken is told once, and holds up no later one.
    const known = ({ what }: Violation): boolean => broken.has(what);
    const violations = await violationsAfter(world, { patienceMs: PATIENCE_MS, known });
    for (const { what } of violations) broken.add(what);
    return { deaths: machine.deaths(), ...(await watch.times), violations };
  };

  return {
    machine,
    world,
    run,
    passes: async (scenario) => {
      const file = join(folder, 'passes');
      rmSync(file, { force: true });
      await run(scenario, [`log:${file}`]);
      const counts = new Map<string, number>();
      const names = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
      for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
      return counts;
    },
    close: async () => {
      await facts.close();
      await connection.close();
      await machine.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Notes when the platform was back after its last death, and when its work went on. */
function watchRecovery(
  machine: Machine,
  world: World,
  kills: number,
): { stop: () => void; times: Promise<{ backMs: number; recoveryMs: number }> } {
  let stopped = false;
  const until = async (holds: () => boolean | Promise<boolean>): Promise<number> => {
    while (!stopped && !(await holds())) await pause(20);
    return Date.now();
  };
  const watch = async () => {
    const diedAt = await until(() => machine.deaths() === kills);
    const readyAt = await until(() => isReady(machine.api()));
    const before = await countFacts(world);
    const wentOnAt = await until(
      async () => (await countFacts(world)) > before || (await countOpen(world)) === 0,
    );
    return { backMs: readyAt - diedAt, recoveryMs: wentOnAt - readyAt };
  };
  return { stop: () => (stopped = true), times: watch() };
}

async function isReady(api: string): Promise<boolean> {
  return fetch(`${api}/readyz`, { signal: AbortSignal.timeout(1_000) }).then(
    ({ status }) => status === 200,
    () => false,
  );
}

const count = async (world: World, sql: string): Promise<number> =>
  (await world.query<{ count: number }>(sql))[0]?.count ?? 0;

const countFacts = (world: World): Promise<number> =>
  count(
    world,
    `select ((select count(*) from session_events) + (select count(*) from task_attempts) + (select count(*) from steps)
           + (select coalesce(sum(fence), 0) from turns))::int as count`,
  );

/** Whatever something must still come of: turns, messages without one, tasks, payments, listings, signals. */
const countOpen = (world: World): Promise<number> =>
  count(
    world,
    `select ((select count(*) from turns where outcome is null)
           + (select count(*) from messages m join sessions s on s.id = m.session_id
               where m.turn_id is null and s.phase <> 'CLOSED')
           + (select count(*) from tasks where ended_at is null)
           + (select count(*) from payments where state in ('AWAITING_APPROVAL', 'AUTHORIZING', 'HELD'))
           + (select count(*) from agents where wake_version > seen_version)
           + (select count(*) from breakers where wake_version > seen_version or state <> 'closed')
           + (select count(*) from mails where ended_at is null and until > now())
           + (select count(*) from outbox where sent_at is null))::int as count`,
  );

async function drained(
  world: World,
  { machine, openBefore, deaths }: { machine: Machine; openBefore: number; deaths: number },
): Promise<void> {
  const from = Date.now();
  // A report that was lost leaves nothing open, and is made again when Temporal has noticed: that may be a later point.
  while (machine.deaths() < deaths || (await countOpen(world)) > openBefore) {
    // What is left open is for the invariants to name.
    if (Date.now() - from > PATIENCE_MS) return;
    await pause(30);
  }
  while (!(await isReady(machine.api())) && Date.now() - from < PATIENCE_MS) await pause(30);
}
