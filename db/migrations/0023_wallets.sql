-- The wallet at a network that stands behind an account of the ledger.
create table wallets (
  account     text not null,
  region      text not null default mooring_region(),
  network     text not null,
  -- the network's own name of it
  wallet_id   text not null,
  address     text not null,
  opened_at   timestamptz not null default now(),
  primary key (account, network),
  unique (network, wallet_id)
);
alter table wallets enable row level security;
alter table wallets force row level security;
create policy by_system on wallets for all to mooring_app
  using (region = mooring_region() and mooring_principal() = 'system')
  with check (region = mooring_region() and mooring_principal() = 'system');
grant select, insert on wallets to mooring_app;

-- A move of money between wallets at a network, written and committed before the first call: its key never changes.
create table wallet_moves (
  key            text primary key
                 check (key ~ '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'),
  region         text not null default mooring_region(),
  payment_id     text not null references payments (id),
  user_id        text not null references users (id),
  step           text not null check (step in ('hold', 'capture', 'fee', 'void', 'refund')),
  network        text not null,
  from_account   text not null,
  to_account     text not null,
  amount_micros  bigint not null check (amount_micros > 0),
  submitted_at   timestamptz not null default now(),
  state          text not null default 'SUBMITTED' check (state in
                 ('SUBMITTED', 'INITIATED', 'QUEUED', 'CLEARED', 'SENT', 'STUCK', 'CONFIRMED',
                  'COMPLETE', 'FAILED', 'DENIED', 'CANCELLED')),
  -- the network's own name of it; null: no answer has told it
  reference      text unique,
  -- since when nobody knows whether it was made; null: it is known
  unknown_since  timestamptz,
  ended_at       timestamptz,
  -- when the operators were told that it takes too long
  alarmed_at     timestamptz,
  unique (payment_id, step),
  check (from_account <> to_account),
  check ((state in ('COMPLETE', 'FAILED', 'DENIED', 'CANCELLED')) = (ended_at is not null)),
  check (unknown_since is null or ended_at is null)
);
create index wallet_moves_open on wallet_moves (payment_id) where ended_at is null;
alter table wallet_moves enable row level security;
alter table wallet_moves force row level security;
create policy by_system on wallet_moves for all to mooring_app
  using (region = mooring_region() and mooring_principal() = 'system')
  with check (region = mooring_region() and mooring_principal() = 'system');
create policy by_owner on wallet_moves for select to mooring_app using (mooring_sees(user_id, region));
grant select, insert, update on wallet_moves to mooring_app;

create function wallet_move_rank(state text) returns integer language sql immutable
  as $$ select case state
    when 'SUBMITTED' then 0 when 'INITIATED' then 1 when 'QUEUED' then 2 when 'CLEARED' then 3 when 'SENT' then 4
    when 'STUCK' then 5 when 'CONFIRMED' then 6 else 7 end $$;

-- Only its state, forward, its reference, once, and its times change.
create function wallet_move_guard() returns trigger language plpgsql
  as $$
begin
  if (new.key, new.region, new.payment_id, new.user_id, new.step, new.network, new.from_account, new.to_account,
      new.amount_micros, new.submitted_at)
     is distinct from
     (old.key, old.region, old.payment_id, old.user_id, old.step, old.network, old.from_account, old.to_account,
      old.amount_micros, old.submitted_at)
     or old.reference is not null and new.reference is distinct from old.reference
     or old.ended_at is not null and new.ended_at is distinct from old.ended_at
     or new.state <> old.state and wallet_move_rank(new.state) <= wallet_move_rank(old.state) then
    raise exception 'wallet move % cannot change so', old.key using errcode = '23514';
  end if;
  return new;
end
$$;
create trigger wallet_move_guard before update on wallet_moves for each row execute function wallet_move_guard();

-- What a network has told by webhook, each once. It only wakes: what counts is what the network answers when asked.
create table wallet_notifications (
  id           text primary key,
  region       text not null default mooring_region(),
  network      text not null,
  move_key     text references wallet_moves (key),
  reference    text not null,
  state        text not null,
  received_at  timestamptz not null default now()
);
alter table wallet_notifications enable row level security;
alter table wallet_notifications force row level security;
create policy by_system on wallet_notifications for all to mooring_app
  using (region = mooring_region() and mooring_principal() = 'system')
  with check (region = mooring_region() and mooring_principal() = 'system');
grant select, insert on wallet_notifications to mooring_app;
