-- The application role owns nothing, so FORCEd row-level security holds for it. Transactions switch to it by
-- SET LOCAL ROLE; who they act for stands in mooring.principal ('system' or a user's id) and mooring.region.
do $$
begin
  if not exists (select 1 from pg_roles where rolname = 'mooring_app') then
    create role mooring_app nologin nosuperuser nobypassrls;
  end if;
  execute format('grant mooring_app to %I', current_user);
end
$$;
grant usage on schema public to mooring_app;

create function mooring_principal() returns text language sql stable
  as $$ select nullif(current_setting('mooring.principal', true), '') $$;
create function mooring_region() returns text language sql stable
  as $$ select nullif(current_setting('mooring.region', true), '') $$;

-- A row is seen by the system and by the user it belongs to, in its region. No setting, no rows.
create function mooring_sees(owner text, region text) returns boolean language sql stable
  as $$ select region = mooring_region() and mooring_principal() in ('system', owner) $$;

-- Gives a table its two locks: row-level security, forced, by owner; and the grants it needs, no more.
create function mooring_guard(tbl regclass, owner_column text, grants text) returns void language plpgsql
  as $$
begin
  execute format('alter table %s enable row level security', tbl);
  execute format('alter table %s force row level security', tbl);
  execute format('create policy by_owner on %s for all to mooring_app using (mooring_sees(%I, region)) with check (mooring_sees(%I, region))',
    tbl, owner_column, owner_column);
  execute format('grant %s on %s to mooring_app', grants, tbl);
end
$$;

create table users (
  id          text primary key check (id ~ '^usr_\w{21}$'),
  region      text not null default mooring_region(),
  email       text not null unique check (email = lower(email) and length(email) <= 254),
  name        text not null check (length(name) between 1 and 100),
  created_at  timestamptz not null default now()
);
select mooring_guard('users', 'id', 'select, insert, update');

-- Refresh tokens rotate inside a family; a used one that comes back revokes the family.
create table refresh_tokens (
  token_hash  bytea primary key,
  region      text not null default mooring_region(),
  user_id     text not null references users (id),
  family_id   text not null,
  expires_at  timestamptz not null,
  used_at     timestamptz,
  revoked_at  timestamptz,
  created_at  timestamptz not null default now()
);
create index refresh_tokens_family on refresh_tokens (family_id);
create index refresh_tokens_of_user on refresh_tokens (user_id);
select mooring_guard('refresh_tokens', 'user_id', 'select, insert, update, delete');

-- What must still be told to Temporal. Written in the transaction that makes it true, sent after its commit,
-- and sent again by the relay when a crash came between.
create table outbox (
  id            text primary key,
  region        text not null default mooring_region(),
  workflow      text not null check (workflow in ('chatSession', 'task', 'payment')),
  workflow_id   text not null,
  input         jsonb not null,
  -- null: a plain start; else signal-with-start
  signal        text,
  signal_input  jsonb,
  created_at    timestamptz not null default now(),
  sent_at       timestamptz
);
create index outbox_unsent on outbox (created_at) where sent_at is null;
create index outbox_sent on outbox (sent_at) where sent_at is not null;
alter table outbox enable row level security;
alter table outbox force row level security;
-- Anyone's transaction may record a signal; only the system reads them back.
create policy record on outbox for insert to mooring_app with check (region = mooring_region() and mooring_principal() is not null);
create policy relay on outbox for all to mooring_app
  using (region = mooring_region() and mooring_principal() = 'system')
  with check (region = mooring_region() and mooring_principal() = 'system');
grant select, insert, update, delete on outbox to mooring_app;
