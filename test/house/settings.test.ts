import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describeSettings, envExample, withSettingsTable } from '../../dev/env';
import { loadConfig } from '../../lib/config';

test('.env.example is what npm run env writes', () => {
  expect(readFileSync('.env.example', 'utf8')).toBe(envExample(describeSettings()));
});

test("the README's table of settings is what npm run env writes", () => {
  const readme = readFileSync('README.md', 'utf8');
  expect(withSettingsTable(readme, describeSettings())).toBe(readme);
});

test('.env.example, taken as it is, changes nothing', () => {
  const given = parseEnv(readFileSync('.env.example', 'utf8'));
  expect(loadConfig(given)).toEqual(loadConfig({}));
});

test('every setting says what it means, and a length of time ends in _MS', () => {
  for (const { name, meaning } of describeSettings()) {
    expect(meaning).not.toBe('');
    expect(name).toMatch(/^[A-Z][A-Z0-9_]*$/);
  }
  const lengths = describeSettings().filter(({ meaning }) => /^how (long|often)|^longest/.test(meaning));
  expect(lengths.map(({ name }) => name).filter((name) => !name.endsWith('_MS'))).toEqual([]);
});

test('a setting that cannot be used is named with its rule', () => {
  const bad = { ANTHROPIC_BASE_URL: 'not a url', MOORING_SESSION_BUDGET_USDC: '1e3' };
  expect(() => loadConfig(bad)).toThrow(/ANTHROPIC_BASE_URL: must be an http or https URL/);
  expect(() => loadConfig(bad)).toThrow(/MOORING_SESSION_BUDGET_USDC: must be an amount of USDC/);
});
