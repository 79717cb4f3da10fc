import { storeKeys } from '../db/agents';
import { createDatabase } from '../db/database';
import type { Tx } from '../db/database';
import { createPool } from '../db/pool';
import { findOrOpenAccount } from '../db/users';
import { SYSTEM } from '../domain/principal';
import { newId } from '../lib/ids';
import { createSeal } from '../lib/seal';
import { DEMO_AGENTS } from './agents/catalogue';

/** What the demo needs in the database: the owner of the demo agents, and the agents as they listen now. */
export interface SeedInput {
  databaseUrl: string;
  region: string;
  secret: string;
  agents: { name: string; base_url: string; orchestrator_key: string; signing_secret: string }[];
}

const OWNER = 'agents@mooring.local';

/** Lists the demo agents, or brings their listing up to date. Run at each start, it changes nothing else. */
export async function seed({ databaseUrl, region, secret, agents }: SeedInput): Promise<void> {
  const db = createDatabase({ pool: createPool(databaseUrl, 1), region, onCommit: () => undefined });
  const seal = createSeal(secret);
  try {
    await db.withTx(SYSTEM, 'demo.seed', async (tx) => {
      const { user: owner } = await findOrOpenAccount(tx, OWNER);
      for (const running of agents) {
        const listing = DEMO_AGENTS.find(({ slug }) => slug === running.name);
        if (listing === undefined) throw new Error(`no listing for the agent ${running.name}`);
        const id = await list(tx, { ...listing, owner_id: owner.id, base_url: running.base_url });
        await storeKeys(tx, id, {
          orchestratorKey: seal.seal(running.orchestrator_key),
          signingSecret: seal.seal(running.signing_secret),
        });
      }
    });
  } finally {
    await db.close();
  }
}

type DemoListing = (typeof DEMO_AGENTS)[number] & { owner_id: string; base_url: string };

/** Under its slug, or with a number behind it when that is the listing of somebody else, which stays theirs. */
async function list(tx: Tx, listing: DemoListing): Promise<string> {
  for (let number = 1; ; number += 1) {
    const [agent] = await tx.query<{ id: string }>(
      `insert into agents (id, kind, owner_id, slug, name, description, categories, tags, base_url, pricing_summary,
                           status)
       values ($1, 'service', $2, $3, $4, $5, $6, $7, $8, $9, 'ACTIVE')
       on conflict (slug) do update
         set name = excluded.name, description = excluded.description, categories = excluded.categories,
             tags = excluded.tags, base_url = excluded.base_url, pricing_summary = excluded.pricing_summary,
             offer = null, last_health_check_at = null
         where agents.owner_id = excluded.owner_id
       returning id`,
      [
        newId('agt'),
        listing.owner_id,
        number === 1 ? listing.slug : `${listing.slug}-${number}`,
        listing.name,
        listing.description,
        listing.categories,
        listing.tags,
        listing.base_url,
        listing.pricing_summary,
      ],
    );
    if (agent !== undefined) return agent.id;
  }
}
