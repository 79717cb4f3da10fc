-- A refund of what was paid at a network takes its time there: it is pending until then, what it gives back is held in the
-- ledger, and a workflow of its own sees to it.
alter table refunds no force row level security;
alter table ledger_transfers no force row level security;
alter table refunds
  add column id            text unique check (id ~ '^rfd_\w{21}$'),
  add column state         text not null default 'done' check (state in ('pending', 'done', 'failed')),
  -- of the amount, what the platform gives back of its fee
  add column fee_micros    bigint not null default 0,
  -- why nothing has moved
  add column failure       text,
  add column ended_at      timestamptz,
  add column wake_version  integer not null default 0,
  add column seen_version  integer not null default 0,
  add column woken_at      timestamptz;
update refunds r set
  id = 'rfd_' || substr(md5(r.payment_id || '/' || r.key), 1, 21),
  ended_at = r.created_at,
  fee_micros = coalesce((select amount_micros from ledger_transfers t
                          where t.key = 'payment/' || r.payment_id || '/refund/' || r.key || '/fee'), 0);
alter table refunds
  alter column id set not null,
  alter column state drop default,
  alter column fee_micros drop default,
  add check (fee_micros between 0 and amount_micros),
  add check ((state = 'failed') = (failure is not null)),
  add check ((state = 'pending') = (ended_at is null));
alter table refunds force row level security;
alter table ledger_transfers force row level security;
create index refunds_pending on refunds (id) where state = 'pending';
grant update (state, failure, ended_at, wake_version, seen_version, woken_at) on refunds to mooring_app;
create policy changed_by_system on refunds as restrictive for update to mooring_app
  using (mooring_principal() = 'system');

alter table outbox drop constraint outbox_workflow_check;
alter table outbox add constraint outbox_workflow_check
  check (workflow in ('chatSession', 'task', 'payment', 'refund', 'agentMonitor', 'mail'));

-- What an owner has given back at a network was held before.
drop index ledger_transfers_earned;
create index ledger_transfers_earned on ledger_transfers (owner_id, created_at)
  where phase = 'single' and kind in ('capture', 'refund') or phase = 'posted' and kind = 'refund';

-- It ends once.
create function refund_ended() returns trigger language plpgsql as $$
begin
  raise exception 'refund % is %', old.id, old.state using errcode = 'check_violation';
end
$$;
create trigger ends_once before update of state on refunds
  for each row when (old.state <> 'pending' and new.state <> old.state) execute function refund_ended();

-- The moves of a refund: out of the owner's wallet, and out of that of the platform's fees.
alter table wallet_moves
  add column refund_id text references refunds (id),
  drop constraint wallet_moves_step_check,
  add constraint wallet_moves_step_check
    check (step in ('hold', 'capture', 'fee', 'void', 'refund', 'refund_fee')),
  add check ((step in ('refund', 'refund_fee')) = (refund_id is not null)),
  drop constraint wallet_moves_payment_id_step_key,
  add unique nulls not distinct (payment_id, step, refund_id);
create index wallet_moves_of_refund on wallet_moves (refund_id) where refund_id is not null;

create or replace function wallet_move_guard() returns trigger language plpgsql
  as $$
begin
  if (new.key, new.region, new.payment_id, new.user_id, new.step, new.refund_id, new.network, new.from_account,
      new.to_account, new.amount_micros, new.submitted_at)
     is distinct from
     (old.key, old.region, old.payment_id, old.user_id, old.step, old.refund_id, old.network, old.from_account,
      old.to_account, old.amount_micros, old.submitted_at)
     or old.reference is not null and new.reference is distinct from old.reference
     or old.ended_at is not null and new.ended_at is distinct from old.ended_at
     or new.state <> old.state and wallet_move_rank(new.state) <= wallet_move_rank(old.state) then
    raise exception 'wallet move % cannot change so', old.key using errcode = '23514';
  end if;
  return new;
end
$$;
