-- An agent that took a task with 202 says later what came of it; null: it promised nothing.
alter table tasks add column callback_until timestamptz;

-- What it said, the first time; the task's workflow makes it the task's end. Erased with the task's words.
create table task_callbacks (
  task_id      text primary key references tasks (id),
  region       text not null default mooring_region(),
  body_hash    bytea not null check (octet_length(body_hash) = 32),
  body         jsonb,
  received_at  timestamptz not null default now()
);
alter table task_callbacks enable row level security;
alter table task_callbacks force row level security;
create policy by_system on task_callbacks for all to mooring_app
  using (region = mooring_region() and mooring_principal() = 'system')
  with check (region = mooring_region() and mooring_principal() = 'system');
-- A person erases what was said for their own chats.
create policy by_owner on task_callbacks for all to mooring_app
  using (region = mooring_region() and exists (select from tasks where tasks.id = task_id and user_id = mooring_principal()));
grant select, insert, update on task_callbacks to mooring_app;

alter table task_attempts drop constraint task_attempts_kind_check;
alter table task_attempts add constraint task_attempts_kind_check
  check (kind in ('attempt', 'probe', 'drained', 'callback'));
alter table task_attempts drop constraint task_attempts_outcome_check;
alter table task_attempts add constraint task_attempts_outcome_check
  check (outcome in ('accepted', 'completed', 'delivered', 'failed', 'retry'));
