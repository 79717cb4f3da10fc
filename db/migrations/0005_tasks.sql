create table tasks (
  id             text primary key check (id ~ '^tsk_\w{21}$'),
  region         text not null default mooring_region(),
  user_id        text not null references users (id),
  from_agent_id  text not null references agents (id),
  to_agent_id    text not null references agents (id),
  session_id     text references sessions (id),
  turn_id        text references turns (id),
  tool_call_id   text unique references tool_calls (id),
  -- a payment is spent by exactly one task
  payment_id     text unique references payments (id),
  action         text not null,
  arguments      jsonb not null,
  risk_level     text not null check (risk_level in ('R0', 'R1', 'R2', 'R3')),
  status         text not null check (status in
                 ('draft', 'pending_delivery', 'delivered', 'pending_accept', 'accepted', 'waiting_human_confirm',
                  'in_progress', 'completed', 'declined', 'failed', 'expired', 'cancelled')),
  result         jsonb,
  error_code     text,
  error_message  text,
  expires_at     timestamptz not null,
  created_at     timestamptz not null default now(),
  ended_at       timestamptz
);
create index tasks_of_session on tasks (session_id, created_at);
create index tasks_open on tasks (id) where ended_at is null;
select mooring_guard('tasks', 'user_id', 'select, insert, update');

-- The legal edges, the same table as domain/task.ts; a test holds them together.
create table task_edges (
  from_status  text not null,
  to_status    text not null,
  primary key (from_status, to_status)
);
insert into task_edges values
  ('draft', 'pending_delivery'), ('draft', 'cancelled'),
  ('pending_delivery', 'delivered'), ('pending_delivery', 'pending_accept'), ('pending_delivery', 'accepted'),
  ('pending_delivery', 'declined'), ('pending_delivery', 'failed'), ('pending_delivery', 'expired'),
  ('pending_delivery', 'cancelled'),
  ('delivered', 'pending_accept'), ('delivered', 'accepted'), ('delivered', 'declined'), ('delivered', 'expired'),
  ('delivered', 'cancelled'),
  ('pending_accept', 'accepted'), ('pending_accept', 'declined'), ('pending_accept', 'expired'),
  ('pending_accept', 'cancelled'),
  ('accepted', 'in_progress'), ('accepted', 'waiting_human_confirm'), ('accepted', 'failed'), ('accepted', 'expired'),
  ('accepted', 'cancelled'),
  ('waiting_human_confirm', 'in_progress'), ('waiting_human_confirm', 'cancelled'), ('waiting_human_confirm', 'expired'),
  ('in_progress', 'completed'), ('in_progress', 'failed'), ('in_progress', 'expired'), ('in_progress', 'cancelled');
-- Reference data: the same for everyone, never written by the application.
alter table task_edges enable row level security;
alter table task_edges force row level security;
create policy readable on task_edges for select to mooring_app using (true);
grant select on task_edges to mooring_app;

create table task_events (
  task_id      text not null references tasks (id),
  number       integer not null,
  region       text not null default mooring_region(),
  user_id      text not null,
  from_status  text,
  to_status    text not null,
  actor        text not null,
  created_at   timestamptz not null default now(),
  primary key (task_id, number),
  foreign key (from_status, to_status) references task_edges (from_status, to_status)
);
select mooring_guard('task_events', 'user_id', 'select, insert');

create table task_attempts (
  task_id         text not null references tasks (id),
  attempt         integer not null check (attempt > 0),
  region          text not null default mooring_region(),
  user_id         text not null,
  started_at      timestamptz not null default now(),
  ended_at        timestamptz,
  http_status     integer,
  outcome         text check (outcome in ('completed', 'failed', 'retry')),
  -- the first KiB of what the agent answered, or what went wrong on the way
  response_head   text check (octet_length(response_head) <= 1024),
  primary key (task_id, attempt)
);
select mooring_guard('task_attempts', 'user_id', 'select, insert, update');

-- One row a terminal task.
create table interactions (
  task_id        text primary key references tasks (id),
  region         text not null default mooring_region(),
  user_id        text not null,
  from_agent_id  text not null references agents (id),
  to_agent_id    text not null references agents (id),
  status         text not null,
  latency_ms     integer not null,
  created_at     timestamptz not null default now()
);
select mooring_guard('interactions', 'user_id', 'select, insert');
