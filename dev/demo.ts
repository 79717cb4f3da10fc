import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { createClient } from '../sdk/client';
import type { Frame } from '../sdk/frames';
import { formatUsdc, parseUsdc } from '../sdk/money';
import { readRunFile } from './run-file';
import type { RunFile } from './run-file';
import { readSettings } from './supervisor/settings';

const QUESTION =
  'How readable is this text: The museum opens at ten. Visitors who possess a membership card may enter through ' +
  'the northern entrance, provided that the aforementioned card has not expired. Children come in free.';
const PRICE_USDC = '0.05';
const TURN_MS = 60_000;
const SETTLED_MS = 1_000;

const Calls = z.object({ calls: z.array(z.object({ idempotency_key: z.string() })) });

/**
 * `npm run demo`: the main job from a terminal, over the public API only; then again, with a SIGKILL of the platform
 * process in the middle of the turn. Exit code 0 only if each turn ended once, with one effect and one payment.
 */
async function main(): Promise<void> {
  const dataDir = resolve(readSettings().MOORING_DATA_DIR);
  const started = readRunFile(dataDir) === null ? await startProduct() : null;
  try {
    const where = (): RunFile => {
      const file = readRunFile(dataDir);
      if (file === null) throw new Error(`Nothing runs on ${dataDir}.`);
      return file;
    };
    console.log(`\n1. The main job at ${where().api}\n`);
    const plain = await mainJob(where, null);
    console.log('\n2. The same, and the platform process is killed while the agent works\n');
    const killed = await mainJob(where, 'SIGKILL');
    const fine = [...plain, ...killed].every(({ met }) => met);
    console.log(fine ? '\nAll seen.\n' : '\nNot all was seen.\n');
    process.exitCode = fine ? 0 : 1;
  } finally {
    if (started !== null) {
      started.kill('SIGINT');
      await once(started, 'exit');
    }
  }
}

interface Check {
  what: string;
  met: boolean;
}

/** Asks, approves, and reads until the turn has ended and the money has moved; then counts. */
async function mainJob(where: () => RunFile, kill: 'SIGKILL' | null): Promise<Check[]> {
  const client = createClient({ baseUrl: where().api, WebSocket });
  await client.signInForDevelopment(`demo-${Date.now()}@mooring.local`);
  const before = await client.wallet();
  const keysBefore = await agentKeys(where());
  const { session_id: id } = await client.createSession();
  const chat = client.connectSession(id);
  const startedAt = Date.now();
  const say = (text: string): void =>
    console.log(`${((Date.now() - startedAt) / 1000).toFixed(2).padStart(7)} s  ${text}`);
  const late = setTimeout(() => chat.close(), TURN_MS);
  await chat.send(QUESTION).acked;

  const counts = { turnEnds: 0, payments: 0, answered: false };
  let killed = false;
  for await (const frame of chat.frames) {
    say(describe(frame));
    if (frame.type === 'PAYMENT_REQUEST')
      void chat.respond({ payment_id: frame.data.payment_id, approved: true });
    if (kill !== null && !killed && frame.type === 'STATUS' && frame.data.task_id !== undefined) {
      killed = true;
      say(`--- SIGKILL to the platform process ${where().pids.platform ?? '?'}`);
      process.kill(where().pids.platform ?? Number.NaN, kill);
    }
    if (frame.type === 'PAYMENT_SUCCESSFUL') counts.payments += 1;
    if (frame.type === 'TURN_END') {
      counts.turnEnds += 1;
      counts.answered = frame.data.outcome === 'answered';
    }
    // a second end, if there were one, would come now
    if (counts.turnEnds > 0 && counts.payments > 0) setTimeout(() => chat.close(), SETTLED_MS);
  }
  clearTimeout(late);
  chat.close();
  const keys = new Set((await agentKeys(where())).filter((key) => !keysBefore.includes(key)));
  const after = await client.wallet();
  return [
    check('the turn ended once, with an answer', counts.turnEnds === 1 && counts.answered),
    check('one distinct Idempotency-Key in the agent’s own record', keys.size === 1),
    check(`one payment of ${PRICE_USDC} USDC`, counts.payments === 1 && spent(before, after) === PRICE_USDC),
    ...(kill === null ? [] : [check('the platform process was killed', killed)]),
  ];
}

function check(what: string, met: boolean): Check {
  console.log(`  ${met ? '✓' : '✗'} ${what}`);
  return { what, met };
}

/** USDC that left a wallet. */
const spent = (before: { balance_usdc: string }, after: { balance_usdc: string }): string =>
  formatUsdc((parseUsdc(before.balance_usdc) ?? 0n) - (parseUsdc(after.balance_usdc) ?? 0n));

async function agentKeys({ agents }: RunFile): Promise<string[]> {
  const records = await Promise.all(
    agents.map(async ({ base_url }) => Calls.parse(await (await fetch(`${base_url}/calls`)).json()).calls),
  );
  return records.flat().map(({ idempotency_key }) => idempotency_key);
}

function describe(frame: Frame): string {
  const seq = 'seq' in frame && frame.seq !== undefined ? `#${frame.seq}` : '  ';
  const { data } = frame as { data: Record<string, unknown> };
  const words = ['text', 'content', 'amount_usdc', 'status', 'outcome', 'message'].flatMap((key) =>
    typeof data[key] === 'string' ? [data[key]] : [],
  );
  return `${seq.padEnd(4)} ${frame.type.padEnd(18)} ${words.join(' · ').replaceAll('\n', ' ').slice(0, 110)}`;
}

/** Starts the product as `npm start` does and waits until it is ready. */
async function startProduct(): Promise<ChildProcess> {
  console.log('Nothing runs yet: starting Mooring.');
  const child = spawn(process.execPath, [join(__dirname, 'start.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  while (!said.includes('Mooring is ready')) {
    if (child.exitCode !== null) throw new Error(`Mooring did not start:\n${said}`);
    await pause(100);
  }
  return child;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
