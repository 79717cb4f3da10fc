import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readRunFile } from '../../dev/run-file';
import type { RunFile } from '../../dev/run-file';
import { freePort } from '../../dev/supervisor/ports';
import { openChat } from '../harness/chat';
import type { Chat } from '../harness/chat';
import { startProduct } from '../harness/product';

// The product as `npm start` runs it, in a data folder of its own. The agent takes three seconds over this text, so
// that a kill falls into the middle of its work.
const ASK =
  'How readable is this text: #agent:slow The committee will review the proposal. People wait for it.';

let folder: string;
let tree: ChildProcess;
let port: number;

const startTree = async (): Promise<void> => {
  tree = await startProduct(folder, port);
};

const runFile = (): RunFile => {
  const file = readRunFile(folder);
  if (file === null) throw new Error('no run.json');
  return file;
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mooring-tree-'));
  port = await freePort();
  await startTree();
}, 120_000);

afterAll(async () => {
  if (tree.exitCode === null) tree.kill('SIGKILL');
  await pause(0);
  rmSync(folder, { recursive: true, force: true });
});

const api = (): string => `http://127.0.0.1:${port}`;

async function expectOneOfEach(chat: Chat): Promise<void> {
  await chat.until(({ type }) => type === 'TURN_END');
  await chat.until(({ type }) => type === 'PAYMENT_SUCCESSFUL');
  const frames = await chat.frames();
  const of = (wanted: string) => frames.filter(({ type }) => type === wanted);
  expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => index + 1));
  expect(of('TURN_END').map(({ data }) => data['outcome'])).toEqual(['answered']);
  expect(of('PAYMENT_SUCCESSFUL')).toHaveLength(1);
  const taskId = of('TASK_UPDATE')[0]?.data['task_id'];
  const agent = runFile().agents.find(({ name }) => name === 'text-analyst');
  const { calls } = (await (await fetch(`${agent?.base_url ?? ''}/calls`)).json()) as {
    calls: { idempotency_key: string; status: string }[];
  };
  const ours = calls.filter(({ idempotency_key }) => idempotency_key === taskId);
  expect(ours.filter(({ status }) => status === 'completed')).toHaveLength(1);
  expect(await chat.wallet()).toMatchObject({ balance_usdc: '4.95', held_usdc: '0.00' });
}

const working = (chat: Chat) =>
  chat.until(
    ({ type, data }) => type === 'STATUS' && data['tool'] === 'invoke_agent' && data['task_id'] !== undefined,
  );

test.each(['platform', 'postgres', 'temporal', 'agents'] as const)(
  'kill -9 of %s in the middle of a turn: the turn ends once, with one effect and one payment',
  async (part) => {
    const chat = await openChat(api, `${part}@example.test`);
    await chat.say('m1', ASK);
    await chat.answer(true);
    await working(chat);
    const pid = runFile().pids[part] ?? 0;
    expect(pid).toBeGreaterThan(0);
    process.kill(pid, 'SIGKILL');
    await expectOneOfEach(chat);
    expect(runFile().pids[part]).not.toBe(pid);
  },
  90_000,
);

test('kill -9 of the supervisor, then a new start: the chat goes on where it was', async () => {
  const chat = await openChat(api, 'supervisor@example.test');
  await chat.say('m1', ASK);
  await chat.until(({ type }) => type === 'PAYMENT_REQUEST');
  tree.kill('SIGKILL');
  await once(tree, 'exit');
  await startTree();
  await chat.answer(true);
  await expectOneOfEach(chat);
}, 90_000);

test('Ctrl-C stops everything within five seconds and leaves no process', async () => {
  const { pids } = runFile();
  const asked = Date.now();
  tree.kill('SIGINT');
  await once(tree, 'exit');
  expect(Date.now() - asked).toBeLessThan(5_000);
  const alive = Object.entries(pids).filter(([, pid]) => pid !== undefined && isAlive(pid));
  expect(alive).toEqual([]);
  expect(readRunFile(folder)).toBeNull();
}, 30_000);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
