import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../../dev/supervisor/ports';
import { firstLine } from '../harness/chat';

const folder = mkdtempSync(join(tmpdir(), 'mooring-kit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = (name: string, ...args: string[]) =>
  spawnSync(process.execPath, [resolve(`dist/dev/agent-kit/${name}.js`), ...args], { encoding: 'utf8' });

/** A new agent in a folder of its own, and the folder. */
function newAgent(name: string): string {
  const path = join(folder, name);
  const { status, stderr } = program('new-agent', name, '--folder', path);
  if (status !== 0) throw new Error(stderr);
  return path;
}

const start = (path: string, env: Record<string, string> = {}): ChildProcess =>
  spawn(process.execPath, [join(path, 'agent.mjs')], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

async function stop(child: ChildProcess): Promise<number | null> {
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

test('a new agent passes its own test, keeps the contract, and remembers its answers over a restart', async () => {
  const path = newAgent('day-counter');
  const own = spawnSync(process.execPath, ['--test', join(path, 'agent.test.mjs')], { encoding: 'utf8' });
  expect([own.status, own.stdout]).toEqual([0, expect.stringContaining('# fail 0')]);

  const first = start(path, { PORT: '0' });
  const url = await firstLine(first, 'day-counter listens on ');
  const checked = program('check-agent', url, '--folder', path);
  expect(checked.stdout).toContain('24 kept, 0 broken, 0 not checked.');
  expect(checked.status).toBe(0);
  expect(await stop(first)).toBe(0);
  expect(readFileSync(join(path, 'answers.jsonl'), 'utf8')).toMatch(/"working_days":15/);
});

test('its keys are readable for its owner only, and differ from those of another', () => {
  const [one, two] = [newAgent('one'), newAgent('two')].map((path) => join(path, 'keys.json'));
  expect(statSync(one ?? '').mode & 0o777).toBe(0o600);
  expect(readFileSync(one ?? '', 'utf8')).not.toBe(readFileSync(two ?? '', 'utf8'));
});

test('a folder that is there already is left as it is', () => {
  const path = newAgent('taken');
  writeFileSync(join(path, 'agent.mjs'), 'mine');
  const { status, stderr } = program('new-agent', 'taken', '--folder', path);
  expect([status, stderr]).toEqual([1, expect.stringContaining('is there already; nothing was changed')]);
  expect(readFileSync(join(path, 'agent.mjs'), 'utf8')).toBe('mine');
});

test.each(['', 'Hello', '../up', 'a--b', '-a', 'a b', '9lives', 'x'.repeat(41)])(
  'the name “%s” is refused with the rule',
  (name) => {
    const { status, stderr } = program('new-agent', '--', name);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('small letters, digits and single hyphens'),
    ]);
  },
);

test.each([
  [['con'], 'Windows keeps it for a device'],
  [['one', 'two'], 'It takes one at a time. Usage: npm run new-agent -- NAME'],
  [['-x'], 'That is not how it is asked. Usage: npm run new-agent -- NAME'],
])('new-agent %j is refused with words of ours', (args, words) => {
  const { status, stderr } = program('new-agent', ...args);
  expect([status, stderr]).toEqual([1, expect.stringContaining(words)]);
});

test('--help says how it is asked', () => {
  const { status, stdout } = program('new-agent', '--help');
  expect([status, stdout]).toEqual([0, 'usage: npm run new-agent -- NAME [--folder FOLDER]\n']);
});

test.each(['abc', '80000', '-1'])('PORT=%s is said to be none', (port) => {
  const path = newAgent(`port-${port.replace('-', 'minus')}`);
  const { status, stderr } = spawnSync(process.execPath, [join(path, 'agent.mjs')], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], PORT: port },
  });
  expect([status, stderr.trim()]).toEqual([
    1,
    `PORT=${port} is no port: a whole number from 0 to 65535, such as PORT=8080 node agent.mjs`,
  ]);
});

test('while it runs its folder says where, and no longer', async () => {
  const path = newAgent('telling');
  const child = start(path, { PORT: '0' });
  const url = await firstLine(child, 'telling listens on ');
  expect(JSON.parse(readFileSync(join(path, 'listens.json'), 'utf8'))).toEqual({ url, pid: child.pid });
  await stop(child);
  expect(existsSync(join(path, 'listens.json'))).toBe(false);
});

test('a busy port is said in a sentence', async () => {
  const path = newAgent('busy');
  const port = String(await freePort());
  const first = start(path, { PORT: port });
  await firstLine(first, 'busy listens on ');
  const second = start(path, { PORT: port });
  let said = '';
  second.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(second, 'exit')) as [number];
  expect([code, said.trim()]).toEqual([1, `Port ${port} is busy. Choose another: PORT=8080 node agent.mjs`]);
  await stop(first);
});

test('without keys it says so instead of starting', async () => {
  const path = newAgent('keyless');
  rmSync(join(path, 'keys.json'));
  const child = start(path);
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number];
  expect([code, said]).toEqual([1, expect.stringMatching(/^No keys .*ORCHESTRATOR_KEY/)]);
});
