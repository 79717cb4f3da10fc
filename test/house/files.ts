import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const NOT_OURS = new Set(['node_modules', 'dist', '.mooring', '.git', 'coverage']);
/** What `npm run new-agent` writes is the person's. */
const THEIRS = 'agents';

/** Every file of the checkout whose name ends so, with `/` between folders. */
export function filesEnding(ending: RegExp, folder = '.'): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      return NOT_OURS.has(entry.name) || path === THEIRS ? [] : filesEnding(ending, path);
    }
    return ending.test(entry.name) ? [path] : [];
  });
}

export const read = (path: string): string => readFileSync(join(process.cwd(), path), 'utf8');

/** What the first group of `pattern` (global) matches in `text`. */
export const all = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].flatMap(([, found]) => (found === undefined ? [] : [found]));
