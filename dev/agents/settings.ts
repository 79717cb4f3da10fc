import { z } from 'zod';
import { AgentKeys } from './caller';
import { DEMO_AGENTS } from './catalogue';
import type { DemoAgentSlug } from './catalogue';

export interface AgentSettings {
  ports: Record<DemoAgentSlug, number>;
  keys: Record<DemoAgentSlug, AgentKeys>;
  folder: string;
}

const Keys = z.object({ 'text-analyst': AgentKeys, 'table-analyst': AgentKeys });

/** What the supervisor tells the agents. Problems are named by setting and rule, never with the value. */
export function readAgentSettings(env: Record<string, string | undefined>): AgentSettings {
  const folder = env['MOORING_AGENTS_DIR'] ?? '';
  if (folder === '') throw new Error('MOORING_AGENTS_DIR: must name the folder for the agents’ own records');
  return {
    ports: readPorts(env['MOORING_AGENT_PORTS'] ?? ''),
    keys: readKeys(env['MOORING_AGENT_KEYS']),
    folder,
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
function readPorts(text: string): AgentSettings['ports'] {
  const ports: AgentSettings['ports'] = { 'text-analyst': 0, 'table-analyst': 0 };
  for (const part of text.split(',').filter((piece) => piece.trim() !== '')) {
    const [name = '', value = ''] = part.split('=').map((piece) => piece.trim());
    const slug = DEMO_AGENTS.find((agent) => agent.slug === name)?.slug;
    const port = Number(value);
    if (slug === undefined || value === '' || !Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new Error('MOORING_AGENT_PORTS: must be <agent>=<port>, comma separated, with known agents');
    }
    ports[slug] = port;
  }
  return ports;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
