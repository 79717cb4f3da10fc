-- What a program of a person shows instead of an access token. Only the hash is stored; a revoked one is no row.
create table api_keys (
  id            text primary key check (id ~ '^key_\w{21}$'),
  region        text not null default mooring_region(),
  user_id       text not null references users (id),
  name          text not null check (length(name) between 1 and 100),
  -- the beginning of the key, by which its person knows it again
  prefix        text not null check (prefix ~ '^abk_live_[\w-]{6}$'),
  key_hash      bytea not null unique check (octet_length(key_hash) = 32),
  created_at    timestamptz not null default now(),
  -- to the minute
  last_used_at  timestamptz
);
create index api_keys_of_user on api_keys (user_id, created_at desc, id desc);
select mooring_guard('api_keys', 'user_id', 'select, insert, update, delete');
