-- Agents of the network (/v1): they speak for themselves by a key of their own, and may have a person behind them.
alter table agents drop constraint agents_kind_check;
alter table agents add constraint agents_kind_check check (kind in ('service', 'personal', 'network'));
alter table agents drop constraint agents_slug_check;
alter table agents add constraint agents_slug_check check (slug ~ '^[a-z0-9_-]+$' and length(slug) between 3 and 64);
alter table agents drop constraint agents_check;
alter table agents add constraint agents_check check (kind <> 'service' or base_url is not null);
alter table agents alter column owner_id drop not null;
alter table agents add check (kind = 'network' or owner_id is not null);
create policy by_itself on agents for all to mooring_app
  using (region = mooring_region() and id = mooring_principal())
  with check (region = mooring_region() and id = mooring_principal());
-- Agents of the network see each other; what one of them may see of another is the query's to say.
create policy of_the_network on agents for select to mooring_app
  using (region = mooring_region() and kind <> 'service' and mooring_principal() like 'agt\_%');
create index network_agents_of_owner on agents (owner_id) where kind = 'network';

-- What an agent of the network says of itself. Its standing is agents.status, its presence stands here.
create table network_profiles (
  agent_id              text primary key references agents (id),
  region                text not null default mooring_region(),
  agent_type            text not null check (agent_type in ('service', 'personal', 'proxy', 'worker', 'org')),
  owner_type            text not null check (owner_type in ('individual', 'organization')),
  runtime               text check (length(runtime) <= 50),
  presence              text not null default 'active' check (presence in ('active', 'online', 'busy', 'away', 'offline')),
  visibility_scope      text not null check (visibility_scope in ('public', 'network_only', 'circle_only', 'private')),
  contact_policy        text not null check (contact_policy in
                        ('public_service_only', 'known_direct', 'intro_only', 'circle_request', 'closed')),
  introduction_policy   text not null default 'confirm_required'
                        check (introduction_policy in ('open', 'confirm_required', 'closed')),
  verification_level    text not null default 'none'
                        check (verification_level in ('none', 'email', 'github', 'domain', 'workspace', 'manual_review')),
  profile               jsonb not null default '{}' check (octet_length(profile::text) <= 16384),
  field_visibility      jsonb not null default '{}' check (octet_length(field_visibility::text) <= 4096),
  -- whether it is told of its tasks, or looks for them
  told_by               text not null default 'inbox' check (told_by in ('inbox', 'webhook')),
  last_seen_at          timestamptz,
  updated_at            timestamptz not null default now()
);
alter table network_profiles enable row level security;
alter table network_profiles force row level security;
create policy by_itself on network_profiles for all to mooring_app
  using (region = mooring_region() and mooring_principal() in ('system', agent_id))
  with check (region = mooring_region() and mooring_principal() in ('system', agent_id));
create policy of_the_network on network_profiles for select to mooring_app
  using (region = mooring_region() and mooring_principal() like 'agt\_%');
grant select, insert, update on network_profiles to mooring_app;

-- Only a keyed hash of each key is kept; a new key takes the place of the old one.
create table network_keys (
  agent_id    text primary key references agents (id),
  region      text not null default mooring_region(),
  key_hash    bytea not null unique check (octet_length(key_hash) = 32),
  created_at  timestamptz not null default now()
);
alter table network_keys enable row level security;
alter table network_keys force row level security;
create policy by_itself on network_keys for all to mooring_app
  using (region = mooring_region() and mooring_principal() in ('system', agent_id))
  with check (region = mooring_region() and mooring_principal() in ('system', agent_id));
grant select, insert, update, delete on network_keys to mooring_app;

-- From here on the transaction acts for the agent whose key this is: in the round trip that begins it. No row: nobody's.
create function mooring_enter_with_key(hash bytea, in_region text)
  returns table (agent_id text, standing text) language plpgsql as $$
begin
  perform set_config('mooring.region', in_region, true), set_config('mooring.principal', 'system', true);
  select k.agent_id, a.status into agent_id, standing
    from network_keys k join agents a on a.id = k.agent_id where k.key_hash = hash;
  perform set_config('mooring.principal', coalesce(agent_id, ''), true);
  if agent_id is null then
    return;
  end if;
  -- Once a minute at most, so that a busy agent is not a busy row.
  update network_profiles p
     set last_seen_at = now(), presence = case when presence in ('away', 'offline') then 'online' else presence end
   where p.agent_id = mooring_enter_with_key.agent_id
     and (p.last_seen_at is null or p.last_seen_at < now() - interval '1 minute');
  return next;
end
$$;

-- Where an agent is told of its tasks. Secrets are sealed with the process secret, the newest first; an older one is
-- good until its time.
create table endpoints (
  agent_id    text primary key references agents (id),
  region      text not null default mooring_region(),
  url         text not null check (length(url) <= 500),
  secrets     jsonb not null,
  events      text[],
  updated_at  timestamptz not null default now()
);
alter table endpoints enable row level security;
alter table endpoints force row level security;
create policy by_itself on endpoints for all to mooring_app
  using (region = mooring_region() and mooring_principal() in ('system', agent_id))
  with check (region = mooring_region() and mooring_principal() in ('system', agent_id));
grant select, insert, update, delete on endpoints to mooring_app;

-- The mail address of the person behind an agent, and the code that was sent to it.
create table owner_emails (
  agent_id     text primary key references agents (id),
  region       text not null default mooring_region(),
  email        text not null check (email = lower(email) and length(email) <= 254),
  code_hash    bytea,
  code_until   timestamptz,
  tries        integer not null default 0,
  verified_at  timestamptz,
  created_at   timestamptz not null default now()
);
alter table owner_emails enable row level security;
alter table owner_emails force row level security;
create policy by_itself on owner_emails for all to mooring_app
  using (region = mooring_region() and mooring_principal() in ('system', agent_id))
  with check (region = mooring_region() and mooring_principal() in ('system', agent_id));
grant select, insert, update, delete on owner_emails to mooring_app;

-- What a call with an idempotency key was answered with; null: it held a secret, and is not said twice.
create table idempotency_records (
  agent_id    text not null references agents (id),
  path        text not null check (length(path) <= 300),
  key         text not null check (length(key) between 1 and 64),
  region      text not null default mooring_region(),
  body_hash   bytea not null,
  status      integer not null,
  answer      jsonb,
  created_at  timestamptz not null default now(),
  primary key (agent_id, path, key)
);
create index idempotency_records_old on idempotency_records (created_at);
alter table idempotency_records enable row level security;
alter table idempotency_records force row level security;
create policy by_itself on idempotency_records for all to mooring_app
  using (region = mooring_region() and mooring_principal() in ('system', agent_id))
  with check (region = mooring_region() and mooring_principal() in ('system', agent_id));
grant select, insert, delete on idempotency_records to mooring_app;

-- A task between agents: what is asked stands in words and a payload; a chat's has an action and its arguments.
-- `user_id` is the person who pays and confirms; null: there is none.
alter table tasks alter column user_id drop not null;
alter table tasks alter column action drop not null;
alter table tasks alter column arguments drop not null;
alter table tasks
  add column task_type      text not null default 'service_request'
             check (task_type in ('service_request', 'collaboration', 'introduction')),
  add column description    text check (length(description) <= 2000),
  add column payload_ref    text check (length(payload_ref) <= 500),
  add column payload_inline jsonb,
  add column risk_reasons   text[] not null default '{}',
  add column result_text    text check (length(result_text) <= 65536),
  -- of whoever ended it: why it was declined, cancelled or failed, or what is to be said of its result
  add column notes          text check (length(notes) <= 2000),
  add column retryable      boolean,
  add column trace_id       text,
  -- until when a person may decide; set with an accept of R2 or R3
  add column human_confirm_deadline timestamptz,
  add column updated_at     timestamptz not null default now(),
  add column completed_at   timestamptz,
  add column cancelled_at   timestamptz,
  -- raised by every fact that signals the workflow; its activities write back what they have seen
  add column wake_version   integer not null default 0,
  add column seen_version   integer not null default 0,
  add column woken_at       timestamptz,
  add check ((action is null) = (arguments is null));
update tasks t set
  completed_at = case when status = 'completed' then ended_at end,
  cancelled_at = case when status = 'cancelled' then ended_at end,
  updated_at = coalesce(ended_at, created_at);
create index tasks_inbox on tasks (to_agent_id, created_at desc, id desc);
create index tasks_outbox on tasks (from_agent_id, created_at desc, id desc);
create index tasks_lagging on tasks (woken_at) where wake_version > seen_version and ended_at is null;
create policy by_side on tasks for all to mooring_app
  using (region = mooring_region() and mooring_principal() in (from_agent_id, to_agent_id))
  with check (region = mooring_region() and mooring_principal() in (from_agent_id, to_agent_id));

-- What belongs to a task is read by its two sides, and recorded by whoever's transaction makes it true.
alter table task_events alter column user_id drop not null;
alter table task_attempts alter column user_id drop not null;
alter table interactions alter column user_id drop not null;
alter table task_attempts add column latency_ms integer;
alter table task_attempts drop constraint task_attempts_outcome_check;
alter table task_attempts add constraint task_attempts_outcome_check
  check (outcome in ('completed', 'delivered', 'failed', 'retry'));
create policy by_side on task_events for select to mooring_app
  using (exists (select from tasks where tasks.id = task_id));
create policy record on task_events for insert to mooring_app
  with check (region = mooring_region() and mooring_principal() is not null);
create policy by_side on task_attempts for select to mooring_app
  using (exists (select from tasks where tasks.id = task_id));
create policy by_side on interactions for select to mooring_app
  using (region = mooring_region() and mooring_principal() in (from_agent_id, to_agent_id));
create policy record on interactions for insert to mooring_app
  with check (region = mooring_region() and mooring_principal() in (from_agent_id, to_agent_id));
alter table interactions add column rating smallint check (rating between 1 and 5);
grant update on interactions to mooring_app;
create policy rate on interactions for update to mooring_app
  using (region = mooring_region() and mooring_principal() = from_agent_id);
create index interactions_of_sender on interactions (from_agent_id, created_at desc);
create index interactions_of_receiver on interactions (to_agent_id, created_at desc);

-- A person's yes or no to a task of R2 or R3. The link of the mail is kept as a hash only; what was shown is bound by its
-- hash, so that nothing else can run by this yes.
create table confirmations (
  id            text primary key check (id ~ '^hc_\w{21}$'),
  region        text not null default mooring_region(),
  task_id       text not null unique references tasks (id),
  user_id       text not null references users (id),
  token_hash    bytea unique,
  payload_hash  bytea not null,
  state         text not null default 'OPEN' check (state in ('OPEN', 'APPROVED', 'REFUSED', 'EXPIRED', 'WITHDRAWN')),
  expires_at    timestamptz not null,
  -- half of its time: then the person is reminded once
  remind_at     timestamptz not null,
  mailed_at     timestamptz,
  reminded_at   timestamptz,
  decided_at    timestamptz,
  note          text check (length(note) <= 500),
  -- R3: a fresh code by mail
  code_hash     bytea,
  code_until    timestamptz,
  code_tries    integer not null default 0,
  created_at    timestamptz not null default now(),
  check ((state in ('APPROVED', 'REFUSED')) = (decided_at is not null))
);
select mooring_guard('confirmations', 'user_id', 'select, insert, update');
-- Either side's accept or cancel opens or takes back the question to the sender's person.
create policy record on confirmations for insert to mooring_app
  with check (region = mooring_region() and mooring_principal() is not null);
