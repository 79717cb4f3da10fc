import { spawn } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

// A checkout whose npm and compiler are stand-ins that note each call: what is tested is when they are called.
const NPM = `
const fs = require('node:fs');
fs.appendFileSync('calls', 'npm ' + process.argv[2] + '\\n');
if (fs.existsSync('npm-fails')) { console.error('registry says no'); process.exit(1); }
fs.rmSync('node_modules', { recursive: true, force: true });
fs.mkdirSync('node_modules/typescript/bin', { recursive: true });
fs.copyFileSync('tsc.js', 'node_modules/typescript/bin/tsc');
`;
const TSC = `
const fs = require('node:fs');
fs.appendFileSync('calls', 'tsc\\n');
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

function run(args: string[], nodeArgs: string[] = []): Promise<{ code: number | null; said: string }> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [...nodeArgs, join(root, 'dev/setup.mjs'), ...args], {
      env: { PATH: process.env['PATH'], npm_execpath: join(root, 'npm-cli.js') },
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.once('close', (code) => done({ code, said }));
  });
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
  expect(calls()).toBe('npm ci\ntsc\n');
});

test('a Node that is too old is told so in one sentence', async () => {
  put(
    'old.cjs',
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } });",
  );
  const { code, said } = await run(['start'], ['-r', join(root, 'old.cjs')]);
  expect(code).toBe(1);
  expect(said.trim()).toBe('Mooring needs Node 20.19 or newer; this is 18.20.4. See https://nodejs.org');
  expect(calls()).toBe('');
});
