import type { MicroUsdc } from '../domain/money';
import type { Tx } from './database';

/** One change of what an account can spend. */
export interface StatementEntry {
  id: bigint;
  at: string;
  kind: 'top_up' | 'hold' | 'void' | 'capture' | 'fee' | 'refund' | 'deposit' | 'withdrawal';
  /** signed, so that all entries together are what can be spent */
  amountMicros: MicroUsdc;
  paymentId: string | null;
  taskId: string | null;
  counterparty: string | null;
}

/**
 * The newest entries of an account that belongs to this person, before `before`. A hold takes what it holds; an end of it
 * gives back what was not paid of it, often nothing. A refund that is moved at a network is held until it has.
 */
export const readStatement = (
  tx: Tx,
  page: { account: string; ownerId: string; before: bigint | null; limit: number },
): Promise<StatementEntry[]> =>
  tx.query<StatementEntry>(
    `select t.id, t.created_at as at,
            case when t.kind = 'refund' and t.phase = 'pending' then 'hold' else t.kind end as kind, t.payment_id as "paymentId",
            (select k.id from tasks k where k.payment_id = t.payment_id) as "taskId",
            (select p.agent_name from payments p where p.id = t.payment_id) as counterparty,
            case t.phase when 'pending' then -t.amount_micros
                         when 'posted' then h.amount_micros - t.amount_micros
                         when 'single' then case when t.credit_account = $1 then t.amount_micros else -t.amount_micros end
                         else h.amount_micros end as "amountMicros"
       from ledger_transfers t left join ledger_transfers h on h.id = t.pending_id
      where t.owner_id = $2 and $1 in (t.debit_account, t.credit_account) and ($3::bigint is null or t.id < $3)
      order by t.id desc limit $4`,
    [page.account, page.ownerId, page.before, page.limit],
  );
