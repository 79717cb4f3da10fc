import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { asTyped, folderOf, Keys, readKeys, requireUrl, writeKeys } from './agent-folder';
import { checkAgent } from './check/agent';
import { exampleOf } from './check/example';
import { isBroken, report } from './check/finding';
import { signInToDevelopment } from './development';
import type { Development } from './development';
import { plainLine, readArguments, runProgram, say } from './terminal';

const Listing = z.object({
  id: z.string(),
  name: z.string(),
  slug: z.string(),
  status: z.string(),
  owner_id: z.string(),
  base_url: z.string(),
  last_health_status: z.string().nullable(),
  version: z.string(),
  probe: z.object({
    at: z.string().nullable(),
    good: z.boolean().nullable(),
    problem: z.string().nullable(),
  }),
  actions: z.array(
    z.object({
      name: z.string(),
      description: z.string(),
      price_usdc: z.string().nullable(),
      input_schema: z.record(z.string(), z.unknown()),
    }),
  ),
});
type Listing = z.infer<typeof Listing>;
const Found = z.object({ agents: z.array(z.object({ id: z.string(), name: z.string() })) });
const Offer = z.object({ message: z.string().trim().min(1) });
const MESSAGE_LIMIT = 4000;
const USAGE = 'npm run register-agent -- URL [--folder agents/NAME] [--name "Its name"] [--force]';

const PROBE_MS = 20_000;

/**
 * `npm run register-agent -- URL`: lists an agent with the Mooring that runs here, gives it its keys, waits for the
 * probe, and approves it as the test user, who may do that in development only. What check-agent finds stops it,
 * unless it is forced. Run again, it brings the listing up to date.
 */
async function main(): Promise<void> {
  const given = readArguments(USAGE, {
    folder: { type: 'string' },
    name: { type: 'string' },
    force: { type: 'boolean' },
  });
  if (given === null) return;
  const { values } = given;
  const url = requireUrl(given.word);
  const folder = values.folder === undefined ? folderOf(url) : asTyped(values.folder);
  const fields = {
    name: values.name ?? (await nameOf(url)),
    description: await messageOf(url),
    base_url: url,
  };
  const development = await signInToDevelopment();
  done(`signed in to ${development.api} as ${development.email}`);
  if (values.force !== true) await requireKept(url, folder);
  const { listing, keys } = await list(development, fields, folder !== null);
  done(`listed as ${listing.slug}`);
  if (folder === null) say(`  … its keys, for the agent to use:\n${JSON.stringify(keys, null, 2)}`);
  else done(`its keys are in ${writeKeys(folder, keys)}`);
  const probed = await check(development, listing);
  done(
    `probed: ${probed.last_health_status}, it offers ${probed.actions.map(({ name }) => name).join(', ')}`,
  );
  if (probed.status === 'PENDING') {
    const review = { decision: 'approve', reason: 'npm run register-agent', version: probed.version };
    await development.call(`POST /api/admin/agents/${listing.id}/review`, Listing, review);
    done('approved by the test user, who reviews agents in development only');
  }
  say(`\nAsk for it in the chat at ${development.api}, in words such as\n\n  ${question(probed)}\n`);
}

const done = (what: string): void => say(`  ✓ ${plainLine(what)}`);

/** An agent that breaks the contract is found out by the first chat that hires it: better now. */
async function requireKept(url: string, folder: string | null): Promise<void> {
  const broken = (await checkAgent(url, folder === null ? null : readKeys(folder), {})).filter(isBroken);
  if (broken.length > 0) {
    throw new Error(
      `${report(broken)}\n\nIt was not listed. Mend it (npm run check-agent -- ${url}), or list it as it is with --force.`,
    );
  }
  done(`keeps the contract${folder === null ? ', as far as it can be seen without its keys' : ''}`);
}

/** A listing of this person's with that name is brought up to date, with new keys; else a new one is made. */
async function list(
  { call, userId }: Development,
  fields: { name: string; description: string; base_url: string },
  isOwnFolder: boolean,
): Promise<{ listing: Listing; keys: Keys }> {
  const { agents } = await call(`GET /api/agents?per_page=100&q=${encodeURIComponent(fields.name)}`, Found);
  for (const { id } of agents.filter(({ name }) => name === fields.name)) {
    const found = await call(`GET /api/agents/${id}`, Listing);
    if (found.owner_id !== userId || found.status === 'REJECTED') continue;
    // A server may call itself what it likes: only its folder says that it is the same agent at another place.
    if (!isOwnFolder && found.base_url !== fields.base_url) throw new Error(whyNotMoved(found));
    const listing = await call(`PATCH /api/agents/${id}`, Listing, fields);
    return { listing, keys: await call(`POST /api/agents/${id}/rotate-keys`, Keys) };
  }
  const made = await call('POST /api/agents', Listing.extend(Keys.shape), fields);
  return { listing: made, keys: Keys.parse(made) };
}

const whyNotMoved = ({ name, base_url: listed }: Listing): string =>
  `You have listed “${plainLine(name)}” at ${listed}. If this is the same agent, say so with its folder (--folder agents/…); ` +
  'if it is another, give it another name (--name).';

/** Asks for a check and waits for its outcome; what an earlier probe found says nothing of the agent as it is now. */
async function check({ call }: Development, { id, probe: before }: Listing): Promise<Listing> {
  const until = Date.now() + PROBE_MS;
  let listing = await call(`POST /api/agents/${id}/check`, Listing);
  while (listing.probe.at === before.at && Date.now() < until) {
    await pause(300);
    listing = await call(`GET /api/agents/${id}`, Listing);
  }
  const { at, good, problem } = listing.probe;
  if (at === before.at)
    throw new Error('The probe has not come yet: it is not known how the agent is. Try again.');
  if (good === true) return listing;
  throw new Error(
    `${problem ?? 'The probe was not good.'}\nnpm run check-agent says more. Then register it again.`,
  );
}

const Named = z.object({ name: z.string().min(1) });

/** `day-counter`, as its /health says, is called Day counter. */
async function nameOf(url: string): Promise<string> {
  const named = Named.safeParse(await read(`${url}/health`));
  if (!named.success) throw new Error('Say how the agent is to be called: --name "Day counter".');
  const words = named.data.name.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

async function messageOf(url: string): Promise<string> {
  const offer = Offer.safeParse(await read(`${url}/capabilities`));
  if (offer.success && offer.data.message.length <= MESSAGE_LIMIT) return offer.data.message;
  if (offer.success) {
    throw new Error(
      `The message of GET ${url}/capabilities has ${offer.data.message.length} characters, and a listing at most ${MESSAGE_LIMIT}: shorten it.`,
    );
  }
  throw new Error(`GET ${url}/capabilities has no message: npm run check-agent -- ${url} says more.`);
}

async function read(url: string): Promise<unknown> {
  try {
    return await (await fetch(url, { signal: AbortSignal.timeout(3_000) })).json();
  } catch {
    throw new Error(`${url} does not answer in JSON. Does the agent run?`);
  }
}

/** A request that says what the first action does, with an example: "Shifts letters (shift 3): Attack at dawn". */
function question({ actions: [action] }: Listing): string {
  if (action === undefined) return '';
  const values = Object.entries(exampleOf(action.input_schema, 0) ?? {});
  const text = values.find(([, value]) => typeof value === 'string' && value.includes(' '));
  const said = values
    .filter((entry) => entry !== text)
    .map(
      ([name, value]) =>
        `${name.replaceAll('_', ' ')} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
  const [what = ''] = action.description.split(/[:;.]/);
  return `${what}${said.length === 0 ? '' : ` (${said.join(', ')})`}${text === undefined ? '' : `: ${String(text[1])}`}`;
}

runProgram(main);
