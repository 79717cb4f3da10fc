import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const Pid = z.number().int().positive().optional();

/** `.mooring/run.json`: where everything is while it runs. A part that we did not start has no pid. */
export const RunFile = z.object({
  version: z.string(),
  started_at: z.string(),
  api: z.url(),
  temporal: z.string(),
  temporal_ui: z.url().optional(),
  database_url: z.string(),
  /** `stand-in`, or the name of the model that is asked. */
  model: z.string(),
  agents: z.array(z.object({ name: z.string(), base_url: z.url() })),
  pids: z.object({
    supervisor: z.number().int().positive(),
    platform: Pid,
    postgres: Pid,
    temporal: Pid,
    model: Pid,
    agents: Pid,
  }),
});
export type RunFile = z.infer<typeof RunFile>;

const pathIn = (dataDir: string): string => join(dataDir, 'run.json');

/** What runs on the data folder, or null when nothing does. */
export function readRunFile(dataDir: string): RunFile | null {
  try {
    return RunFile.parse(JSON.parse(readFileSync(pathIn(dataDir), 'utf8')));
  } catch {
    return null;
  }
}

/** Replaces the file at once, so that nobody reads half of it. It holds a password: only its owner may read it. */
export function writeRunFile(dataDir: string, content: RunFile): void {
  const path = pathIn(dataDir);
  writeFileSync(`${path}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export const removeRunFile = (dataDir: string): void => rmSync(pathIn(dataDir), { force: true });
