import { PAYMENT_EDGES, PAYMENT_STATES } from '../domain/payment';
import type { Tx } from './database';

const OPEN_PAYMENTS = PAYMENT_STATES.filter((state) => PAYMENT_EDGES[state].length > 0);

/** Whether something must still come of the row that a workflow is for (`session/<id>`, `task/<id>`, `payment/<id>`). */
export async function hasOpenRow(tx: Tx, workflowId: string): Promise<boolean> {
  const id = workflowId.slice(workflowId.indexOf('/') + 1);
  const [row] = await tx.query<{ open: boolean }>(
    `select exists (select from sessions where id = $1 and phase <> 'CLOSED')
         or exists (select from tasks where id = $1 and ended_at is null)
         or exists (select from payments where id = $1 and state = any($2)) as open`,
    [id, OPEN_PAYMENTS],
  );
  return row?.open ?? false;
}
