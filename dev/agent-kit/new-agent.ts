import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { newAgentKeys } from '../../lib/agent-keys';
import { AGENTS, asTyped, requireName, TEMPLATE, writeKeys } from './agent-folder';
import { readArguments, runProgram, say } from './terminal';

const FILES = ['agent.mjs', 'agent.test.mjs'];
const SAMPLE = 'sample-agent';
const USAGE = 'npm run new-agent -- NAME [--folder FOLDER]';

/** `npm run new-agent -- name`: a folder with an agent in one file, its test and its keys. Overwrites nothing. */
function main(): void {
  const given = readArguments(USAGE, { folder: { type: 'string' } });
  if (given === null) return;
  const { word, values } = given;
  const name = requireName(word);
  const folder = values.folder === undefined ? join(AGENTS, name) : asTyped(values.folder);
  if (existsSync(folder)) throw new Error(`${folder} is there already; nothing was changed.`);
  mkdirSync(dirname(folder), { recursive: true });
  // Fails when somebody else made it meanwhile.
  mkdirSync(folder);
  for (const file of FILES) {
    writeFileSync(join(folder, file), readFileSync(join(TEMPLATE, file), 'utf8').replaceAll(SAMPLE, name));
  }
  // Keys of its own, so that it can be checked before it is registered.
  writeKeys(folder, newAgentKeys());
  writeFileSync(join(folder, '.gitignore'), 'keys.json\nanswers.jsonl\nlistens.json\n');
  const near = relative(process.cwd(), folder);
  const shown = near.startsWith('..') ? folder : near;
  say(`
${shown}/agent.mjs is an agent that counts working days. Its upper part is yours to change; the lower part keeps the
contract.

  node --test ${shown}/agent.test.mjs                  its test
  node ${shown}/agent.mjs                              runs it; it says where
  npm run check-agent -- http://127.0.0.1:4500         holds it to the contract
  npm run register-agent -- http://127.0.0.1:4500      lists it, while npm start runs
`);
}

runProgram(main);
