import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { ConfigError, loadConfig, SETTINGS } from '../../lib/config';
import type { Config, SettingProblem } from '../../lib/config';
import { codeOf } from './system-errors';

/** Names that begin like this belong to the stand-ins, the demo agents and the tests, which read them themselves. */
const OTHERS = ['MOORING_STAND_IN_', 'MOORING_AGENT', 'MOORING_MAIL', 'MOORING_TEST_', 'MOORING_BENCH_'];
const SECRET = /SECRET|KEY|PASSWORD|_URL$/;
const MOST_SHOWN = 60;
const MOST_LINES = 3;

/**
 * The settings of `npm start`: of the environment, and of .env for what the environment leaves open. Throws one error
 * that names every line, name and value that cannot be used.
 */
export function readSettings(envFile = '.env'): Config {
  const text = readEnvFile(envFile);
  const lines = text === null ? [] : theFirst(badLines(text));
  const filed = text === null ? {} : parseEnv(text);
  const given: Record<string, string | undefined> = { ...filed, ...process.env };
  const placeOf = (name: string): string => (process.env[name] === undefined ? envFile : 'environment');
  const unknown = Object.keys(given)
    .filter((name) => isMistaken(name, name in filed))
    .map((name) => `${name} (${placeOf(name)}) ${suggestion(name)}`);
  let config: Config | null = null;
  const wrong: string[] = [];
  try {
    config = loadConfig(given);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    wrong.push(...error.problems.map((problem) => inWords(problem, given, placeOf)));
  }
  const problems = [...lines.map((line) => `${envFile}, ${line}`), ...unknown, ...wrong];
  if (config === null || problems.length > 0) {
    throw new Error(
      [
        'Settings cannot be used:',
        ...problems.map((line) => `  ${line}`),
        'Correct them and start again; .env.example has every setting with its default.',
      ].join('\n'),
    );
  }
  for (const [name, value] of Object.entries(filed)) process.env[name] ??= value;
  return config;
}

function readEnvFile(envFile: string): string | null {
  try {
    // Some editors begin a file with a mark of its encoding.
    return readFileSync(envFile, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return null;
    throw new Error(
      `${resolve(envFile)} cannot be read (${code}). Make it a file that this account may read.`,
      { cause: error },
    );
  }
}

/** Lines that are neither empty, a comment, nor NAME=value; inside a value in quotes everything is allowed. */
function badLines(text: string): string[] {
  const bad: string[] = [];
  let quote = '';
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (quote !== '') {
      if (line.includes(quote)) quote = '';
      continue;
    }
    if (/^\s*(#|$)/.test(line)) continue;
    const value = /^\s*(?:export\s+)?[A-Za-z_]\w*\s*=\s*(.*)$/.exec(line)?.[1];
    if (value === undefined) bad.push(`line ${index + 1}: is not NAME=value`);
    else if (/^(["'`])(?!.*\1)/.test(value)) quote = value.charAt(0);
  }
  return quote === '' ? bad : [...bad, `the last lines: a value begins with ${quote}, which never closes`];
}

/** A file that is no text has as many bad lines as it has lines. */
const theFirst = (bad: string[]): string[] =>
  bad.length <= MOST_LINES
    ? bad
    : [...bad.slice(0, MOST_LINES), `and ${bad.length - MOST_LINES} more lines: is it a text file?`];

/** One of ours by its name, or nearly so; in the environment other programs' names may look like the short ones. */
function isMistaken(name: string, filed: boolean): boolean {
  if (name in SETTINGS || OTHERS.some((prefix) => name.startsWith(prefix))) return false;
  return name.startsWith('MOORING_') || (filed && distance(name, nearest(name)) <= 2);
}

const suggestion = (name: string): string => {
  const known = nearest(name);
  const near = distance(name, known) <= Math.max(3, name.length / 3);
  return near ? `is no setting; did you mean ${known}?` : 'is no setting: leave it out';
};

const nearest = (name: string): string =>
  Object.keys(SETTINGS).reduce((best, known) =>
    distance(name, known) < distance(name, best) ? known : best,
  );

/** How many letters must be put in, left out or changed to make one word of the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...to].entries()) {
      const changed = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

function inWords(
  { name, rule }: SettingProblem,
  given: Record<string, string | undefined>,
  placeOf: (name: string) => string,
): string {
  const value = given[name];
  if (value === undefined || value === '') return `${name} ${rule}`;
  const shown = SECRET.test(name) ? '' : `; it is “${value.slice(0, MOST_SHOWN)}”`;
  return `${name} (${placeOf(name)}) ${rule}${shown}`;
}
