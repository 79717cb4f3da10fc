// The entry of every npm script: makes this checkout ready to run, then runs the command. Plain Node without
// dependencies, since it runs before there are any.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { clearInterval, setInterval } from 'node:timers';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NEEDED = [20, 19];
const LOCK_BEAT_MS = 1_000;
const LOCK_STALE_MS = 5_000;
const CONNECT_MS = 4_000;
const NEEDS_NETWORK =
  'The package registry could not be reached. The first start needs it, later ones need no network: connect this ' +
  'machine, or name a proxy or a registry of your own (npm config set proxy …, registry …), and start again.';
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
  'cut-test': { file: 'node_modules/jest/bin/jest.js', env: { MOORING_TEST_SET: 'cuts' } },
  'race-test': { file: 'node_modules/jest/bin/jest.js', env: { MOORING_TEST_SET: 'races' } },
  'outage-test': { file: 'node_modules/jest/bin/jest.js', env: { MOORING_TEST_SET: 'outages' } },
  'money-test': { file: 'node_modules/jest/bin/jest.js', env: { MOORING_TEST_SET: 'money' } },
  'ledger-proof': { file: 'dist/dev/ledger-proof.js' },
  'audit-check': { file: 'dist/dev/audit-check.js' },
  'record-histories': { file: 'node_modules/jest/bin/jest.js', env: { MOORING_TEST_SET: 'histories' } },
  'bench:start': { file: 'dist/bench/start.js' },
  'bench:turn': { file: 'dist/bench/turn.js' },
  'bench:deltas': { file: 'dist/bench/deltas.js' },
  'bench:sockets': { file: 'dist/bench/sockets.js' },
  'bench:hundred': { file: 'dist/bench/hundred.js' },
  'bench:tasks': { file: 'dist/bench/tasks.js' },
  'bench:money': { file: 'dist/bench/money.js' },
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
    fail(inWords(error));
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
  const reached = await reachesRegistry();
  // Without a network npm tries for minutes what its cache does not have.
  const run = () => npm([...flags, reached ? '--prefer-offline' : '--offline']);
  await run().catch((error) => {
    if (!reached) throw new Error(`${error.message}\n\n${NEEDS_NETWORK}`);
    // Seen: a tarball that came corrupted from the registry. A second try finds the rest in npm's cache.
    console.log(`  … npm ci failed (${String(error.message).split('\n').at(-1)}); trying once more`);
    return run();
  });
  writeFileSync(lockHashFile, wantedHash());
}

/** Whether npm's registry accepts connections; taken to be so behind a proxy. */
async function reachesRegistry() {
  const said = await npm(['config', 'get', 'registry', 'proxy', 'https-proxy']);
  const settings = Object.fromEntries(said.split('\n').map((line) => line.split(/=(.*)/s)));
  if (/^http/.test(settings.proxy) || /^http/.test(settings['https-proxy'])) return true;
  if (!URL.canParse(settings.registry)) return true;
  const { hostname, port, protocol } = new URL(settings.registry);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port || (protocol === 'http:' ? 80 : 443)) });
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(CONNECT_MS, () => end(false));
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

async function npm(args) {
  const own = process.env.npm_execpath;
  try {
    if (own !== undefined && /npm-cli\.js$/.test(own)) return await runQuietly([own, ...args], 'hide');
    return await runQuietly(args, 'hide', process.platform === 'win32' ? 'npm.cmd' : 'npm');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    throw new Error('npm was not found. It comes with Node: https://nodejs.org', { cause: error });
  }
}

/** Runs a program to its end and gives what it said; hidden output is shown when it fails. */
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
      if (code === 0) return resolve(said);
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

/**
 * One at a time: two starts of a fresh clone would install over each other. Who holds the lock touches it each second,
 * so that one left by a killed start is known by standing still, whatever the clock says and whoever has its pid now.
 */
async function takeLock() {
  const file = join(root, '.mooring', 'setup.lock');
  mkdirSync(dirname(file), { recursive: true });
  for (let seen = { mtimeMs: 0, at: performance.now() }, told = false; ;) {
    if (make(file)) return hold(file);
    const mtimeMs = lastTouch(file);
    if (mtimeMs !== seen.mtimeMs) seen = { mtimeMs, at: performance.now() };
    if (isDead(file) || performance.now() - seen.at > LOCK_STALE_MS) {
      if (moveAway(file, mtimeMs))
        console.log('  … another set-up of this folder has ended half-way: going on');
    } else {
      if (!told) console.log('  … waiting for another set-up of this folder');
      told = true;
      await pause(200);
    }
  }
}

function hold(file) {
  const beat = setInterval(() => touch(file), LOCK_BEAT_MS).unref();
  return () => {
    clearInterval(beat);
    rmSync(file, { force: true });
  };
}

function make(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Of two that find the same dead lock one moves it; another one, moved by mistake, goes back. */
function moveAway(file, mtimeMs) {
  const away = `${file}.${process.pid}.left`;
  try {
    renameSync(file, away);
  } catch {
    return false; // another was faster
  }
  const isLeft = isDead(away) || lastTouch(away) === mtimeMs;
  if (isLeft) rmSync(away, { force: true });
  else renameSync(away, file);
  return isLeft;
}

function touch(file) {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // Moved by one that looks whether it still lives: the next beat shows it.
  }
}

function lastTouch(file) {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

function isDead(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    process.kill(pid, 0);
    return isUnburied(pid);
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** A killed process stays in the table until its parent has asked for its end; some never ask. */
function isUnburied(pid) {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false; // a system without such files, or it has gone meanwhile
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

/** What the system refuses, in a sentence that says what to do. */
function inWords({ code, message, path }) {
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return `${message}\n\nThe disk of ${root} is full. Free some space and start again.`;
  }
  if (!['EACCES', 'EPERM', 'EROFS'].includes(code)) return message;
  const why = code === 'EROFS' ? 'its file system is read-only' : 'this account may not';
  return (
    `${path ?? root} cannot be written to (${why}). Packages and programs are kept in the folder of Mooring: give this ` +
    'account the right to write there, or clone Mooring into a folder of your own.'
  );
}

function fail(message) {
  console.error(`\n${message}`);
  process.exitCode = 1;
}
