import type { Tx } from './database';

/** What the whole ledger was found to be; without problems it is proved. */
export interface LedgerProof {
  accounts: number;
  transfers: number;
  openHolds: number;
  /** each in a sentence */
  problems: string[];
}

/**
 * The ledger as a whole, from its transfers alone: all postings sum to zero, each balance is what its transfers make it,
 * none but outside is negative, each hold has at most the one outcome that fits it, each payment has moved what its state
 * says, and each refund holds what is still to come back, and nothing after. Each question is one statement, so that what happens meanwhile is seen wholly or not at all.
 */
export async function proveLedger(tx: Tx): Promise<LedgerProof> {
  const [counts, differing, holds, payments, refunds] = await Promise.all([
    tx.query<{ total: string; accounts: number; transfers: number; openHolds: number }>(COUNTS),
    tx.query<{ id: string; posted: bigint; held: bigint; made: bigint; reserved: bigint }>(DIFFERING),
    tx.query<{ key: string; outcomes: number }>(UNFIT_HOLDS),
    tx.query<{ id: string; state: string }>(UNFIT_PAYMENTS),
    tx.query<{ id: string; state: string; held: bigint; fee: bigint }>(UNFIT_REFUNDS),
  ]);
  const { total = '?', ...found } = counts[0] ?? { accounts: 0, transfers: 0, openHolds: 0 };
  return {
    ...found,
    problems: [
      ...(total === '0' ? [] : [`all postings sum to ${total} micro-USDC, not to zero`]),
      ...differing.map(
        ({ id, posted, held, made, reserved }) =>
          `account ${id} says ${posted} posted and ${held} held; its transfers make ${made} and ${reserved}`,
      ),
      ...holds.map(
        ({ key, outcomes }) => `hold ${key} has ${outcomes} outcomes, or one that does not fit it`,
      ),
      ...payments.map(({ id, state }) => `payment ${id} is ${state} and its transfers say otherwise`),
      ...refunds.map(
        ({ id, state, held, fee }) => `refund ${id} is ${state} and holds ${held}, ${fee} of it of the fee`,
      ),
    ],
  };
}

const COUNTS = `
  select (select coalesce(sum(posted_micros), 0)::text from ledger_accounts) as total,
         (select count(*)::int from ledger_accounts) as accounts,
         (select count(*)::int from ledger_transfers) as transfers,
         (select count(*)::int from ledger_transfers h where h.phase = 'pending'
             and not exists (select from ledger_transfers e where e.pending_id = h.id)) as "openHolds"`;

const DIFFERING = `
  select a.id, a.posted_micros as posted, a.held_micros as held,
         coalesce(m.posted, 0)::bigint as made, coalesce(m.held, 0)::bigint as reserved
    from ledger_accounts a
    left join (
      select account, sum(posted) as posted, sum(held) as held
        from (select t.debit_account as account,
                     case when t.phase in ('single', 'posted') then -t.amount_micros else 0 end as posted,
                     case when t.phase = 'pending' then t.amount_micros
                          when t.pending_id is not null then -h.amount_micros else 0 end as held
                from ledger_transfers t left join ledger_transfers h on h.id = t.pending_id
              union all
              select credit_account, amount_micros, 0 from ledger_transfers where phase in ('single', 'posted')) ends
       group by account) m on m.account = a.id
   where a.posted_micros <> coalesce(m.posted, 0) or a.held_micros <> coalesce(m.held, 0)
      or a.kind <> 'outside' and a.posted_micros - a.held_micros < 0
   order by a.id limit 100`;

const UNFIT_HOLDS = `
  select h.key, count(e.id)::int as outcomes
    from ledger_transfers h join ledger_transfers e on e.pending_id = h.id
   group by h.id
  having count(*) > 1 or h.phase <> 'pending'
      or bool_or(e.amount_micros > h.amount_micros or e.phase <> 'posted' and e.amount_micros <> h.amount_micros
                 or (e.debit_account, e.credit_account) <> (h.debit_account, h.credit_account))
   limit 100`;

// Of one that is UNKNOWN nobody knows yet. At a network a hold is there while it is being made (AUTHORIZING), and is void
// where the network refused it (FAILED).
const UNFIT_PAYMENTS = `
  select p.id, p.state
    from payments p
    left join ledger_transfers h on h.key = 'payment/' || p.id || '/hold'
    left join ledger_transfers e on e.pending_id = h.id
    left join (select payment_id, coalesce(sum(amount_micros) filter (where debit_account like 'escrow/%' and kind <> 'refund'), 0) as paid,
                      coalesce(sum(amount_micros) filter (where credit_account like 'user/%'), 0) as refunded
                 from ledger_transfers where phase = 'single' and payment_id is not null group by payment_id) o
      on o.payment_id = p.id
   where p.state <> 'UNKNOWN'
     and (h.id is null and p.state not in ('AWAITING_APPROVAL', 'AUTHORIZING', 'DECLINED', 'EXPIRED', 'FAILED')
          or h.id is not null and p.state in ('AWAITING_APPROVAL', 'DECLINED', 'EXPIRED')
          or e.phase is distinct from case when p.state in ('CAPTURED', 'REFUNDED', 'DISPUTED') then 'posted'
                                           when p.state = 'VOIDED' or p.state = 'FAILED' and h.id is not null then 'voided'
                                           when p.state = 'RECLAIMED' then 'expired' end
          or e.phase = 'posted' and e.amount_micros <> p.captured_micros
          or e.phase = 'posted' and h.credit_account like 'escrow/%' and coalesce(o.paid, 0) <> p.captured_micros
          or coalesce(o.refunded, 0) <> p.refunded_micros)
   limit 100`;

// What a refund holds is named for it: payment/<id>/refund/<id>/owner, and …/fee.
const UNFIT_REFUNDS = `
  select coalesce(r.id, o.id) as id, coalesce(r.state, 'gone') as state, coalesce(o.held, 0)::bigint as held,
         coalesce(o.fee, 0)::bigint as fee
    from refunds r
    full join (
      select split_part(h.key, '/', 4) as id, sum(h.amount_micros) as held,
             sum(h.amount_micros) filter (where split_part(h.key, '/', 5) = 'fee') as fee
        from ledger_transfers h
       where h.phase = 'pending' and h.kind = 'refund'
         and not exists (select from ledger_transfers e where e.pending_id = h.id)
       group by 1) o on o.id = r.id
   where coalesce(o.held, 0) <> case when r.state = 'pending' then r.amount_micros else 0 end
      or coalesce(o.fee, 0) <> case when r.state = 'pending' then r.fee_micros else 0 end
   order by 1 limit 100`;
