import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';

/** Programs run at the checkout's root (dev/setup.mjs sees to it). */
export const AGENTS = 'agents';
export const TEMPLATE = join('dev', 'agent-kit', 'template');

const SLUG = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const NAME_LIMIT = 40;

/** The name of an agent is the name of its folder and the slug of its listing. */
export function requireName(name: string | undefined): string {
  if (name !== undefined && SLUG.test(name) && name.length <= NAME_LIMIT) return name;
  throw new Error(
    `${name === undefined ? 'Say how the agent is called' : `“${name}” cannot be the name of an agent`}: ` +
      `small letters, digits and single hyphens, a letter first, at most ${NAME_LIMIT}. For example hello-world.`,
  );
}

/** A path that a person typed means the folder they stand in; npm has gone to the checkout's root meanwhile. */
export const asTyped = (path: string): string => resolve(process.env['INIT_CWD'] ?? process.cwd(), path);

export const Keys = z.object({
  orchestrator_key: z.string().min(1),
  signing_secret: z.string().regex(/^whsec_[A-Za-z0-9+/]+=*$/, 'must be whsec_ and base64'),
});
export type Keys = z.infer<typeof Keys>;

const keysFile = (folder: string): string => join(folder, 'keys.json');

/** The keys in an agent's folder, or null when it has none. */
export function readKeys(folder: string): Keys | null {
  if (!existsSync(keysFile(folder))) return null;
  try {
    return Keys.parse(JSON.parse(readFileSync(keysFile(folder), 'utf8')));
  } catch (cause) {
    throw new Error(`${keysFile(folder)} does not hold orchestrator_key and signing_secret (whsec_…).`, {
      cause,
    });
  }
}

/** Replaces the keys at once, so that an agent that reads them for a call never reads half. */
export function writeKeys(folder: string, keys: Keys): string {
  const path = keysFile(folder);
  writeFileSync(`${path}.new`, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return path;
}

const Named = z.object({ name: z.string().regex(SLUG).max(NAME_LIMIT) });

/** The folder of the agent that answers there, by the name that its /health says; null when it says none of ours. */
export async function folderOf(url: string): Promise<string | null> {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(3_000) });
    const folder = join(AGENTS, Named.parse(await answer.json()).name);
    return existsSync(folder) ? folder : null;
  } catch {
    return null;
  }
}

/** `http://127.0.0.1:4500/` as `http://127.0.0.1:4500`. */
export function requireUrl(text: string | undefined): string {
  if (text !== undefined && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) {
    return text.replace(/\/+$/, '');
  }
  throw new Error('Say where the agent answers, for example http://127.0.0.1:4500');
}
