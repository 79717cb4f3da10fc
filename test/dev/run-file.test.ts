import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRunFile, removeRunFile, writeRunFile } from '../../dev/run-file';

test('the run file is whole or absent, for its owner only, and gone after the stop', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'mooring-run-'));
  const content = {
    version: '0.1.0',
    started_at: new Date(0).toISOString(),
    api: 'http://127.0.0.1:4400',
    temporal: '127.0.0.1:7233',
    database_url: 'postgres://127.0.0.1/mooring',
    model: 'stand-in',
    agents: [{ name: 'text-analyst', base_url: 'http://127.0.0.1:4411' }],
    pids: { supervisor: 1, platform: 2 },
  };
  expect(readRunFile(dataDir)).toBeNull();
  writeRunFile(dataDir, content);
  expect(readRunFile(dataDir)).toEqual(content);
  const tomorrow = { ...content, started_at: new Date(Date.now() + 86_400_000).toISOString() };
  writeRunFile(dataDir, tomorrow); // by a clock that has been set back since
  expect(readRunFile(dataDir)).toEqual(tomorrow);
  expect(statSync(join(dataDir, 'run.json')).mode & 0o777).toBe(0o600);
  expect(readdirSync(dataDir)).toEqual(['run.json']);

  writeFileSync(join(dataDir, 'run.json'), '{"version": "0.1');
  expect(readRunFile(dataDir)).toBeNull();
  removeRunFile(dataDir);
  expect(readdirSync(dataDir)).toEqual([]);
  rmSync(dataDir, { recursive: true });
});
