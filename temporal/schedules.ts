import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import type { CalendarSpec, Client } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { QUEUES } from '../domain/workflows';
import { SEARCH_ATTRIBUTES } from './search-attributes';

interface Schedule {
  workflow: 'auditSeal' | 'ledgerProof';
  workflowId: string;
  at: CalendarSpec;
  /** after a stop, what was due within so long is made up for */
  catchUp: '1 hour' | '1 day';
}

/** The schedules that the platform lives by, by their ids. */
export const SCHEDULES: Record<'audit-seal' | 'ledger-proof', Schedule> = {
  // One seal is over all that was not sealed: of the hours that were missed one is enough.
  'audit-seal': {
    workflow: 'auditSeal',
    workflowId: 'audit-seal/hourly',
    at: { hour: '*', minute: 7, comment: 'each hour' },
    catchUp: '1 hour',
  },
  'ledger-proof': {
    workflow: 'ledgerProof',
    workflowId: 'ledger-proof/nightly',
    at: { hour: 3, minute: 17, comment: 'at night, in UTC' },
    catchUp: '1 day',
  },
};

/** One that is there stays as it is, so that an operator may pause or move it. */
export async function openSchedules(client: Client, region: string): Promise<void> {
  for (const [scheduleId, schedule] of Object.entries(SCHEDULES)) {
    const { workflow, workflowId, at, catchUp } = schedule;
    try {
      await client.schedule.create({
        scheduleId,
        spec: { calendars: [at] },
        policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: catchUp },
        action: {
          type: 'startWorkflow',
          workflowType: workflow,
          workflowId,
          taskQueue: QUEUES[workflow],
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
}
