-- What a person sent under an id of their own, so that the same again has no second effect. Messages keep their ids themselves.
create table client_facts (
  session_id  text not null references sessions (id),
  client_id   text not null check (length(client_id) between 1 and 200),
  region      text not null default mooring_region(),
  user_id     text not null,
  -- SHA-256 of what was said: other content under the same id is another fact
  said        bytea not null,
  -- what was answered: ids and states, never words
  answer      jsonb not null,
  created_at  timestamptz not null default now(),
  primary key (session_id, client_id)
);
create index client_facts_by_age on client_facts (session_id, created_at);
select mooring_guard('client_facts', 'user_id', 'select, insert, delete');
