-- A person may stop a turn, close a chat, and be asked.
alter table turns add column cancelled_at timestamptz;
-- why a request was taken back before it was answered
alter table payments add column withdrawn text check (withdrawn in ('turn_cancelled', 'session_closed'));

create table prompts (
  id            text primary key check (id ~ '^prm_\w{21}$'),
  region        text not null default mooring_region(),
  session_id    text not null references sessions (id),
  user_id       text not null,
  turn_id       text not null references turns (id),
  tool_call_id  text not null unique references tool_calls (id),
  question      text not null,
  options       jsonb not null default '[]',
  state         text not null default 'OPEN' check (state in ('OPEN', 'ANSWERED', 'EXPIRED', 'WITHDRAWN')),
  answer        text,
  expires_at    timestamptz not null,
  created_at    timestamptz not null default now(),
  resolved_at   timestamptz,
  check ((state = 'OPEN') = (resolved_at is null)),
  check ((state = 'ANSWERED') = (answer is not null))
);
create index prompts_open on prompts (session_id, expires_at) where state = 'OPEN';
select mooring_guard('prompts', 'user_id', 'select, insert, update, delete');
