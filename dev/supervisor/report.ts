import { join } from 'node:path';
import type { Config } from '../../lib/config';
import type { Machine } from './parts';

export const say = (line: string): void => console.log(`  ${line}`);

/** For what happens while it runs: with the time of day. */
export const sayWithTime = (line: string): void => say(`${new Date().toISOString().slice(11, 19)} ${line}`);

/** A length of time since a moment of `performance.now()`, which no set clock changes. */
export const seconds = (from: number): string => `${((performance.now() - from) / 1000).toFixed(1)} s`;

/** One line for each step, with its time. */
export async function step<T>(work: () => Promise<T>, label: (value: T) => string): Promise<void> {
  const from = performance.now();
  const value = await work();
  say(`✓ ${label(value)} (${seconds(from)})`);
}

export const usesStandIn = (config: Config): boolean =>
  config.ANTHROPIC_API_KEY === undefined && config.ANTHROPIC_BASE_URL === undefined;

/** What is told once everything is up; `page` is where the chat page is to be opened. */
export function readyWords({ config, dataDir, places }: Machine, page: string): string {
  const model = usesStandIn(config)
    ? `the stand-in, which uses no language model; for Claude put ANTHROPIC_API_KEY=… into .env and start again`
    : `${config.MOORING_MODEL}${config.ANTHROPIC_BASE_URL === undefined ? '' : ` at ${config.ANTHROPIC_BASE_URL}`}`;
  return [
    '',
    // Time zero is the begin of this process: the set-up ran in it too.
    `Mooring is ready (${seconds(0)}).`,
    '',
    `  Chat page    ${page}`,
    ...(places.temporalUi === undefined ? [] : [`  Temporal UI  ${places.temporalUi}`]),
    `  Model        ${model}`,
    ...(config.MOORING_ALLOW_LOOPBACK
      ? ['  Agents       may run at this machine: for development (MOORING_ALLOW_LOOPBACK=false ends it)']
      : []),
    `  Data         ${dataDir} (logs in ${join(dataDir, 'logs')}; npm start -- --fresh begins with empty data)`,
    '  Stop         Ctrl-C',
    '',
  ].join('\n');
}
