import { posix } from 'node:path';
import { z } from 'zod';
import { all, filesEnding, read } from './files';

const MAX_CODE_LINES = 300;
const code = filesEnding(/\.(ts|tsx|mts|mjs)$/);
const product = code.filter((path) => !path.startsWith('test/'));

/** Programs and what a tool reads: nothing imports them. */
const ENTRIES = [
  'activities/search/encoder-thread.ts',
  'bench/deltas.ts',
  'bench/hundred.ts',
  'bench/money.ts',
  'bench/sockets.ts',
  'bench/start.ts',
  'bench/tasks.ts',
  'bench/turn.ts',
  'dev/agents/checker/check-thread.ts',
  'dev/agent-kit/check-agent.ts',
  'dev/agent-kit/new-agent.ts',
  'dev/agent-kit/register-agent.ts',
  'dev/agent-kit/template/agent.test.mjs',
  'dev/agents/main.ts',
  'dev/circle/main.ts',
  'dev/audit-check.ts',
  'dev/demo.ts',
  'dev/dev.ts',
  'dev/env.ts',
  'dev/ledger-proof.ts',
  'dev/model/main.ts',
  'dev/setup.mjs',
  'dev/start.ts',
  'eslint.config.mjs',
  'platform.ts',
  'web/local-times.ts',
  'web/vite.config.mts',
  'workflows/index.ts',
  'workflows/interceptors.ts',
];

const isCode = (line: string): boolean => line.trim() !== '' && !/^\s*(\/\/|\/\*|\*|--)/.test(line);

test('no file is longer than 300 lines of code', () => {
  const long = [...code, ...filesEnding(/\.(sql|css)$/)]
    .map((path) => ({ path, lines: read(path).split('\n').filter(isCode).length }))
    .filter(({ lines }) => lines > MAX_CODE_LINES);
  expect(long).toEqual([]);
});

/** The files a file imports, as paths in the checkout without their endings. */
function importsOf(path: string): string[] {
  const named = all(read(path), /(?:from|import|import\(|require\()\s*'(\.[^']+)'/g);
  const page = path.endsWith('.html') ? all(read(path), /src="\/?([^"]+)"/g).map((src) => `./${src}`) : [];
  return [...named, ...page].map((to) =>
    posix.join(posix.dirname(path), to).replace(/\.(ts|tsx|mjs|js)$/, ''),
  );
}

test('every file of the product is imported by another of it, or is a program', () => {
  const imported = new Set([...product, ...filesEnding(/\.html$/)].flatMap(importsOf));
  const isUsed = (path: string): boolean => {
    const bare = path.replace(/\.(ts|tsx|mts|mjs)$/, '');
    return ENTRIES.includes(path) || imported.has(bare) || imported.has(bare.replace(/\/index$/, ''));
  };
  expect(product.filter((path) => !isUsed(path) && !path.endsWith('.d.ts'))).toEqual([]);
});

test('tests run on real parts: nothing is mocked, put off or run alone', () => {
  // `… ? test : test.skip` stays: some behaviour exists only for root, or only on one system.
  const forbidden = /\bjest\.(mock|doMock)\(|^\s*(it|test|describe)\.(skip|only|todo)\b/m;
  const tests = code.filter((path) => path.startsWith('test/'));
  expect(tests.filter((path) => forbidden.test(read(path)))).toEqual([]);
});

test('only programs write to the console; everything else has the log', () => {
  const mayWrite = /^(dev|bench)\/|^platform\.ts$/;
  const writes = product.filter((path) => !mayWrite.test(path) && /\bconsole\.\w+\(/.test(read(path)));
  expect(writes).toEqual([]);
});

test('exports are named, and unions and constants stand where an enum would', () => {
  const modules = product.filter((path) => /\.tsx?$/.test(path) && !/\.config\./.test(path));
  expect(modules.filter((path) => /^export default |^(export )?(const )?enum /m.test(read(path)))).toEqual(
    [],
  );
});

test('migrations are numbered from 0001 without a gap', () => {
  const numbers = filesEnding(/\.sql$/, 'db/migrations').map((path) => posix.basename(path).slice(0, 5));
  expect(numbers.sort()).toEqual(numbers.map((_, index) => `${String(index + 1).padStart(4, '0')}_`));
});

const Entry = z.looseObject({
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  hasInstallScript: z.boolean().optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
const lock = z
  .object({ packages: z.record(z.string(), Entry) })
  .parse(JSON.parse(read('package-lock.json'))).packages;
const manifest = z
  .looseObject({
    dependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
    optionalDependencies: z.record(z.string(), z.string()),
    allowScripts: z.record(z.string(), z.boolean()),
  })
  .parse(JSON.parse(read('package.json')));

test('the lockfile is whole: each optional package of each entry is in it, for every platform', () => {
  const missing = Object.entries(lock).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`node_modules/${name}` in lock) && !(`${path}/node_modules/${name}` in lock),
    ),
  );
  expect(missing).toEqual([]);
});

const REGISTRY = 'https://registry.npmjs.org/';

test('every package comes from the public registry and is known by its bytes', () => {
  const strange = Object.entries(lock).filter(
    ([path, { resolved = REGISTRY, integrity = '' }]) =>
      path !== '' && !(resolved.startsWith(REGISTRY) && integrity.startsWith('sha512-')),
  );
  expect(strange.map(([path]) => path)).toEqual([]);
});

test('versions are exact, and every install script is named and denied', () => {
  const { dependencies, devDependencies, optionalDependencies, allowScripts } = manifest;
  const ranges = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name]) => name);
  const scripts = Object.entries(lock)
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
  expect(ranges).toEqual([]);
  expect(scripts.filter((name) => allowScripts[name] !== false)).toEqual([]);
});
