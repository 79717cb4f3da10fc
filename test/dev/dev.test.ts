import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { WebSocket } from 'ws';
import { removePostgresData } from '../../dev/postgres/home';
import { readRunFile } from '../../dev/run-file';
import type { RunFile } from '../../dev/run-file';
import { staleAfter } from '../../dev/watch/stale';
import { createClient } from '../../sdk/client';
import type { MooringClient } from '../../sdk/client';
import type { Frame } from '../../sdk/frames';
import { copyCheckout, sharePackages } from './checkout';
import { isAlive, killTree, processesOn } from './process-tree';
import { beginStart } from './running-start';
import type { RunningStart } from './running-start';

// `npm run dev` on a checkout of its own, in which files are changed; one chat goes on through all of it.
let folder: string;
let checkout: string;
let dev: RunningStart;
let page: string;
let chat: {
  id: string;
  say: (text: string) => Promise<unknown>;
  turns: () => number;
  frames: Frame[];
  close: () => void;
};

const file = (path: string): string => join(checkout, path);
const change = (path: string, from: string, to: string): void => {
  const text = readFileSync(file(path), 'utf8');
  if (!text.includes(from)) throw new Error(`${path} has no ${from}`);
  writeFileSync(file(path), text.replace(from, to));
};
const run = (): RunFile => {
  const found = readRunFile(file('.mooring'));
  if (found === null) throw new Error(`nothing runs:\n${dev.said()}`);
  return found;
};
const textOf = (url: string): Promise<string> =>
  fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
    (answer) => answer.text(),
    () => '',
  );
async function until(met: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await met())) {
    if (!isAlive(dev.pid)) throw new Error(`it has ended:\n${dev.said()}`);
    await pause(50);
  }
}
// Small talk, for which no agent is sought and nothing asked back.
const answered = async (question: string): Promise<void> => {
  const before = chat.turns();
  await chat.say(question);
  await until(() => chat.turns() > before);
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mooring-dev-'));
  chmodSync(folder, 0o755);
  checkout = join(folder, 'tree');
  copyCheckout(checkout, sharePackages);
  dev = beginStart({}, [process.execPath, 'dev/setup.mjs', 'dev'], checkout);
  await dev.until(() => dev.said().includes('Mooring is ready'));
  await dev.until(() => dev.said().includes('changes take effect from here on'));
  page = /Chat page\s+(\S+)/.exec(dev.said())?.[1] ?? '';
  chat = await openChat(createClient({ baseUrl: page, WebSocket }));
}, 180_000);

afterAll(() => {
  chat.close();
  if (isAlive(dev.pid)) killTree(dev.pid);
  removePostgresData(file('.mooring/postgres'));
  rmSync(folder, { recursive: true, force: true });
});

async function openChat(client: MooringClient): Promise<typeof chat> {
  await client.signInForDevelopment('dev@example.test');
  const { session_id: id } = await client.createSession();
  const connection = client.connectSession(id);
  const frames: Frame[] = [];
  void (async () => {
    for await (const frame of connection.frames) frames.push(frame);
  })();
  return {
    id,
    frames,
    say: (text) => connection.send(text).acked,
    turns: () => frames.filter(({ type }) => type === 'TURN_END').length,
    close: connection.close,
  };
}

test('the page, its API and its socket are at one address', async () => {
  expect(await textOf(`${page}/`)).toContain('/@vite/client');
  await answered('What can you do?');
}, 60_000);

test('a change of the server takes effect, and the chat goes on', async () => {
  const { pids } = run();
  change('api/routes/operations.ts', 'ok: true', "ok: true, changed: 'server'");
  await until(async () => (await textOf(`${run().api}/healthz`)).includes('changed'));
  expect(dev.said()).toMatch(/compiled api\/routes\/operations\.js \(\d+\.\d s\)/);
  await answered('Hello');
  await until(() => dev.said().includes('platform is back'));
  expect(run().pids).toEqual({ ...pids, platform: expect.any(Number) as number });
  expect(run().pids.platform).not.toBe(pids.platform);
}, 90_000);

test('a change of a workflow takes effect in the very run that goes on', async () => {
  change('workflows/chat-session.ts', 'Waits for a message;', 'Rests until a message comes;');
  const connection = await Connection.connect({ address: run().temporal });
  const session = new Client({ connection }).workflow.getHandle(`session/${chat.id}`);
  const { runId } = await session.describe();
  await until(async () => {
    const details = await session.query('__temporal_workflow_metadata').catch(() => null);
    return JSON.stringify(details).includes('Rests until a message comes');
  });
  expect(dev.said()).toMatch(/✓ workflows bundled \(\d+\.\d s\)/);
  await answered('Hello again');
  expect((await session.describe()).runId).toBe(runId);
  await connection.close();
}, 90_000);

test('a change of a page reaches the pages that are open', async () => {
  const token = /wsToken = "([^"]+)"/.exec(await textOf(`${page}/@vite/client`))?.[1] ?? '';
  await textOf(`${page}/main.tsx`);
  expect(await textOf(`${page}/sign-in-page.tsx`)).toContain('Continue as the test user');
  const told: string[] = [];
  const open = new WebSocket(`${page.replace('http', 'ws')}/?token=${token}`, 'vite-hmr');
  open.on('message', (data: Buffer) => told.push(data.toString()));
  await until(() => told.some((message) => message.includes('connected')));
  change('web/sign-in-page.tsx', 'Continue as the test user', 'Go on as the test user');
  await until(() => told.some((message) => message.includes('sign-in-page.tsx')));
  expect(await textOf(`${page}/sign-in-page.tsx`)).toContain('Go on as the test user');
  open.close();
}, 60_000);

test('what does not compile is told, and what runs stays; what dies of its own code waits for the next change', async () => {
  const { pids } = run();
  change('api/routes/operations.ts', "changed: 'server'", "changed: 'server' as number");
  await until(() => dev.said().includes('does not compile, what runs stays as it was'));
  expect(dev.said()).toMatch(/api\/routes\/operations\.ts\(\d+,\d+\): error TS2352/);
  expect((await fetch(`${run().api}/readyz`)).status).toBe(200);
  expect(run().pids).toEqual(pids);

  const dies = "if (router.name !== '') throw new Error('dies of its own');";
  change('api/routes/operations.ts', 'const router = Router();', `const router = Router();\n  ${dies}`);
  change('api/routes/operations.ts', "'server' as number", "'again'");
  await until(() => dev.said().includes('platform waits for a change of its code'));
  expect(dev.said()).toContain('Error: dies of its own');
  change('api/routes/operations.ts', dies, '');
  await until(async () => (await textOf(`${run().api}/healthz`)).includes('again'));
  await answered('Thanks');
}, 120_000);

test('through all of it the chat lost no frame, and Ctrl-C leaves no process', async () => {
  const seqs = chat.frames.flatMap((frame) =>
    'seq' in frame && typeof frame.seq === 'number' ? [frame.seq] : [],
  );
  expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  chat.close();
  process.kill(dev.pid, 'SIGINT');
  expect(await dev.ended).toBe(0);
  expect(processesOn(checkout)).toEqual([]);
}, 30_000);

test.each([
  ['api/app.js', { bundle: false, parts: ['platform'], self: false }],
  ['workflows/task.js', { bundle: true, parts: ['platform'], self: false }],
  ['domain/money.js', { bundle: true, parts: ['agents', 'platform'], self: false }],
  ['dev/model/server.js', { bundle: false, parts: ['model'], self: false }],
  ['dev/agents/server.js', { bundle: false, parts: ['agents'], self: false }],
  ['dev/supervisor/run.js', { bundle: false, parts: [], self: true }],
  ['sdk/client.js', { bundle: false, parts: [], self: false }],
])('after %s was written, what it is part of is renewed and nothing else', (path, expected) => {
  expect(staleAfter([path])).toEqual({ ...expected, parts: new Set(expected.parts) });
});
