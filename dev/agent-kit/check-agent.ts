import { z } from 'zod';
import { asTyped, folderOf, Keys, readKeys, requireUrl } from './agent-folder';
import { checkAgent } from './check/agent';
import { isBroken, report } from './check/finding';
import type { Chosen } from './check/invoke-rules';
import { readArguments, runProgram, say } from './terminal';

const USAGE =
  'npm run check-agent -- URL [--folder agents/NAME | --key KEY --secret whsec_…] [--action NAME] [--arguments JSON]';
const OPTIONS = {
  key: { type: 'string' },
  secret: { type: 'string' },
  folder: { type: 'string' },
  action: { type: 'string' },
  arguments: { type: 'string' },
} as const;

/** `npm run check-agent -- URL`: holds an agent to the contract, rule by rule. Exit code 1 when it breaks one. */
async function main(): Promise<void> {
  const given = readArguments(USAGE, OPTIONS);
  if (given === null) return;
  const url = requireUrl(given.word);
  const keys = keysOf(url, given.values);
  say(`\nThe contract of a service agent, held against ${url}\n`);
  const findings = await checkAgent(url, keys, chosenBy(given.values));
  say(report(findings));
  process.exitCode = findings.some(isBroken) ? 1 : 0;
}

function chosenBy({ action, arguments: args }: { action?: string; arguments?: string }): Chosen {
  return {
    ...(action === undefined ? {} : { action }),
    ...(args === undefined ? {} : { arguments: readJson(args) }),
  };
}

/** As given, else those in the folder that was given, else those of the agent's own folder. */
function keysOf(url: string, given: { key?: string; secret?: string; folder?: string }): Keys | null {
  const { key, secret } = given;
  if (key !== undefined || secret !== undefined) {
    const parsed = Keys.safeParse({ orchestrator_key: key, signing_secret: secret });
    if (parsed.success) return parsed.data;
    throw new Error('Give both: --key <orchestrator_key> and --secret whsec_<base64>.');
  }
  const folder = given.folder === undefined ? folderOf(url) : asTyped(given.folder);
  const keys = folder === null ? null : readKeys(folder);
  if (keys !== null) say(`\nWith the keys in ${folder}.`);
  return keys;
}

function readJson(text: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    throw new Error('--arguments must be a JSON object, such as \'{"text": "Hello"}\'.');
  }
}

runProgram(main);
