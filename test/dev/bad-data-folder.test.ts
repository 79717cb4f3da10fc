import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { removeData } from '../../dev/supervisor/own-data';
import { attemptStart, contentOf, isRoot, MOST_MS } from './attempt';
import type { AttemptOptions } from './attempt';
import { processesOn } from './process-tree';

// The data folder cannot be used. The real start says so in a sentence, in time, and leaves it as it is.
const NOBODY = 65_534;
const asRoot = isRoot ? test : test.skip;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mooring-folder-'));
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (path: string, text: string): void => {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
};

/** What every start writes: by it a later one knows the folder as ours. */
const OWN_KEYS = JSON.stringify({ a: { orchestrator_key: 'ork_1', signing_secret: 'whsec_1' } });

async function expectRefusal(sentence: RegExp, options: AttemptOptions = {}): Promise<void> {
  const before = contentOf(folder);
  const attempt = await attemptStart({
    ...options,
    env: { MOORING_DATA_DIR: join(folder, 'data'), MOORING_PORT: '0', ...options.env },
  });
  expect(attempt.said).toMatch(sentence);
  expect(attempt.code).toBe(1);
  expect(attempt.tookMs).toBeLessThan(MOST_MS);
  expect(contentOf(folder)).toEqual(before);
}

test('a data folder that is a file', async () => {
  put('data', 'notes of somebody');
  await expectRefusal(
    /^The data folder \S+ cannot be made: \S+ is a file\. Move it away, or set MOORING_DATA_DIR/,
  );
});

test.each([
  ['the folder of the code', '.', 'is'],
  ['a folder that holds it', '..', 'holds'],
  ['a link to it', 'link', 'is'],
])('a data folder that is %s, with --fresh too', async (_what, dataDir, how) => {
  put('code/agents/mine/agent.mjs', 'years of work');
  symlinkSync('.', join(folder, 'code/link'));
  for (const args of [[], ['--fresh', '--yes']]) {
    await expectRefusal(
      new RegExp(
        `^MOORING_DATA_DIR \\S+ ${how} the folder of Mooring's own code\\. Name a folder that is only`,
      ),
      { cwd: join(folder, 'code'), args, env: { MOORING_DATA_DIR: dataDir } },
    );
  }
});

test('a data folder with files of others, with --fresh too', async () => {
  put('data/agents/mine/agent.mjs', 'years of work');
  put('data/agents.json', '{"agents": "of somebody"}');
  for (const args of [[], ['--fresh', '--yes']]) {
    await expectRefusal(
      /^The data folder \S+ is not empty and no Mooring has made it \(agents, agents\.json\)\. Name an empty or a new one/,
      { args },
    );
  }
});

test('--fresh deletes what a start has made, and no file of others beside it', () => {
  const ours = [
    'secret',
    'ports.json',
    'temporal/temporal.db',
    'temporal/temporal.db-wal',
    'mail/mail.jsonl',
  ];
  ours.push('agents.json', 'agents/text-analyst.jsonl', 'postgres/cluster/PG_VERSION', 'postgres/password');
  const others = ['temporal/client.ts', 'agents/mine/agent.mjs', 'postgres/notes.txt', 'README.md'];
  for (const path of [...ours, ...others]) put(`data/${path}`, path);
  removeData(join(folder, 'data'), true);
  const left = Object.entries(contentOf(folder)).filter(([path]) => statSync(path).isFile());
  expect(left.map(([path]) => relative(join(folder, 'data'), path)).sort()).toEqual(others.sort());
});

test('data of another major version of PostgreSQL', async () => {
  put('data/agents.json', OWN_KEYS);
  put('data/postgres/cluster/PG_VERSION', '17\n');
  if (isRoot) chownSync(join(folder, 'data/postgres/cluster'), NOBODY, NOBODY);
  await expectRefusal(
    /is of PostgreSQL 17, this is PostgreSQL 18\. Dump it with pg_dump of 17 .* npm start -- --fresh/,
  );
});

test.each([
  ['an empty PG_VERSION', { PG_VERSION: '' }, 'PG_VERSION names no version'],
  ['no PG_VERSION', { 'postgresql.conf': '' }, 'PG_VERSION names no version'],
  ['no global/', { PG_VERSION: '18\n' }, 'global/pg_control is missing'],
])('a database with %s', async (_what, files, why) => {
  put('data/agents.json', OWN_KEYS);
  for (const [name, text] of Object.entries(files)) put(`data/postgres/cluster/${name}`, text);
  if (isRoot) chownSync(join(folder, 'data/postgres/cluster'), NOBODY, NOBODY);
  await expectRefusal(
    new RegExp(
      `^The database in \\S+ is damaged \\(${why}\\)\\. Put the folder back from a backup, or begin with empty data: npm start -- --fresh$`,
    ),
  );
});

test('a file of Temporal that holds something else', async () => {
  put(
    'data/temporal/temporal.db',
    'no rows at all, but long enough to have a header of its own, which is wrong',
  );
  put('data/temporal/temporal.db.version', '1.32.0\n');
  const { code, said, tookMs } = await attemptStart({
    env: { MOORING_DATA_DIR: join(folder, 'data'), MOORING_PORT: '0' },
  });
  expect(said).toMatch(
    /The Temporal data in \S+ is damaged\. Move the folder \S+temporal away and start again: no fact is lost/,
  );
  expect(code).toBe(1);
  expect(tookMs).toBeLessThan(MOST_MS);
});

const onProc = existsSync('/proc/self') ? test : test.skip;
onProc('a data folder where no file can be kept', async () => {
  await expectRefusal(
    /cannot be made: the file system of \/proc keeps no files\. To have one on a disk, set MOORING_DATA_DIR/,
    {
      env: { MOORING_DATA_DIR: '/proc/mooring' },
    },
  );
});

test('data of another Temporal server', async () => {
  put('data/temporal/temporal.db', 'rows');
  put('data/temporal/temporal.db.version', '1.31.0\n');
  await expectRefusal(/is of server 1\.31\.0; this is server 1\.32\.0, .* npm start -- --fresh/);
});

test('a secret that was damaged', async () => {
  put('data/agents.json', OWN_KEYS);
  put('data/secret', '');
  await expectRefusal(/^The secret in \S+ is damaged\. Put it back from a backup, or begin with empty data/);
});

asRoot('data that another account has made', async () => {
  put('data/agents.json', OWN_KEYS);
  put('data/postgres/cluster/PG_VERSION', '18\n');
  chownSync(join(folder, 'data/postgres/cluster'), 1234, 1234);
  await expectRefusal(
    /was made by the account 1234\. Start Mooring as the account 1234, or set MOORING_DATA_DIR/,
  );
});

test('a data folder that this account may not write to, or not even see', async () => {
  put('data/ports.json', '{}');
  const data = join(folder, 'data');
  chmodSync(data, 0o500);
  const whose = isRoot ? 'belongs to the account 0, this is 65534' : 'has the mode 500';
  const sentence = new RegExp(
    `^The data folder \\S+ cannot be written to \\(\\S+ ${whose}\\)\\. Give this account the right to, or set MOORING_DATA_DIR`,
  );
  await expectRefusal(sentence, isRoot ? { uid: NOBODY } : {});
  if (isRoot) {
    chmodSync(folder, 0o700);
    await expectRefusal(sentence, { uid: NOBODY });
  }
  chmodSync(data, 0o700);
});

asRoot('a data folder on a read-only file system', async () => {
  const readOnly = 'mount -t tmpfs -o ro none "$0" && exec "$@"';
  mkdirSync(join(folder, 'data'));
  await expectRefusal(/cannot be written to \(its file system is read-only\)\. .* or set MOORING_DATA_DIR/, {
    under: ['unshare', '-m', 'sh', '-c', readOnly, join(folder, 'data')],
  });
});

asRoot('a data folder on a disk that is full', async () => {
  const small = 'mount -t tmpfs -o size=64m none "$0" && "$@"; code=$?; ls -A "$0"; exit $code';
  mkdirSync(join(folder, 'data'));
  await expectRefusal(
    /^The disk of the data folder \S+ is full: 64 MB are free and Mooring needs 200 MB\. Free some space, or set MOORING_DATA_DIR to another folder\.$/,
    { under: ['unshare', '-m', 'sh', '-c', small, join(folder, 'data')] },
  );
});

asRoot(
  '--fresh frees a disk that its own data has filled to the last block, and then looks again',
  async () => {
    const filled =
      'mount -t tmpfs -o size=64m none "$0"; mkdir -p "$0/postgres/cluster"; echo {} >"$0/ports.json"; cp "$KEYS" "$0/agents.json"; ' +
      'dd if=/dev/zero of="$0/postgres/cluster/rows" 2>/dev/null; "$@"; code=$?; ls -A "$0"; exit $code';
    mkdirSync(join(folder, 'data'));
    put('keys.json', OWN_KEYS);
    await expectRefusal(
      /is full: 64 MB are free and Mooring needs 200 MB\. Free some space, or set MOORING_DATA_DIR to another folder\.$/,
      {
        under: ['unshare', '-m', 'sh', '-c', filled, join(folder, 'data')],
        args: ['--fresh', '--yes'],
        env: { KEYS: join(folder, 'keys.json') },
      },
    );
  },
);

test('a disk that fills up while the database is made leaves no half of it', async () => {
  // No file may grow beyond 1 MB: a full disk that needs neither root nor a disk.
  const limited = 'ulimit -f 1024; exec "$@"';
  const attempt = await attemptStart({
    env: { MOORING_DATA_DIR: join(folder, 'data'), MOORING_PORT: '0' },
    under: ['bash', '-c', limited, 'bash'],
  });
  expect(attempt.said).toMatch(/postgres did not start: initdb ended with/);
  expect(attempt.said).toMatch(
    /The disk of \S+ is full\. Free some space and start again: what was saved is still there\.$/,
  );
  expect(attempt.code).toBe(1);
  expect(attempt.tookMs).toBeLessThan(MOST_MS);
  expect(readdirSync(join(folder, 'data', 'postgres')).sort()).toEqual(['owner.json', 'password']);
  expect(processesOn(folder)).toEqual([]);
});

const onLinux = existsSync('/dev/full') ? test : test.skip;
onLinux('a log on a disk that is full costs its lines, not the process', () => {
  const program =
    "const log = require('./dist/lib/log.js').createLogger('info'); for (let i = 0; i < 3; i++) log.info('a line'); console.error('still here');";
  const full = openSync('/dev/full', 'w');
  const said = spawnSync(process.execPath, ['-e', program], { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  expect(said.stderr.toString()).toBe('still here\n');
  expect(said.status).toBe(0);
});
