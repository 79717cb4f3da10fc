import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { QUEUES } from '../domain/workflows';
import { SEARCH_ATTRIBUTES } from './search-attributes';

export const LEDGER_PROOF = 'ledger-proof';

/** The schedules that the platform lives by. One that is there stays as it is, so that an operator may pause or move it. */
export async function openSchedules(client: Client, region: string): Promise<void> {
  try {
    await client.schedule.create({
      scheduleId: LEDGER_PROOF,
      spec: { calendars: [{ hour: 3, minute: 17, comment: 'at night, in UTC' }] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 day' },
      action: {
        type: 'startWorkflow',
        workflowType: 'ledgerProof',
        workflowId: `${LEDGER_PROOF}/nightly`,
        taskQueue: QUEUES.ledgerProof,
        args: [],
        workflowTaskTimeout: '3 seconds',
        typedSearchAttributes: new TypedSearchAttributes([
          { key: SEARCH_ATTRIBUTES.region, value: region },
          { key: SEARCH_ATTRIBUTES.phase, value: 'open' },
        ]),
      },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
