-- What owners list themselves: its review, and what the last probe found.
alter table agents drop constraint agents_status_check;
alter table agents add constraint agents_status_check
  check (status in ('PENDING', 'ACTIVE', 'REJECTED', 'SUSPENDED', 'DELETED'));
alter table agents
  add column source_code_url  text check (length(source_code_url) <= 2000),
  -- as the owner says it; what a call costs stands in the offer
  add column pricing_summary  jsonb check (octet_length(pricing_summary::text) <= 200),
  -- what /health said last
  add column agent_version    text check (length(agent_version) <= 100),
  add column probed_at        timestamptz,
  -- null: the last probe was good
  add column probe_problem    text check (length(probe_problem) <= 500),
  -- raised by every fact that signals the monitor; a listing that was never woken (the demo's) has none
  add column wake_version     integer not null default 0,
  add column seen_version     integer not null default 0,
  add column woken_at         timestamptz;
create index agents_of_owner on agents (owner_id, created_at desc) where kind = 'service';
create index agents_lagging on agents (woken_at) where wake_version > seen_version;
create index interactions_of_agent on interactions (to_agent_id) where status = 'completed';

alter table outbox drop constraint outbox_workflow_check;
alter table outbox add constraint outbox_workflow_check
  check (workflow in ('chatSession', 'task', 'payment', 'agentMonitor'));

-- The legal edges, the same table as domain/agent.ts; a test holds them together.
create table listing_edges (
  from_status  text not null,
  to_status    text not null,
  primary key (from_status, to_status)
);
insert into listing_edges values
  ('PENDING', 'ACTIVE'), ('PENDING', 'REJECTED'), ('PENDING', 'DELETED'),
  ('ACTIVE', 'PENDING'), ('ACTIVE', 'SUSPENDED'), ('ACTIVE', 'DELETED'),
  ('SUSPENDED', 'PENDING'), ('SUSPENDED', 'ACTIVE'), ('SUSPENDED', 'DELETED'),
  ('REJECTED', 'DELETED');
-- Reference data: the same for everyone, never written by the application.
alter table listing_edges enable row level security;
alter table listing_edges force row level security;
create policy readable on listing_edges for select to mooring_app using (true);
grant select on listing_edges to mooring_app;

-- Every change of a listing's state: who made it, and why.
create table listing_events (
  agent_id     text not null references agents (id),
  number       integer not null,
  region       text not null default mooring_region(),
  owner_id     text not null references users (id),
  from_status  text,
  to_status    text not null,
  -- a person's id, or the part of the platform that made it
  actor        text not null,
  reason       text check (length(reason) <= 1000),
  created_at   timestamptz not null default now(),
  primary key (agent_id, number),
  foreign key (from_status, to_status) references listing_edges (from_status, to_status)
);
select mooring_guard('listing_events', 'owner_id', 'select, insert');
