import { storeKeys } from '../db/agents';
import { createDatabase } from '../db/database';
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
        const [agent] = await tx.query<{ id: string }>(
          `insert into agents (id, kind, owner_id, slug, name, description, categories, tags, base_url, status)
           values ($1, 'service', $2, $3, $4, $5, $6, $7, $8, 'ACTIVE')
           on conflict (slug) do update
             set name = excluded.name, description = excluded.description, categories = excluded.categories,
                 tags = excluded.tags, base_url = excluded.base_url, offer = null, last_health_check_at = null
           returning id`,
          [
            newId('agt'),
            owner.id,
            listing.slug,
            listing.name,
            listing.description,
            listing.categories,
            listing.tags,
            running.base_url,
          ],
        );
        if (agent === undefined) throw new Error(`${running.name} is neither new nor known`);
        await storeKeys(tx, agent.id, {
          orchestratorKey: seal.seal(running.orchestrator_key),
          signingSecret: seal.seal(running.signing_secret),
        });
      }
    });
  } finally {
    await db.close();
  }
}
