import { parseArgs } from 'node:util';
import { z } from 'zod';
import { asTyped, folderOf, Keys, readKeys, requireUrl } from './agent-folder';
import { createSend } from './check/exchange';
import { report, unchecked } from './check/finding';
import type { Finding } from './check/finding';
import { checkClosedDoor, checkInvokeRules } from './check/invoke-rules';
import type { InvokeCheck } from './check/invoke-rules';
import { checkOpenRules } from './check/open-rules';

/** `npm run check-agent -- URL`: holds an agent to the contract, rule by rule. Exit code 1 when it breaks one. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      key: { type: 'string' },
      secret: { type: 'string' },
      folder: { type: 'string' },
      action: { type: 'string' },
      arguments: { type: 'string' },
    },
    allowPositionals: true,
  });
  const url = requireUrl(positionals[0]);
  const keys = await keysOf(url, values);
  console.log(`\nThe contract of a service agent, held against ${url}\n`);
  const send = createSend(url);
  const { findings, actions } = await checkOpenRules(send);
  if (actions !== null) findings.push(...(await checkDoor({ send, keys, actions, values })));
  console.log(report(findings));
  process.exitCode = findings.some(({ verdict }) => verdict === 'broken') ? 1 : 0;
}

async function checkDoor({
  keys,
  values,
  ...check
}: Pick<InvokeCheck, 'send' | 'actions'> & {
  keys: Keys | null;
  values: { action?: string; arguments?: string };
}): Promise<Finding[]> {
  if (keys === null) {
    const why = 'give the keys of the agent: --key … --secret whsec_…';
    return [await checkClosedDoor(check.send), unchecked('calls with key and signature', why)];
  }
  const chosen = {
    ...(values.action === undefined ? {} : { action: values.action }),
    ...(values.arguments === undefined ? {} : { arguments: readArguments(values.arguments) }),
  };
  return checkInvokeRules({ ...check, keys, chosen });
}

/** As given, else those in the folder that was given, else those of the agent's own folder. */
async function keysOf(
  url: string,
  given: { key?: string; secret?: string; folder?: string },
): Promise<Keys | null> {
  const { key, secret } = given;
  if (key !== undefined || secret !== undefined) {
    const parsed = Keys.safeParse({ orchestrator_key: key, signing_secret: secret });
    if (parsed.success) return parsed.data;
    throw new Error('Give both: --key <orchestrator_key> and --secret whsec_<base64>.');
  }
  const folder = given.folder === undefined ? await folderOf(url) : asTyped(given.folder);
  const keys = folder === null ? null : readKeys(folder);
  if (keys !== null) console.log(`\nWith the keys in ${folder}.`);
  return keys;
}

function readArguments(text: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    throw new Error('--arguments must be a JSON object, such as \'{"text": "Hello"}\'.');
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
