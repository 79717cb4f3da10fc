import { z } from 'zod';
import { AgentKeys } from './caller';
import { DEMO_AGENTS } from './catalogue';
import type { DemoAgentSlug } from './catalogue';

export interface AgentSettings {
  ports: Record<DemoAgentSlug, number>;
  mailboxPorts: { smtp: number; http: number };
  keys: Record<DemoAgentSlug, AgentKeys>;
  folder: string;
  mailFolder: string;
}

const SLUGS = DEMO_AGENTS.map(({ slug }) => slug);
const Keys = z.record(z.enum(SLUGS), AgentKeys);

/** What the supervisor tells the agents. Problems are named by setting and rule, never with the value. */
export function readAgentSettings(env: Record<string, string | undefined>): AgentSettings {
  const folder = env['MOORING_AGENTS_DIR'] ?? '';
  if (folder === '') throw new Error('MOORING_AGENTS_DIR: must name the folder for the agents’ own records');
  const mailFolder = env['MOORING_MAIL_DIR'] ?? '';
  if (mailFolder === '') throw new Error('MOORING_MAIL_DIR: must name the folder of the development mailbox');
  return {
    ports: readPorts('MOORING_AGENT_PORTS', env, SLUGS),
    mailboxPorts: readPorts('MOORING_MAILBOX_PORTS', env, ['smtp', 'http']),
    keys: readKeys(env['MOORING_AGENT_KEYS']),
    folder,
    mailFolder,
  };
}

function readKeys(text: string | undefined): AgentSettings['keys'] {
  const parsed = Keys.safeParse(parseJson(text ?? ''));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Error(
    `MOORING_AGENT_KEYS: ${issue?.path.map(String).join('.') || 'JSON'}: ${issue?.message ?? ''}`,
  );
}

/** `text-analyst=4501,table-analyst=4502`; what is left out, or 0, the system chooses. */
function readPorts<Name extends string>(
  setting: string,
  env: Record<string, string | undefined>,
  names: readonly Name[],
): Record<Name, number> {
  const given = (env[setting] ?? '').split(',').filter((part) => part.trim() !== '');
  const ports = given.map((part) => {
    const [wished = '', value = ''] = part.split('=').map((piece) => piece.trim());
    const name = names.find((known) => known === wished);
    const port = Number(value);
    if (name === undefined || value === '' || !Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new Error(`${setting}: must be <name>=<port>, comma separated, of ${names.join(', ')}`);
    }
    return [name, port];
  });
  const none = names.map((name) => [name, 0]);
  return Object.fromEntries([...none, ...ports]) as Record<Name, number>;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
