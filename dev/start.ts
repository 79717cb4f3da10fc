import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readRunFile } from './run-file';
import { AlreadyRunning } from './supervisor/claim';
import { runMachine } from './supervisor/run';
import { readSettings } from './supervisor/settings';
import { inWords } from './supervisor/system-errors';

let dataDir = '';

/** `npm start`: brings up all that makes one machine enough, keeps it running, and takes it down again. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { fresh: { type: 'boolean' }, yes: { type: 'boolean' } } });
  const config = readSettings();
  dataDir = resolve(config.MOORING_DATA_DIR);
  await runMachine({ config, dataDir, fresh: values.fresh === true, yes: values.yes === true });
}

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
