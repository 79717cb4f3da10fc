import { openBreaker, probeNow } from '../../db/breakers';
import type { Database } from '../../db/database';
import { markListingSeen, monitoredListing, recordProbe } from '../../db/listings';
import type { Listing, ProbeFinding } from '../../db/listings';
import { isMonitored } from '../../domain/agent';
import { MooringError } from '../../domain/errors';
import { SYSTEM } from '../../domain/principal';
import type { AgentActivities } from '../../domain/workflows';
import { failpoint } from '../../lib/failpoints';
import type { GuardedHttp } from '../../lib/guarded-http';
import { activity } from '../activity';
import { askHealth, fetchOffer } from './service-agent';

export interface MonitorDeps {
  db: Database;
  http: GuardedHttp;
  healthTimeoutMs: number;
  /** waits between the tries of a probe that is not good */
  delaysMs: number[];
  /** from a failed check of an agent until its first probe */
  breakerWaitMs: number;
}

export function createListingActivities(deps: MonitorDeps): Pick<AgentActivities, 'probeAgent'> {
  const { db, delaysMs } = deps;
  return {
    probeAgent: activity('probeAgent', async ({ agentId, attempt }) => {
      const listing = await db.withTx(SYSTEM, 'listing.open-probe', async (tx) => {
        const read = await monitoredListing(tx, agentId);
        if (!isMonitored(read.status)) await markListingSeen(tx, read);
        return read;
      });
      if (!isMonitored(listing.status)) return { kind: 'closed', status: listing.status };
      failpoint('probe', 'before');
      const found = await probe(deps, listing);
      failpoint('probe', 'answered');
      await db.withTx(SYSTEM, 'listing.record-probe', async (tx) => {
        const status = await recordProbe(tx, listing, found);
        // One that is down is not called; one that is well is called at once. Not ready is neither.
        if (found.health === 'unhealthy' && status === 'ACTIVE') {
          await openBreaker(tx, agentId, deps.breakerWaitMs);
        } else if (found.problem === null && status !== null) await probeNow(tx, agentId);
      });
      const retryInMs = found.problem === null ? null : (delaysMs[attempt - 1] ?? null);
      return { kind: 'probed', seen: listing.wakeVersion, retryInMs };
    }),
  };
}

/** Health first, then the terms; what is wrong is said in a sentence for its owner. Never throws for the agent's faults. */
async function probe({ http, healthTimeoutMs }: MonitorDeps, { baseUrl }: Listing): Promise<ProbeFinding> {
  const { health, version, problem } = await askHealth(http, baseUrl, healthTimeoutMs);
  if (problem !== null) return { health, version, offer: null, problem };
  try {
    const { offer } = await fetchOffer(http, baseUrl, healthTimeoutMs);
    return { health, version, offer, problem: null };
  } catch (error) {
    if (!(error instanceof MooringError)) throw error;
    return { health, version, offer: null, problem: `GET /capabilities: ${error.message}` };
  }
}
