create table agents (
  id                     text primary key check (id ~ '^agt_\w{21}$'),
  region                 text not null default mooring_region(),
  kind                   text not null check (kind in ('service', 'personal')),
  owner_id               text not null references users (id),
  slug                   text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 64),
  name                   text not null check (length(name) between 1 and 100),
  description            text not null check (length(description) <= 4000),
  categories             text[] not null default '{}',
  tags                   text[] not null default '{}',
  base_url               text check (length(base_url) <= 2000),
  status                 text not null check (status in ('PENDING', 'ACTIVE', 'REJECTED', 'SUSPENDED')),
  -- what /capabilities said last, for the search
  offer                  jsonb,
  last_health_status     text check (last_health_status in ('healthy', 'degraded', 'not_ready', 'unhealthy')),
  last_health_check_at   timestamptz,
  created_at             timestamptz not null default now(),
  check (kind = 'personal' or base_url is not null)
);
create unique index agents_one_personal on agents (owner_id) where kind = 'personal';
alter table agents enable row level security;
alter table agents force row level security;
create policy by_owner on agents for all to mooring_app
  using (mooring_sees(owner_id, region)) with check (mooring_sees(owner_id, region));
-- The listing of an active service agent is public within its region.
create policy listed on agents for select to mooring_app
  using (region = mooring_region() and mooring_principal() is not null and kind = 'service' and status = 'ACTIVE');
grant select, insert, update on agents to mooring_app;

-- What our calls to a service agent carry, sealed with the process secret (lib/seal.ts). Not in the listing, which
-- everyone of the region may read.
create table agent_keys (
  agent_id          text primary key references agents (id),
  region            text not null default mooring_region(),
  orchestrator_key  text not null,
  signing_secret    text not null
);
alter table agent_keys enable row level security;
alter table agent_keys force row level security;
create policy system_only on agent_keys for all to mooring_app
  using (region = mooring_region() and mooring_principal() = 'system')
  with check (region = mooring_region() and mooring_principal() = 'system');
grant select, insert, update on agent_keys to mooring_app;

-- One vector an agent and model; `source_hash` tells when the agent's text has changed since.
create table agent_embeddings (
  agent_id     text not null references agents (id),
  region       text not null default mooring_region(),
  model_id     text not null,
  source_hash  text not null,
  vector       real[] not null,
  created_at   timestamptz not null default now(),
  primary key (agent_id, model_id)
);
alter table agent_embeddings enable row level security;
alter table agent_embeddings force row level security;
create policy system_only on agent_embeddings for all to mooring_app
  using (region = mooring_region() and mooring_principal() = 'system')
  with check (region = mooring_region() and mooring_principal() = 'system');
grant select, insert, update on agent_embeddings to mooring_app;
