import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { LedgerActivities } from '../domain/workflows';
import { setPhase } from './phase';

const { proveLedger } = proxyActivities<LedgerActivities>({
  startToCloseTimeout: '30 seconds',
  heartbeatTimeout: '2 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
});

/** The nightly proof of the ledger: begun by its schedule (temporal/schedules.ts), and ends with what was found. */
export async function ledgerProof(): Promise<{ transfers: number; problems: number }> {
  const found = await proveLedger({});
  setCurrentDetails(`${found.transfers} transfers, ${found.problems} problems.`);
  setPhase(found.problems === 0 ? 'whole' : 'wrong');
  return found;
}
