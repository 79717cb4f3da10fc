import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLOSED_PORTS } from '../../lib/closed-ports';
import { readSettings } from '../../dev/supervisor/settings';
import { attemptStart, contentOf } from './attempt';

let folder: string;
let envFile: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mooring-settings-'));
  envFile = join(folder, '.env');
});
const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
  rmSync(folder, { recursive: true, force: true });
});

/** What is said about a .env of these lines, without its first and last line and without the file's folder. */
function problemsOf(...lines: string[]): string[] {
  writeFileSync(envFile, lines.join('\n'));
  try {
    readSettings(envFile);
    return [];
  } catch (error) {
    const said = (error instanceof Error ? error.message : '').replaceAll(`${folder}/`, '');
    return said.split('\n').slice(1, -1);
  }
}

test('a start with a broken .env names every setting with its place and its rule, and makes nothing', async () => {
  writeFileSync(
    envFile,
    'MOORING_PORT=eighty\nMOORING_MODL=x\nDATABASE_URL=postgres://me:pa#ss@db/x\nno value\n',
  );
  const before = contentOf(folder);
  const { said, code } = await attemptStart({ cwd: folder, env: { MOORING_ENV: 'dev' } });
  expect(said.split('\n')).toEqual([
    'Settings cannot be used:',
    '  .env, line 4: is not NAME=value',
    '  MOORING_MODL (.env) is no setting; did you mean MOORING_MODEL?',
    '  MOORING_ENV (environment) must be one of development, test, production; it is “dev”',
    '  MOORING_PORT (.env) must be a whole number from 0 to 65535; it is “eighty”',
    expect.stringMatching(/^ {2}DATABASE_URL \(\.env\) must be a URL like postgres:\/\/.* %23 for #/),
    'Correct them and start again; .env.example has every setting with its default.',
  ]);
  expect(said).not.toContain('pa#ss');
  expect(code).toBe(1);
  expect(contentOf(folder)).toEqual(before);
});

test.each([
  ['MOORING_PORT=70000', 'MOORING_PORT (.env) must be a whole number from 0 to 65535; it is “70000”'],
  [
    'MOORING_HUMAN_WAIT_MS=2 min',
    'MOORING_HUMAN_WAIT_MS (.env) must be a whole number of milliseconds from 1 to 31536000000; it is “2 min”',
  ],
  ['MOORING_ALLOW_LOOPBACK=yes', 'MOORING_ALLOW_LOOPBACK (.env) must be one of true, false; it is “yes”'],
  ['MOORING_SECRET=short', 'MOORING_SECRET (.env) must have at least 32 characters'],
  [
    'MOORING_SESSION_BUDGET_USDC=1e3',
    'MOORING_SESSION_BUDGET_USDC (.env) must be an amount of USDC with at most 6 decimals, such as 2.00; it is “1e3”',
  ],
  [
    'MOORING_DELIVERY_DELAYS_MS=0;5',
    'MOORING_DELIVERY_DELAYS_MS (.env) must be whole numbers with commas between; it is “0;5”',
  ],
  [
    'TEMPORAL_ADDRESS=http://localhost:7233',
    'TEMPORAL_ADDRESS (.env) must be host:port, such as localhost:7233; it is “http://localhost:7233”',
  ],
  ['REDIS_URL=localhost:6379', 'REDIS_URL (.env) must be a URL like redis://host:6379'],
  ['ANTHROPIC_BASE_URL=example.test', 'ANTHROPIC_BASE_URL (.env) must be an http or https URL'],
  [
    'MOORING_ENV=production\nMOORING_ALLOW_LOOPBACK=false\nMOORING_SECRET=0123456789abcdef0123456789abcdef\nTEMPORAL_ADDRESS=t:7233',
    'DATABASE_URL is required in production',
  ],
  ['DATABSE_URL=postgres://db/x', 'DATABSE_URL (.env) is no setting; did you mean DATABASE_URL?'],
  ['MOORING_COLOUR_OF_THE_SKY=blue', 'MOORING_COLOUR_OF_THE_SKY (.env) is no setting: leave it out'],
  [
    'MOORING_PORT=6000',
    'MOORING_PORT (.env) must be a port that browsers connect to, such as 4400: to this one they do not; it is “6000”',
  ],
  ['MOORING_PORT', '.env, line 1: is not NAME=value'],
  ['# fine\nMOORING_MODEL="one\ntwo', '.env, the last lines: a value begins with ", which never closes'],
])('of %j it is said: %s', (line, sentence) => {
  expect(problemsOf(line)).toEqual([`  ${sentence}`]);
});

test('comments, empty lines, exports, quotes over several lines, empty values and names of other programs are fine', () => {
  const lines = ['# MOORING_X=1', '', 'export MOORING_PORT=0', 'A_LONG_VALUE="one', 'no name here', 'end"'];
  expect(problemsOf(...lines, 'MOORING_REGION=', 'HTTPS_PROXY=http://proxy:1', 'MOORING_AGENT_X=1')).toEqual(
    [],
  );
});

test('a mark of the encoding at the beginning is no part of the first name', () => {
  expect(problemsOf('\uFEFFMOORING_REGION=cn')).toEqual([]);
  expect(readSettings(envFile).MOORING_REGION).toBe('cn');
});

test('of a file that is no text three lines are named, and how many more there are', () => {
  const lines = Array.from({ length: 12 }, (_, line) => `\u0001\uFFFD${line}`);
  expect(problemsOf(...lines)).toEqual([
    '  .env, line 1: is not NAME=value',
    '  .env, line 2: is not NAME=value',
    '  .env, line 3: is not NAME=value',
    '  .env, and 9 more lines: is it a text file?',
  ]);
});

test('the ports that are refused are those that fetch refuses', async () => {
  const refused = await Promise.all(
    [...CLOSED_PORTS].map((port) =>
      fetch(`http://127.0.0.1:${port}`).catch((error: Error) => String((error.cause as Error).message)),
    ),
  );
  expect(refused).toEqual([...CLOSED_PORTS].map(() => 'bad port'));
  const { badPorts } = jest.requireActual<{ badPorts: string[] }>('undici/lib/web/fetch/constants');
  expect([...CLOSED_PORTS].map(String)).toEqual(badPorts);
});

test('an unknown name of ours in the environment is told as well, with its place', () => {
  process.env['MOORING_HOTS'] = '0.0.0.0';
  try {
    expect(() => readSettings(envFile)).toThrow(
      'MOORING_HOTS (environment) is no setting; did you mean MOORING_HOST?',
    );
  } finally {
    delete process.env['MOORING_HOTS'];
  }
});

test('a .env that cannot be read says so', () => {
  expect(() => readSettings(folder)).toThrow(
    /cannot be read \(EISDIR.*Make it a file that this account may read/,
  );
});
