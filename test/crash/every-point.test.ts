import { readPoints } from './points';
import { SCENARIOS } from './scenarios';
import type { Scenario } from './driver';
import { openCrashStage } from './stage';
import type { CrashStage, Outcome } from './stage';

// `npm run crash-test`: at every failpoint of the platform the process kills itself once, is started again, drains its
// work, and the ten invariants are held against PostgreSQL, Temporal and the agents' own records.

/** What no scenario passes, with the test that does: readings, where a kill changes nothing, and wallets at a network. */
const ELSEWHERE: Record<string, string> = {
  'outbox.lease': 'test/worker/first-deliveries.test.ts, a wait that is only made longer',
  'socket.is-known': 'test/api/socket-closing.test.ts, a reading',
  'socket.read': 'test/api/socket.test.ts, a reading',
  'receipt.keys': 'test/api/receipts.test.ts, a reading',
  'receipt.verify': 'test/api/receipts.test.ts, a reading',
  'run.is-open': 'test/temporal/gateway.test.ts, a reading',
  'task.seat': 'test/network/task-pages.test.ts, a reading',
  'task.artifact': 'test/network/task-pages.test.ts, a reading',
  'task.timeline': 'test/network/task-pages.test.ts, a reading',
  'inbox.own': 'test/network/task-pages.test.ts, a reading',
  'inbox.read': 'test/network/task-pages.test.ts, a reading',
  'turn.works': 'test/activities/cancel.test.ts, a reading',
  'earnings.read': 'test/api/earnings.test.ts, a reading',
  'earnings.payments': 'test/api/earnings.test.ts, a reading',
  'wallet.find': 'test/wallets/payments.test.ts, a reading',
  'wallet.balance': 'test/wallets/conformance.test.ts, a reading',
  'wallet.unknown': 'test/wallets/by-hand.test.ts, a reading',
  'wallet.read-move': 'test/crash/every-pair.test.ts',
  'wallet.keep': 'test/crash/every-pair.test.ts',
  'wallet.outcome': 'test/crash/every-pair.test.ts',
  'circle-transfer': 'test/crash/every-pair.test.ts',
  'refund.settle': 'test/crash/every-pair.test.ts',
  settleRefund: 'test/crash/every-pair.test.ts',
  'wallet.hear': 'test/wallets/notifications.test.ts, one fact that is told again',
  'wallet.decide': 'test/wallets/by-hand.test.ts, one fact that is said again',
};

/** So many passes of one point are each a kill of their own; later ones repeat them. */
const PASSES = 3;

interface Kill {
  point: string;
  pass: number;
  scenario: Scenario;
}

let stage: CrashStage;
const kills: Kill[] = [];
const table: string[] = [];
const recoveries: number[] = [];

beforeAll(async () => {
  stage = await openCrashStage();
  const seen = new Set<string>();
  for (const scenario of SCENARIOS) {
    const passes = await stage.passes(scenario);
    for (const [name, count] of passes) {
      if (seen.has(name) && scenario.also?.includes(name) !== true) continue;
      seen.add(name);
      for (let pass = 1; pass <= Math.min(count, PASSES); pass += 1)
        kills.push({ point: pass === 1 ? name : `${name}@${pass}`, pass, scenario });
    }
    say(`${scenario.name}: passes ${passes.size} points`);
  }
  // Every point once, before any of them twice.
  kills.sort((a, b) => a.pass - b.pass);
}, 600_000);

afterAll(async () => {
  recoveries.sort((a, b) => a - b);
  const p95 = recoveries[Math.ceil(recoveries.length * 0.95) - 1] ?? 0;
  say(
    [
      '',
      ...table,
      '',
      `${recoveries.length} kills; recovery p95 ${p95} ms, most ${recoveries.at(-1)} ms`,
    ].join('\n'),
  );
  await stage.close();
});

test('every failpoint is passed by a scenario, or named with the test that reaches it', () => {
  const reached = new Set(kills.map(({ point }) => point));
  const missed = readPoints()
    .points.map(({ name }) => name)
    .filter((name) => !reached.has(name));
  expect(missed.filter((name) => !(name.slice(0, name.lastIndexOf('.')) in ELSEWHERE))).toEqual([]);
});

test('killed at every point: nothing is lost, nothing is doubled, and work goes on within 5 seconds', async () => {
  const bad: string[] = [];
  for (const [index, { point, scenario }] of kills.entries()) {
    const outcome = await stage
      .run(scenario, [point])
      .catch((error: unknown): string => (error instanceof Error ? error.message : String(error)));
    const line = lineOf(point, outcome);
    table.push(line);
    say(`${index + 1}/${kills.length} ${line}`);
    const died = (scenario.after ?? []).length + 1;
    if (typeof outcome === 'string' || outcome.violations.length > 0 || outcome.deaths !== died)
      bad.push(`${point} in "${scenario.name}": ${JSON.stringify(outcome)}`);
    else recoveries.push(outcome.recoveryMs);
  }
  expect(bad).toEqual([]);
  const late = recoveries.filter((ms) => ms > 5_000);
  expect(late.length).toBeLessThanOrEqual(recoveries.length * 0.05);
}, 5_400_000);

function lineOf(point: string, outcome: Outcome | string): string {
  if (typeof outcome === 'string') return `${point.padEnd(36)} ${outcome.split('\n')[0]}`;
  const { backMs, recoveryMs, violations } = outcome;
  const times = `back ${String(backMs).padStart(5)} ms, recovered ${String(recoveryMs).padStart(5)} ms`;
  const verdict = violations.map(({ invariant, what }) => `(${invariant}) ${what}`).join('; ');
  return `${point.padEnd(36)} ${times}  ${verdict === '' ? 'all ten hold' : verdict}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
