-- What the two sides of a task say and give to each other while it is open.
create table task_messages (
  id               text primary key check (id ~ '^msg_\w{21}$'),
  region           text not null default mooring_region(),
  task_id          text not null references tasks (id),
  number           integer not null check (number between 1 and 50),
  from_agent_id    text not null references agents (id),
  message_type     text not null check (message_type in ('text', 'proposal', 'counter', 'accept', 'reject', 'info')),
  content          text not null check (length(content) between 1 and 2000),
  structured_data  jsonb check (octet_length(structured_data::text) <= 65536),
  created_at       timestamptz not null default now(),
  unique (task_id, number)
);
alter table task_messages enable row level security;
alter table task_messages force row level security;
create policy by_side on task_messages for select to mooring_app
  using (region = mooring_region() and (mooring_principal() = 'system' or exists (select from tasks where tasks.id = task_id)));
create policy speak on task_messages for insert to mooring_app
  with check (region = mooring_region() and mooring_principal() = from_agent_id);
grant select, insert on task_messages to mooring_app;

-- What came of a task beside its result: bytes up to 1 MiB, or where they lie.
create table task_artifacts (
  id            text primary key check (id ~ '^art_\w{21}$'),
  region        text not null default mooring_region(),
  task_id       text not null references tasks (id),
  name          text not null check (length(name) between 1 and 200),
  content_type  text not null check (length(content_type) <= 200),
  size          bigint check (size >= 0),
  sha256        text check (sha256 ~ '^[0-9a-f]{64}$'),
  url           text check (length(url) <= 2000),
  content       bytea check (octet_length(content) <= 1048576),
  created_at    timestamptz not null default now(),
  unique (task_id, name),
  check ((url is null) <> (content is null))
);
alter table task_artifacts enable row level security;
alter table task_artifacts force row level security;
create policy by_side on task_artifacts for select to mooring_app
  using (region = mooring_region() and (mooring_principal() = 'system' or exists (select from tasks where tasks.id = task_id)));
create policy give on task_artifacts for insert to mooring_app
  with check (region = mooring_region() and exists (select from tasks where tasks.id = task_id and tasks.to_agent_id = mooring_principal()));
grant select, insert on task_artifacts to mooring_app;

-- As it was said, to the byte.
alter table idempotency_records alter column answer type json;
