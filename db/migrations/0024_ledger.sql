-- Money after the rules of docs/decisions/0011: a transfer is a fact that never changes, and what it does to balances the
-- database does itself.
alter table ledger_accounts no force row level security;
alter table ledger_transfers no force row level security;

alter table ledger_accounts drop constraint ledger_accounts_kind_check;
alter table ledger_accounts add constraint ledger_accounts_kind_check
  check (kind in ('user', 'owner', 'escrow', 'fees', 'outside'));
alter table ledger_accounts rename constraint ledger_accounts_check to ledger_accounts_not_negative;

alter table ledger_transfers drop constraint ledger_transfers_phase_check;
alter table ledger_transfers add constraint ledger_transfers_phase_check
  check (phase in ('single', 'pending', 'posted', 'voided', 'expired'));
alter table ledger_transfers drop constraint ledger_transfers_check1;
alter table ledger_transfers add constraint ledger_transfers_outcome
  check ((phase in ('posted', 'voided', 'expired')) = (pending_id is not null));
alter table ledger_transfers drop constraint ledger_transfers_kind_check;
alter table ledger_transfers add constraint ledger_transfers_kind_check
  check (kind in ('top_up', 'hold', 'void', 'capture', 'fee', 'refund', 'deposit', 'withdrawal'));
-- Each transfer is one person's (or the platform's), so that a statement reads its own and no other.
create index ledger_transfers_of_owner on ledger_transfers (owner_id, id);

-- What is held goes through the payer's own escrow; what was held before this did not yet, and nothing was posted for it.
insert into ledger_accounts (id, region, kind, owner_id)
  select distinct 'escrow/' || p.owner_id, p.region, 'escrow', p.owner_id from ledger_transfers p
   where p.phase = 'pending' and not exists (select from ledger_transfers e where e.pending_id = p.id);
update ledger_transfers p set credit_account = 'escrow/' || p.owner_id
 where p.phase = 'pending' and not exists (select from ledger_transfers e where e.pending_id = p.id);

alter table ledger_accounts force row level security;
alter table ledger_transfers force row level security;

-- The only writer of balances. Of one statement's transfers each account gets the sum, in one order of locks: ids
-- descending, so that the payer's own row comes first and the shared ones (owners, fees) are locked for the shortest time.
create function ledger_apply() returns trigger language plpgsql as $$
declare
  net record;
begin
  if exists (
    select from made m left join ledger_transfers p on p.id = m.pending_id
     where m.pending_id is not null
       and (p.phase is distinct from 'pending' or (m.debit_account, m.credit_account) <> (p.debit_account, p.credit_account)
            or m.amount_micros > p.amount_micros or m.phase <> 'posted' and m.amount_micros <> p.amount_micros)) then
    raise exception 'an outcome does not fit its pending transfer'
      using errcode = 'check_violation', constraint = 'ledger_transfers_fit';
  end if;
  for net in
    select account, sum(posted)::bigint as posted, sum(held)::bigint as held
      from (select m.debit_account as account,
                   case when m.phase in ('single', 'posted') then -m.amount_micros else 0 end as posted,
                   case when m.phase = 'pending' then m.amount_micros else -coalesce(p.amount_micros, 0) end as held
              from made m left join ledger_transfers p on p.id = m.pending_id
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
create trigger applied after insert on ledger_transfers referencing new table as made
  for each statement execute function ledger_apply();

-- Whoever it is, the owner of the database too.
create function ledger_refuse() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger only grows: % of % is refused', tg_op, tg_table_name using errcode = 'restrict_violation';
end
$$;
create trigger immutable before update or delete or truncate on ledger_transfers
  for each statement execute function ledger_refuse();
create trigger only_by_transfers before update on ledger_accounts
  for each statement when (pg_trigger_depth() = 0) execute function ledger_refuse();
create trigger kept before delete or truncate on ledger_accounts for each statement execute function ledger_refuse();

-- An account begins empty, and only the system moves money.
revoke insert, update on ledger_accounts from mooring_app;
grant insert (id, region, kind, owner_id), update (posted_micros, held_micros) on ledger_accounts to mooring_app;
create policy by_system on ledger_accounts as restrictive for insert to mooring_app
  with check (mooring_principal() = 'system');
create policy changed_by_system on ledger_accounts as restrictive for update to mooring_app
  using (mooring_principal() = 'system');
create policy by_system on ledger_transfers as restrictive for insert to mooring_app
  with check (mooring_principal() = 'system');
