import { isSettled } from '../../domain/payment';
import type { PaymentState } from '../../domain/payment';
import type { World } from './world';

/** (7) The ledger sums to zero, one outcome per hold, and money follows the facts of tasks. */
export async function ledgerWhole({ query }: World): Promise<string[]> {
  const [sum] = await query<{ total: string }>(
    'select coalesce(sum(posted_micros), 0)::text as total from ledger_accounts',
  );
  const accounts = await query<{ id: string }>(ACCOUNTS_THAT_DIFFER);
  const holds = await query<{ key: string; outcomes: number }>(
    `select h.key, (select count(*)::int from ledger_transfers e where e.pending_id = h.id) as outcomes
       from ledger_transfers h where h.phase = 'pending'`,
  );
  const escrows = await query<{ id: string }>(
    `select id from ledger_accounts where kind = 'escrow' and posted_micros <> 0`,
  );
  const payments = await query<PaymentFacts>(PAYMENTS);
  const refunds = await query<RefundFacts>(REFUNDS);
  return [
    ...(sum?.total === '0' ? [] : [`the ledger sums to ${sum?.total ?? '?'}`]),
    ...accounts.map(({ id }) => `account ${id} differs from its transfers`),
    ...escrows.map(({ id }) => `account ${id} is not empty`),
    ...holds
      .filter(({ outcomes }) => outcomes !== 1)
      .map(({ key, outcomes }) => `hold ${key}: ${outcomes} outcomes`),
    ...payments.flatMap(problemsOf),
    ...refunds
      .filter(({ fits }) => !fits)
      .map(({ id, state, held, back }) => `refund ${id} is ${state}: ${held} held, ${back} came back`),
  ];
}

interface PaymentFacts {
  id: string;
  state: PaymentState;
  holds: number;
  captured: number;
  voided: number;
  reclaimed: number;
  /** as the row says, less what went to the owner and to the platform, and what came back */
  unpaid: string;
  unrefunded: string;
  task: string | null;
  charged: string | null;
}

const CAPTURED: PaymentState[] = ['CAPTURED', 'REFUNDED', 'DISPUTED'];

function problemsOf(facts: PaymentFacts): string[] {
  const { id, state, holds, captured, voided, reclaimed, task } = facts;
  const said = `payment ${id} (${state}, task ${task ?? 'none'}): ${holds} holds, ${captured} captured, ${voided} given back, ${reclaimed} reclaimed`;
  const paid = CAPTURED.includes(state);
  const gave = state === 'VOIDED' || (state === 'FAILED' && holds === 1) ? 1 : 0;
  // What was reserved and then refused by the network of the wallets has come back.
  const moved = paid || state === 'RECLAIMED' ? 1 : gave;
  // Work that was done for nothing is completed, and not paid.
  const owed = task === 'completed' && facts.charged !== '0';
  const right =
    isSettled(state) &&
    holds === moved &&
    captured === (paid ? 1 : 0) &&
    voided === gave &&
    reclaimed === (state === 'RECLAIMED' ? 1 : 0) &&
    facts.unpaid === '0' &&
    facts.unrefunded === '0' &&
    (state !== 'RECLAIMED' || task === null) &&
    owed === paid;
  return right ? [] : [said];
}

interface RefundFacts {
  id: string;
  state: string;
  held: string;
  back: string;
  fits: boolean;
}

/** A refund is over, and what it says has come back has; nothing is held for it any more. */
const REFUNDS = `
  select r.id, r.state, m.held::text as held, m.back::text as back,
         m.held = 0 and r.state <> 'pending' and m.back = case r.state when 'done' then r.amount_micros else 0 end as fits
    from refunds r
    cross join lateral (
      select coalesce(sum(t.amount_micros) filter (where t.phase = 'pending'
               and not exists (select from ledger_transfers e where e.pending_id = t.id)), 0) as held,
             coalesce(sum(t.amount_micros) filter (where t.phase = 'single' and t.credit_account = 'user/' || r.user_id), 0) as back
        from ledger_transfers t where t.key like 'payment/' || r.payment_id || '/refund/' || r.id || '/%') m`;

// The holds of refunds are theirs.
const PAYMENTS = `
  select p.id, p.state, t.status as task, t.charge_micros::text as charged,
         (coalesce(p.captured_micros, 0)
           - (select coalesce(sum(amount_micros), 0) from ledger_transfers h where h.payment_id = p.id and h.phase = 'single'
                 and h.kind in ('capture', 'fee') and h.debit_account = 'escrow/' || p.user_id))::text as unpaid,
         (p.refunded_micros
           - (select coalesce(sum(amount_micros), 0) from ledger_transfers h where h.payment_id = p.id
                 and h.kind = 'refund' and h.credit_account = 'user/' || p.user_id))::text as unrefunded,
         (select count(*)::int from ledger_transfers h where h.payment_id = p.id and h.phase = 'expired' and h.key not like '%/refund/%') as reclaimed,
         (select count(*)::int from ledger_transfers h where h.payment_id = p.id and h.phase = 'pending' and h.key not like '%/refund/%') as holds,
         (select count(*)::int from ledger_transfers h where h.payment_id = p.id and h.phase = 'posted' and h.key not like '%/refund/%') as captured,
         (select count(*)::int from ledger_transfers h where h.payment_id = p.id and h.phase = 'voided' and h.key not like '%/refund/%') as voided
    from payments p left join tasks t on t.payment_id = p.id`;

const ACCOUNTS_THAT_DIFFER = `
  select a.id from ledger_accounts a
   where a.posted_micros <> coalesce((select sum(case when t.credit_account = a.id then t.amount_micros else -t.amount_micros end)
           from ledger_transfers t where a.id in (t.debit_account, t.credit_account) and t.phase in ('single', 'posted')), 0)
      or a.held_micros <> coalesce((select sum(t.amount_micros) from ledger_transfers t
           where t.debit_account = a.id and t.phase = 'pending'
             and not exists (select from ledger_transfers e where e.pending_id = t.id)), 0)
      or (a.kind <> 'outside' and a.posted_micros - a.held_micros < 0)`;
