import { isMonitored, LISTING_STATUSES } from '../domain/agent';
import { OPEN_PAYMENT_STATES } from '../domain/payment';
import type { Tx } from './database';

const OPEN_LISTINGS = LISTING_STATUSES.filter(isMonitored);

/** Whether something must still come of the row that a workflow is for: what its id says behind the slash. */
export async function hasOpenRow(tx: Tx, workflowId: string): Promise<boolean> {
  const id = workflowId.slice(workflowId.indexOf('/') + 1);
  const [row] = await tx.query<{ open: boolean }>(
    `select exists (select from sessions where id = $1 and phase <> 'CLOSED')
         or exists (select from turns where session_id = $1 and outcome is null)
         or exists (select from tasks where id = $1 and ended_at is null)
         or exists (select from mails where id = $1 and ended_at is null and until > now())
         or exists (select from payments where id = $1 and state = any($2))
         or exists (select from refunds where id = $1 and state = 'pending')
         or exists (select from agents where id = $1 and wake_version > 0 and status = any($3))
         or exists (select from breakers b join agents a on a.id = b.agent_id
                     where b.agent_id = $1 and b.wake_version > 0
                       and (b.state <> 'closed' or a.status = any($3))) as open`,
    [id, OPEN_PAYMENT_STATES, OPEN_LISTINGS],
  );
  return row?.open ?? false;
}
