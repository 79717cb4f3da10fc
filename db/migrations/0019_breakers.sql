-- Whether an agent's endpoint may be called: what failures in a row, over all its tasks, say of it. No row: never a
-- failure. `open`: nothing is sent to it but a probe; `draining`: it is back, and its parked tasks go first, in order.
create table breakers (
  agent_id       text primary key references agents (id),
  region         text not null default mooring_region(),
  state          text not null default 'closed' check (state in ('closed', 'open', 'draining')),
  failures       integer not null default 0 check (failures >= 0),
  -- since when it is not closed
  opened_at      timestamptz,
  -- the last wait for a probe; null: there was none since it was reset
  wait_ms        bigint check (wait_ms >= 0),
  next_probe_at  timestamptz,
  -- raised by every fact that signals the monitor; its activity writes back what it has seen
  wake_version   integer not null default 0,
  seen_version   integer not null default 0,
  woken_at       timestamptz,
  check ((state = 'closed') = (opened_at is null)),
  check ((state = 'open') = (next_probe_at is not null))
);
create index breakers_lagging on breakers (woken_at) where wake_version > seen_version;
alter table breakers enable row level security;
alter table breakers force row level security;
create policy by_itself on breakers for all to mooring_app
  using (region = mooring_region() and mooring_principal() in ('system', agent_id))
  with check (region = mooring_region() and mooring_principal() in ('system', agent_id));
-- An owner who moves an agent, or takes it off, resets what was held against the old address.
create policy by_owner on breakers for all to mooring_app
  using (region = mooring_region() and exists (select from agents where id = agent_id and owner_id = mooring_principal()));
grant select, insert, update on breakers to mooring_app;

-- Since when a task waits for its agent's endpoint to come back; any change of its state ends that.
alter table tasks add column parked_at timestamptz;
alter table tasks add check (parked_at is null or ended_at is null);
create index tasks_parked on tasks (to_agent_id, created_at, id) where parked_at is not null;

-- Only an `attempt` counts against the four; the monitor makes the others: a `probe`, or one of the tasks that were
-- parked (`drained`).
alter table task_attempts add column kind text not null default 'attempt' check (kind in ('attempt', 'probe', 'drained'));
