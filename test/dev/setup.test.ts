import { spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

// A checkout whose npm and compiler are stand-ins that note each call: what is tested is when they are called.
const NPM = `
const fs = require('node:fs');
if (process.argv[2] === 'config') {
  console.log('registry=' + (fs.existsSync('registry') ? fs.readFileSync('registry', 'utf8') : 'none'));
  process.exit(0);
}
fs.appendFileSync('calls', 'npm ' + process.argv[2] + '\\n');
if (fs.existsSync('npm-hangs')) { fs.rmSync('node_modules', { recursive: true, force: true }); setInterval(() => {}, 1000); return; }
if (process.argv.includes('--offline')) { console.error('ENOTCACHED'); process.exit(1); }
if (fs.existsSync('npm-fails')) { console.error('registry says no'); process.exit(1); }
fs.rmSync('node_modules', { recursive: true, force: true });
fs.mkdirSync('node_modules/typescript/bin', { recursive: true });
fs.copyFileSync('tsc.js', 'node_modules/typescript/bin/tsc');
`;
const TSC = `
const fs = require('node:fs');
fs.appendFileSync('calls', 'tsc\\n');
if (fs.existsSync('tsc-hangs')) { setInterval(() => {}, 1000); return; }
if (fs.existsSync('tsc-fails')) { console.log('x.ts(1,1): error'); process.exit(2); }
fs.mkdirSync('dist/dev', { recursive: true });
fs.writeFileSync('dist/dev/start.js', '');
fs.writeFileSync('dist/dev/demo.js', 'console.log("demo", process.argv.slice(2).join(" ")); process.exit(5);');
`;

let root: string;

const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const calls = (): string =>
  existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8') : '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mooring-setup-'));
  for (const name of ['setup.mjs', 'build.mjs']) cpSync(resolve('dev', name), join(root, 'dev', name));
  put('package-lock.json', '{}');
  put('npm-cli.js', NPM);
  put('tsc.js', TSC);
  put('domain/a.ts', 'one');
  put('db/migrations/0001.sql', 'select 1');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

interface Options {
  nodeArgs?: string[];
  uid?: number;
}

function begin(args: string[], { nodeArgs = [], uid }: Options = {}) {
  const child = spawn(process.execPath, [...nodeArgs, join(root, 'dev/setup.mjs'), ...args], {
    env: { PATH: process.env['PATH'], npm_execpath: join(root, 'npm-cli.js') },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a group of its own, which a test can kill as a whole
    ...(uid !== undefined && { uid, gid: uid }),
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<{ code: number | null; said: string }>((done) => {
    child.once('close', (code) => done({ code, said }));
  });
  return { pid: child.pid ?? 0, said: () => said, ended };
}

const run = (args: string[], options?: Options) => begin(args, options).ended;

async function until(met: () => boolean): Promise<void> {
  while (!met()) await pause(10);
}

test('a fresh clone is installed and built once, and the command gets its arguments and keeps its exit code', async () => {
  const first = await run(['demo', '--kill']);
  expect(first).toMatchObject({ code: 5 });
  expect(first.said).toMatch(/✓ packages installed \(.* s\)\n.*✓ server built \(.* s\)\ndemo --kill\n/s);
  expect(readFileSync(join(root, 'dist/db/migrations/0001.sql'), 'utf8')).toBe('select 1');

  expect((await run(['demo'])).said).toBe('demo \n');
  expect(calls()).toBe('npm ci\ntsc\n');
});

test('another lockfile is installed, another source is built, and nothing else is done', async () => {
  await run(['build']);
  appendFileSync(join(root, 'domain/a.ts'), 'two');
  await run(['build']);
  expect(calls()).toBe('npm ci\ntsc\ntsc\n');
  put('package-lock.json', '{"changed": true}');
  await run(['build']);
  expect(calls()).toBe('npm ci\ntsc\ntsc\nnpm ci\ntsc\n');
});

test('an install or a build that failed shows why, and is done again', async () => {
  put('npm-fails', '');
  expect(await run(['build'])).toMatchObject({
    code: 1,
    said: expect.stringContaining('registry says no') as string,
  });
  rmSync(join(root, 'npm-fails'));
  put('tsc-fails', '');
  expect(await run(['build'])).toMatchObject({
    code: 1,
    said: expect.stringContaining('x.ts(1,1): error') as string,
  });
  rmSync(join(root, 'tsc-fails'));
  expect(await run(['build'])).toMatchObject({ code: 0 });
  expect(calls()).toBe('npm ci\nnpm ci\nnpm ci\ntsc\ntsc\n'); // an install is tried twice before it has failed
});

test('two at once install and build once, and a lock left by a killed one is no hindrance', async () => {
  put('.mooring/setup.lock', '2147483646');
  const both = await Promise.all([run(['build']), run(['build'])]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  const said = both.map((one) => one.said).join('');
  expect(said.match(/another set-up of this folder has ended half-way: going on/g)).toHaveLength(1);
  expect(said).toContain('… building the server');
  expect(calls()).toBe('npm ci\ntsc\n');
});

test.each([
  ['npm ci', 'npm-hangs'],
  ['the build', 'tsc-hangs'],
])('a set-up whose processes were all killed during %s is simply done again', async (_step, hangs) => {
  put('node_modules/half-installed', '');
  put(hangs, '');
  const { pid, ended } = begin(['build']);
  await until(() => calls().endsWith(hangs === 'npm-hangs' ? 'npm ci\n' : 'tsc\n'));
  process.kill(-pid, 'SIGKILL');
  await ended;
  rmSync(join(root, hangs));
  expect(await run(['build'])).toMatchObject({ code: 0 });
  expect(calls()).toBe(hangs === 'npm-hangs' ? 'npm ci\nnpm ci\ntsc\n' : 'npm ci\ntsc\ntsc\n');
});

test('a lock that stands still is taken over whatever the clock says and whoever has its number, a living one is not', async () => {
  const lock = join(root, '.mooring/setup.lock');
  put('.mooring/setup.lock', String(process.pid)); // runs, and does not touch it
  const tomorrow = new Date(Date.now() + 86_400_000);
  utimesSync(lock, tomorrow, tomorrow);
  const waiting = begin(['build']);
  await until(() => waiting.said().includes('waiting for another set-up'));
  for (const hour of [1, 3, 2]) {
    await pause(200);
    utimesSync(lock, tomorrow, new Date(hour * 3_600_000)); // a clock that jumps about
  }
  expect(calls()).toBe('');
  expect(await waiting.ended).toMatchObject({ code: 0 });
}, 20_000);

test('without a network the first start says that it needs one, and does not try for minutes', async () => {
  put('registry', 'http://127.0.0.1:1/');
  const { code, said } = await run(['build']);
  expect(code).toBe(1);
  expect(said).toMatch(
    /ENOTCACHED.*The package registry could not be reached\. The first start needs it, later ones need no network/s,
  );
  expect(calls()).toBe('npm ci\n');
});

test('a folder that this account may not write to is named, with what to do', async () => {
  const asRoot = process.getuid?.() === 0;
  chmodSync(root, asRoot ? 0o755 : 0o555);
  const { code, said } = await run(['build'], asRoot ? { uid: 65_534 } : {});
  chmodSync(root, 0o755);
  expect(code).toBe(1);
  expect(said.trim()).toMatch(
    /^\S+\.mooring cannot be written to \(this account may not\)\. .*: give this account the right to write there, or clone Mooring into a folder of your own\.$/,
  );
  expect(calls()).toBe('');
});

test('a Node that is too old is told so in one sentence', async () => {
  put(
    'old.cjs',
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } });",
  );
  const { code, said } = await run(['start'], { nodeArgs: ['-r', join(root, 'old.cjs')] });
  expect(code).toBe(1);
  expect(said.trim()).toBe('Mooring needs Node 20.19 or newer; this is 18.20.4. See https://nodejs.org');
  expect(calls()).toBe('');
});
