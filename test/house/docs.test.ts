import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { LISTING_EDGES } from '../../domain/agent';
import { SOCKET_TIMES } from '../../api/socket/timings';
import { ERRORS } from '../../domain/errors';
import { CLOSE_CODES, SOCKET_LIMITS } from '../../domain/frames';
import { PAYMENT_EDGES } from '../../domain/payment';
import { TASK_EDGES } from '../../domain/task';
import { SEARCH_ATTRIBUTES } from '../../temporal/search-attributes';
import { all, filesEnding, read } from './files';

const pages = [...filesEnding(/\.md$/, 'docs'), 'README.md', 'CONTRIBUTING.md'];
const scripts = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(read('package.json'))).scripts;

test('every npm command that a page names exists', () => {
  const named = pages.flatMap((page) => all(read(page), /npm run ([\w:-]+)/g));
  const short = pages.flatMap((page) => all(read(page), /npm (start|test)\b/g));
  expect(named.length).toBeGreaterThan(3);
  expect([...named, ...short].filter((name) => scripts[name] === undefined)).toEqual([]);
});

test('every link of a page to a file of the checkout leads somewhere', () => {
  const dead = pages.flatMap((page) =>
    all(read(page), /\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)
      .filter((to) => !existsSync(join(dirname(page), to)))
      .map((to) => `${page}: ${to}`),
  );
  expect(dead).toEqual([]);
});

/** The rows of a page's tables that begin with a word in back quotes. */
const rows = (page: string): string[] => all(read(page), /^(\| `.*\|)$/gm);

test('docs/errors.md has every error code with its status, and no other', () => {
  const wished = Object.entries(ERRORS).map(
    ([code, { status, retryable }]) => `| \`${code}\` | ${status} | ${retryable ? 'yes' : 'no'} |`,
  );
  const found = rows('docs/errors.md').map((row) => row.split('|').slice(0, 4).join('|') + '|');
  expect(found.sort()).toEqual(wished.sort());
});

test('docs/api.md has every call that the server takes, and no other', () => {
  const routes = filesEnding(/\.ts$/, 'api/routes')
    .map(read)
    .flatMap((text) => [...text.matchAll(/\brouter\.(get|post|put|patch|delete)\(\s*'([^']+)'/g)])
    .map(([, method = '', path = '']) => `${method.toUpperCase()} ${path}`);
  expect(routes.length).toBeGreaterThan(20);
  expect(all(read('docs/api.md'), /^\| `([A-Z]+ \/[^`]*)` \|/gm).sort()).toEqual(routes.sort());
});

test('docs/frames.md has every close code as the server has it', () => {
  const wished = Object.entries(CLOSE_CODES).map(
    ([code, { meaning, reconnect }]) => `| \`${code}\` | ${meaning} | ${reconnect} |`,
  );
  expect(rows('docs/frames.md').filter((row) => /^\| `\d/.test(row))).toEqual(wished);
});

test('docs/frames.md has every limit and every time of a socket as the server has it', () => {
  const wished = [
    ...Object.entries(SOCKET_LIMITS).map(
      ([name, { limit, meaning }]) => `| \`${name}\` | ${limit} | ${meaning} |`,
    ),
    ...Object.entries(SOCKET_TIMES).map(([name, { ms, meaning }]) => `| \`${name}\` | ${ms} | ${meaning} |`),
  ];
  expect(rows('docs/frames.md').filter((row) => /^\| `[a-z]/.test(row))).toEqual(wished);
});

test('docs/frames.md names every frame type, and none that does not exist', () => {
  const types = all(read('domain/frames.ts'), /\btype: ((?:'[A-Z_]+'(?: \| )?)+)/g);
  const wished = new Set(types.flatMap((union) => all(union, /'([A-Z_]+)'/g)));
  const found = new Set(all(read('docs/frames.md'), /^\| `([A-Z_]+)` \|/gm));
  expect(wished.size).toBeGreaterThan(15);
  expect([...found].sort()).toEqual([...wished].sort());
});

test('docs/states.md has the edges of tasks, payments and listings as the code has them', () => {
  const machines: Record<string, readonly string[]>[] = [TASK_EDGES, PAYMENT_EDGES, LISTING_EDGES];
  const tables = machines.flatMap((edges) => Object.entries(edges));
  const wished = tables.map(
    ([from, to]) => `| \`${from}\` | ${to.length === 0 ? 'an end' : to.join(', ')} |`,
  );
  expect(rows('docs/states.md')).toEqual(wished);
});

test('docs/operations.md names the six search attributes', () => {
  const names = Object.values(SEARCH_ATTRIBUTES).map(({ name }) => name);
  expect(names).toHaveLength(6);
  expect(names.filter((name) => !read('docs/operations.md').includes(`\`${name}\``))).toEqual([]);
});

test('every setting, failpoint and metric that a page names in capitals or with our prefix exists', () => {
  const known = filesEnding(/\.(ts|mjs|js|sql)$/)
    .map(read)
    .join('\n');
  const named = pages.flatMap((page) => all(read(page), /`((?:MOORING|mooring)_[A-Za-z_]+)[^`]*`/g));
  expect([...new Set(named)].filter((name) => !known.includes(name))).toEqual([]);
});

test('every proof that the threat model names is a test', () => {
  const sources = filesEnding(/\.test\.ts$/, 'test')
    .map(read)
    .join('\n');
  const proofs = all(read('docs/threat-model.md'), /“([^”]+)”/g);
  expect(proofs.length).toBeGreaterThan(20);
  expect(proofs.filter((name) => !sources.includes(`'${name}'`))).toEqual([]);
});
