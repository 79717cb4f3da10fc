import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readRunFile } from '../run-file';
import { AlreadyRunning } from './claim';
import { runMachine } from './run';
import type { OpenBeside } from './run';
import { readSettings } from './settings';
import { inWords } from './system-errors';

/** The whole of a program that keeps a machine running: flags, settings, and what it says and exits with in the end. */
export function runCommand(beside?: OpenBeside): void {
  let dataDir = '';
  const main = async (): Promise<void> => {
    const { values } = parseArgs({ options: { fresh: { type: 'boolean' }, yes: { type: 'boolean' } } });
    const config = readSettings();
    dataDir = resolve(config.MOORING_DATA_DIR);
    const flags = { fresh: values.fresh === true, yes: values.yes === true };
    await runMachine({ config, dataDir, ...flags, ...(beside && { beside }) });
  };
  // A terminal that went away must not end us before the children.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  main().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(`\n${inWords(error, dataDir)}`);
      if (error instanceof AlreadyRunning) {
        const run = readRunFile(dataDir);
        if (run !== null)
          console.error(`It is at ${run.api}; stop it there with Ctrl-C, or: kill ${error.pid}`);
      }
      process.exit(1);
    },
  );
}
