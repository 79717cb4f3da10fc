// Builds what is stale: the server (tsc), the pages (vite), the workflow bundle. What each was built from is kept as a
// hash in dist/.built.json, taken out before a build begins, so that an interrupted one is stale again.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const stampFile = join(dist, '.built.json');
const serverZones = [
  'workflows',
  'activities',
  'domain',
  'db',
  'api',
  'worker',
  'temporal',
  'lib',
  'dev',
  'sdk',
  'bench',
];

const targets = {
  server: {
    what: 'the server',
    label: 'server built',
    sources: [...serverZones, 'platform.ts', 'tsconfig.json', 'tsconfig.build.json'],
    exists: () => true,
    output: 'dist/dev/start.js',
    build: buildServer,
  },
  web: {
    what: 'the pages',
    label: 'pages built',
    sources: ['web', 'sdk', 'domain', 'tsconfig.json'],
    exists: () => existsSync(join(root, 'web', 'index.html')),
    output: 'dist/web/index.html',
    build: buildWeb,
  },
  bundle: {
    what: 'the bundle of workflows',
    label: 'workflows bundled',
    sources: ['workflows', 'domain', 'tsconfig.json', 'tsconfig.build.json'],
    exists: () => existsSync(join(root, 'workflows', 'index.ts')),
    output: 'dist/workflows.bundle.js',
    build: buildBundle,
  },
};

/** The targets whose sources are not those of their last whole build. */
export function staleTargets() {
  const stamps = readStamps();
  const hashOf = hasher();
  return Object.entries(targets)
    .filter(([, target]) => target.exists())
    .filter(([name, target]) => stamps[name] !== hashOf(target) || !existsSync(join(root, target.output)))
    .map(([name]) => name);
}

/** Builds the stale targets, each with a line and its time. */
export async function build() {
  const stale = staleTargets();
  if (stale.length > 0) console.log(`  … building ${stale.map((name) => targets[name].what).join(', ')}`);
  // The pages need only their sources; the bundle is made of the server's output.
  await Promise.all([
    stale.includes('web') ? buildTarget('web') : undefined,
    (async () => {
      if (stale.includes('server')) await buildTarget('server');
      if (stale.includes('bundle')) await buildTarget('bundle');
    })(),
  ]);
}

async function buildTarget(name) {
  const target = targets[name];
  const from = Date.now();
  const hash = hasher()(target);
  writeStamp(name, undefined);
  await target.build();
  writeStamp(name, hash);
  console.log(`  ✓ ${target.label} (${((Date.now() - from) / 1000).toFixed(1)} s)`);
}

/** Hashes each folder once, however many targets have it as a source. */
function hasher() {
  const seen = new Map();
  const lock = readFileSync(join(root, 'package-lock.json'));
  const hashOfSource = (source) => {
    if (!seen.has(source)) seen.set(source, hashTree(source));
    return seen.get(source);
  };
  return ({ sources }) => {
    const hash = createHash('sha256').update(lock);
    for (const source of sources) hash.update(hashOfSource(source));
    return hash.digest('hex');
  };
}

function hashTree(source) {
  const path = join(root, source);
  const hash = createHash('sha256').update(source);
  if (!existsSync(path)) return hash.digest();
  if (source.includes('.')) return hash.update(readFileSync(path)).digest();
  const files = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => /\.(tsx?|mjs|css|html|svg|png|woff2|json|sql)$/.test(file))
    .sort();
  for (const file of files) hash.update(file.slice(root.length)).update('\0').update(readFileSync(file));
  return hash.digest();
}

function readStamps() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return {};
  }
}

function writeStamp(name, hash) {
  mkdirSync(dist, { recursive: true });
  writeFileSync(`${stampFile}.new`, JSON.stringify({ ...readStamps(), [name]: hash }));
  renameSync(`${stampFile}.new`, stampFile);
}

async function buildServer() {
  await run(['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
  const migrations = join(dist, 'db', 'migrations');
  rmSync(migrations, { recursive: true, force: true });
  cpSync(join(root, 'db', 'migrations'), migrations, { recursive: true });
}

function buildWeb() {
  const folders = ['web', '--outDir', '../dist/web', '--emptyOutDir'];
  return run(['node_modules/vite/bin/vite.js', 'build', ...folders, '--logLevel', 'warn']);
}

async function buildBundle() {
  const { bundleWorkflowCode, DefaultLogger } = createRequire(import.meta.url)('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(dist, 'workflows', 'index.js'),
    workflowInterceptorModules: [join(dist, 'workflows', 'interceptors.js')],
    logger: new DefaultLogger('WARN'),
  });
  const file = join(dist, 'workflows.bundle.js');
  writeFileSync(`${file}.new`, code);
  renameSync(`${file}.new`, file);
}

function run(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.on('data', (chunk) => (said += chunk));
    child.stderr.on('data', (chunk) => (said += chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${said.trim()}\n${args[0]} ended with code ${code}`));
    });
  });
}

/** `build.mjs` builds what is stale, `build.mjs bundle` that target, `build.mjs forget server` makes it stale. */
async function main([name, target]) {
  if (name === undefined) await build();
  else if (name === 'forget') writeStamp(target, undefined);
  else await buildTarget(name);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2)).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
