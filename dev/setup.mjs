// The entry of every npm script: makes this checkout ready to run, then runs the command. Plain Node without
// dependencies, since it runs before there are any.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NEEDED = [20, 19];
const LOCK_STALE_MS = 15 * 60_000;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lockHashFile = join(root, 'node_modules', '.mooring-lock-hash');

const commands = {
  start: { file: 'dist/dev/start.js' },
  dev: { file: 'dist/dev/dev.js' },
  demo: { file: 'dist/dev/demo.js' },
  'new-agent': { file: 'dist/dev/agent-kit/new-agent.js' },
  'check-agent': { file: 'dist/dev/agent-kit/check-agent.js' },
  'register-agent': { file: 'dist/dev/agent-kit/register-agent.js' },
  'crash-test': { file: 'node_modules/jest/bin/jest.js', env: { MOORING_TEST_SET: 'crash' } },
  'record-histories': { file: 'node_modules/jest/bin/jest.js', env: { MOORING_TEST_SET: 'histories' } },
  'bench:start': { file: 'dist/bench/start.js' },
  env: { file: 'dist/dev/env.js' },
  test: { file: 'node_modules/jest/bin/jest.js' },
  'test:full': { file: 'node_modules/jest/bin/jest.js', env: { MOORING_TEST_SET: 'full' } },
  build: {},
};

const [name = '', ...args] = process.argv.slice(2);
const command = commands[name];
process.chdir(root);

if (!isNodeNewEnough(process.versions.node)) {
  fail(
    `Mooring needs Node ${NEEDED.join('.')} or newer; this is ${process.versions.node}. See https://nodejs.org`,
  );
} else if (command === undefined) {
  fail(`usage: node dev/setup.mjs <${Object.keys(commands).join(' | ')}>`);
} else {
  try {
    await prepare();
    if (command.file !== undefined) await run(command);
  } catch (error) {
    fail(error.message);
  }
}

function isNodeNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

async function prepare() {
  const { staleTargets } = await import('./build.mjs');
  if (isInstalled() && staleTargets().length === 0) return;
  const unlock = await takeLock();
  try {
    if (!isInstalled()) {
      console.log('  … installing packages (once)');
      await step('packages installed', install);
    }
    // A process of its own: the compilers' memory must not stay with the command that follows.
    if (staleTargets().length > 0) await runQuietly([join(root, 'dev', 'build.mjs')], 'inherit');
  } finally {
    unlock();
  }
}

function wantedHash() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  return createHash('sha256').update(lock).update(`${process.platform}-${process.arch}`).digest('hex');
}

function isInstalled() {
  return existsSync(lockHashFile) && readFileSync(lockHashFile, 'utf8') === wantedHash();
}

/** `npm ci` empties node_modules first, and the hash with it: an interrupted one is done again. */
async function install() {
  const flags = ['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  flags.push('--prefer-offline');
  const npm = process.env.npm_execpath;
  const run = () =>
    npm !== undefined && /npm-cli\.js$/.test(npm)
      ? runQuietly([npm, ...flags], 'hide')
      : runQuietly(flags, 'hide', process.platform === 'win32' ? 'npm.cmd' : 'npm');
  await run().catch((error) => {
    // Seen: a tarball that came corrupted from the registry. A second try finds the rest in npm's cache.
    console.log(`  … npm ci failed (${String(error.message).split('\n').at(-1)}); trying once more`);
    return run();
  });
  writeFileSync(lockHashFile, wantedHash());
}

/** Runs a program to its end; hidden output is shown when it fails. */
function runQuietly(parts, output, program = process.execPath) {
  return new Promise((resolve, reject) => {
    const stdio = output === 'hide' ? ['ignore', 'pipe', 'pipe'] : 'inherit';
    const child = spawn(program, parts, { cwd: root, stdio });
    let said = '';
    const keep = (chunk) => (said = (said + chunk).slice(-20_000));
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) return resolve();
      const how = signal === null ? `code ${code}` : signal;
      reject(new Error(`${said}\n${program} ${parts.join(' ')} ended with ${how}`.trim()));
    });
  });
}

async function step(label, work) {
  const from = Date.now();
  await work();
  console.log(`  ✓ ${label} (${((Date.now() - from) / 1000).toFixed(1)} s)`);
}

/** One at a time: two starts of a fresh clone would install over each other. */
async function takeLock() {
  const file = join(root, '.mooring', 'setup.lock');
  mkdirSync(dirname(file), { recursive: true });
  for (let told = false; ;) {
    try {
      const handle = openSync(file, 'wx');
      writeSync(handle, String(process.pid));
      closeSync(handle);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isLeftBehind(file)) moveAway(file);
    else {
      if (!told) console.log('  … waiting for another set-up of this folder');
      told = true;
      await pause(200);
    }
  }
}

/** Of two that find the same dead lock one moves it; a live one moved by mistake goes back. */
function moveAway(file) {
  const away = `${file}.${process.pid}`;
  try {
    renameSync(file, away);
  } catch {
    return; // another was faster
  }
  if (isLeftBehind(away)) rmSync(away, { force: true });
  else renameSync(away, file);
}

function isLeftBehind(file) {
  try {
    const { mtimeMs } = statSync(file);
    const pid = Number(readFileSync(file, 'utf8'));
    if (Date.now() - mtimeMs > LOCK_STALE_MS) return true;
    if (pid === 0) return Date.now() - mtimeMs > 5_000;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

async function run({ file, env }) {
  const path = join(root, file);
  if (!existsSync(path)) throw new Error(`${file} does not exist: this command is not built yet`);
  Object.assign(process.env, env);
  if (name === 'start') {
    // In this very process: signals reach it directly, and an idle start has one process less.
    process.argv = [process.argv[0], path, ...args];
    await import(pathToFileURL(path).href);
    return;
  }
  const child = spawn(process.execPath, [path, ...args], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  child.once('close', (code, signal) => {
    process.exitCode = signal === null ? code : 1;
  });
}

function fail(message) {
  console.error(`\n${message}`);
  process.exitCode = 1;
}
