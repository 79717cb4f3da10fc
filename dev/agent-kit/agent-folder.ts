import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { CLOSED_PORTS } from '../../lib/closed-ports';

/** Programs run at the checkout's root (dev/setup.mjs sees to it). */
export const AGENTS = 'agents';
export const TEMPLATE = join('dev', 'agent-kit', 'template');

const SLUG = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const NAME_LIMIT = 40;
/** Names of devices, which no folder of Windows may have. */
const DEVICE = /^(con|prn|aux|nul|(com|lpt)\d)$/;

/** The name of an agent is the name of its folder and the slug of its listing. */
export function requireName(name: string | undefined): string {
  if (name !== undefined && DEVICE.test(name)) {
    throw new Error(
      `“${name}” cannot be the name of an agent: Windows keeps it for a device. Choose another.`,
    );
  }
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

const Listens = z.object({ url: z.url(), pid: z.number().int().positive() });
const LOOPBACK = /^(127\.0\.0\.1|\[::1\])$/;

/**
 * The folder of the agent of this checkout that answers there, or null. What the server calls itself counts for
 * nothing, anyone may say a name: the agent's own process has written into its folder where it listens.
 */
export function folderOf(url: string): string | null {
  const { origin, hostname } = new URL(url);
  if (!LOOPBACK.test(hostname) || !existsSync(AGENTS)) return null;
  const folders = readdirSync(AGENTS).map((name) => join(AGENTS, name));
  return folders.find((folder) => listensAt(folder) === origin) ?? null;
}

/** Where the agent of a folder listens, while its process runs and is ours. */
function listensAt(folder: string): string | null {
  try {
    const { url, pid } = Listens.parse(JSON.parse(readFileSync(join(folder, 'listens.json'), 'utf8')));
    process.kill(pid, 0);
    return new URL(url).origin;
  } catch {
    return null;
  }
}

/** `http://127.0.0.1:4500/` as `http://127.0.0.1:4500`. */
export function requireUrl(text: string | undefined): string {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new Error('Say where the agent answers, for example http://127.0.0.1:4500');
  }
  if (/[?#]/.test(text ?? '') || url.username !== '' || url.password !== '') {
    throw new Error(
      'The address of an agent has no query, no fragment and no password, for example http://127.0.0.1:4500',
    );
  }
  if (CLOSED_PORTS.has(Number(url.port || NaN))) {
    throw new Error(
      `Port ${url.port} is one that browsers and fetch refuse to connect to. Let the agent listen on another, such as 4500.`,
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
