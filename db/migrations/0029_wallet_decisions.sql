-- What people have found out of a move that nobody could tell of: as they say it was, once two of them say the same.
alter table wallet_moves add column by_hand text check (by_hand in ('made', 'not_made'));

create table wallet_decisions (
  move_key    text not null references wallet_moves (key),
  admin_id    text not null references users (id),
  region      text not null default mooring_region(),
  outcome     text not null check (outcome in ('made', 'not_made')),
  reason      text not null check (length(reason) between 1 and 500),
  decided_at  timestamptz not null default now(),
  primary key (move_key, admin_id)
);
alter table wallet_decisions enable row level security;
alter table wallet_decisions force row level security;
create policy by_system on wallet_decisions for all to mooring_app
  using (region = mooring_region() and mooring_principal() = 'system')
  with check (region = mooring_region() and mooring_principal() = 'system');
grant select, insert on wallet_decisions to mooring_app;

create function wallet_move_decided() returns trigger language plpgsql
  as $$
begin
  if old.by_hand is not null and new.by_hand is distinct from old.by_hand
     or old.by_hand is null and new.by_hand is not null
        and (select count(*) from wallet_decisions where move_key = new.key and outcome = new.by_hand) < 2 then
    raise exception 'wallet move % is decided by two people, once', old.key using errcode = '23514';
  end if;
  return new;
end
$$;
create trigger wallet_move_decided before update of by_hand on wallet_moves
  for each row execute function wallet_move_decided();
