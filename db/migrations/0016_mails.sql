-- A mail with a code that must still go out; its workflow sends it. The code is no column: it comes from the id, under the
-- process secret. When it is sent, the address is forgotten.
alter table outbox drop constraint outbox_workflow_check;
alter table outbox add constraint outbox_workflow_check
  check (workflow in ('chatSession', 'task', 'payment', 'agentMonitor', 'mail'));
create table mails (
  id          text primary key check (id ~ '^mail_\w{21}$'),
  region      text not null default mooring_region(),
  kind        text not null check (kind in ('confirm_code', 'owner_code')),
  address     text check (length(address) <= 254),
  -- later the code is worth nothing, and it is not sent any more
  until       timestamptz not null,
  ended_at    timestamptz,
  created_at  timestamptz not null default now(),
  check ((address is null) = (ended_at is not null))
);
create index mails_open on mails (id) where ended_at is null;
alter table mails enable row level security;
alter table mails force row level security;
create policy record on mails for insert to mooring_app
  with check (region = mooring_region() and mooring_principal() is not null);
create policy by_system on mails for all to mooring_app
  using (region = mooring_region() and mooring_principal() = 'system')
  with check (region = mooring_region() and mooring_principal() = 'system');
grant select, insert, update on mails to mooring_app;
