import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { AuditActivities } from '../domain/workflows';
import { setPhase } from './phase';

const { sealAudit } = proxyActivities<AuditActivities>({
  startToCloseTimeout: '30 seconds',
  heartbeatTimeout: '2 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
});

/** The hourly seal of the audit log: begun by its schedule (temporal/schedules.ts), and ends with what was sealed. */
export async function auditSeal(): Promise<{ rows: number; seals: number }> {
  const done = await sealAudit({});
  setCurrentDetails(`${done.rows} rows in ${done.seals} seals.`);
  setPhase('sealed');
  return done;
}
