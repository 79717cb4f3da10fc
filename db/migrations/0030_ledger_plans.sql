-- The same as before, with plans that do not grow with the ledger: what was planned when there were few transfers is kept,
-- and a join may then read all of them for each transfer. A look-up by its key never does.
create or replace function ledger_apply() returns trigger language plpgsql as $$
declare
  net record;
begin
  if exists (
    select from made m
     where m.pending_id is not null
       and not exists (select from ledger_transfers p
                        where p.id = m.pending_id and p.phase = 'pending'
                          and (m.debit_account, m.credit_account) = (p.debit_account, p.credit_account)
                          and (m.amount_micros = p.amount_micros or m.phase = 'posted' and m.amount_micros < p.amount_micros)
                       offset 0)) then
    raise exception 'an outcome does not fit its pending transfer'
      using errcode = 'check_violation', constraint = 'ledger_transfers_fit';
  end if;
  for net in
    select account, sum(posted)::bigint as posted, sum(held)::bigint as held
      from (select m.debit_account as account,
                   case when m.phase in ('single', 'posted') then -m.amount_micros else 0 end as posted,
                   case when m.phase = 'pending' then m.amount_micros
                        when m.pending_id is null then 0
                        else -(select p.amount_micros from ledger_transfers p where p.id = m.pending_id) end as held
              from made m
            union all
            select credit_account, amount_micros, 0 from made where phase in ('single', 'posted')) ends
     group by account having sum(posted) <> 0 or sum(held) <> 0
     order by account desc
  loop
    update ledger_accounts set posted_micros = posted_micros + net.posted, held_micros = held_micros + net.held
     where id = net.account;
  end loop;
  return null;
end
$$;
