import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { SETTINGS } from '../lib/config';

const Described = z.record(
  z.string(),
  z.object({ description: z.string(), default: z.union([z.string(), z.number(), z.boolean()]).optional() }),
);

export interface Setting {
  name: string;
  /** as it is written in the environment; empty when the setting is absent by default */
  fallback: string;
  meaning: string;
}

/** The settings as lib/config.ts declares them, in its order. */
export function describeSettings(): Setting[] {
  const { properties } = z.toJSONSchema(z.object(SETTINGS), { io: 'input' });
  return Object.entries(Described.parse(properties)).map(([name, setting]) => ({
    name,
    fallback: String(setting.default ?? ''),
    meaning: setting.description,
  }));
}

export function envExample(settings: Setting[]): string {
  const lines = settings.map(({ name, fallback, meaning }) => `# ${meaning}\n${name}=${fallback}\n`);
  return [
    '# Every setting with its default; an empty value counts as absent. `npm start` reads .env beside this file.',
    '# Written from lib/config.ts by `npm run env`.',
    '',
    ...lines,
  ].join('\n');
}

const BEGIN = '<!-- settings: written by `npm run env` -->';
const END = '<!-- end of settings -->';

/** The README with a new table of settings between its two markers. */
export function withSettingsTable(readme: string, settings: Setting[]): string {
  const from = readme.indexOf(BEGIN);
  const to = readme.indexOf(END);
  if (from < 0 || to < from) throw new Error(`README.md has no ${BEGIN} … ${END}`);
  const rows = settings.map(({ name, fallback, meaning }) => {
    const shown = fallback === '' ? '' : `\`${fallback}\``;
    return `| \`${name}\` | ${shown} | ${cell(meaning)} |`;
  });
  const table = ['| Setting | Default | Meaning |', '|---|---|---|', ...rows].join('\n');
  return `${readme.slice(0, from)}${BEGIN}\n${table}\n${readme.slice(to)}`;
}

const cell = (text: string): string =>
  text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** `npm run env` */
function main(): void {
  const settings = describeSettings();
  writeFileSync('.env.example', envExample(settings));
  writeFileSync('README.md', withSettingsTable(readFileSync('README.md', 'utf8'), settings));
}

if (require.main === module) main();
