-- The keys that receipts are signed with. The public halves stay for ever, so that an old receipt can still be verified;
-- the private half is sealed with the process secret.
create table signing_keys (
  id              text primary key check (id ~ '^sig_\w{21}$'),
  region          text not null default mooring_region(),
  public_jwk      jsonb not null,
  sealed_private  text not null,
  created_at      timestamptz not null default now()
);
alter table signing_keys enable row level security;
alter table signing_keys force row level security;
create policy by_system on signing_keys for all to mooring_app
  using (region = mooring_region() and mooring_principal() = 'system')
  with check (region = mooring_region() and mooring_principal() = 'system');
grant select, insert on signing_keys to mooring_app;

-- What a captured payment was, signed; the first that is given is the one for ever.
create table receipts (
  payment_id  text primary key references payments (id),
  region      text not null default mooring_region(),
  -- of the payer
  user_id     text not null,
  jws         text not null,
  created_at  timestamptz not null default now()
);
select mooring_guard('receipts', 'user_id', 'select, insert');
