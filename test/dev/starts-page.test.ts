import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

test('docs/starts.md quotes what the start really says', () => {
  const sources = ['dev', 'db', 'lib']
    .flatMap((zone) =>
      readdirSync(zone, { recursive: true, encoding: 'utf8' }).map((name) => join(zone, name)),
    )
    .filter((path) => /\.(ts|mjs)$/.test(path))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
  const quoted = [...readFileSync('docs/starts.md', 'utf8').matchAll(/“([^”]+)”/g)].map(
    ([, words]) => words ?? '',
  );
  expect(quoted.length).toBeGreaterThan(30);
  expect(quoted.filter((words) => !sources.includes(words))).toEqual([]);
});
