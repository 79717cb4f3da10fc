create table sessions (
  id               text primary key check (id ~ '^ses_\w{21}$'),
  region           text not null default mooring_region(),
  user_id          text not null references users (id),
  title            text check (length(title) <= 200),
  phase            text not null default 'STARTED'
                   check (phase in ('STARTED', 'CONNECTED', 'AGENT_CONNECTED', 'WORKING', 'AWAITING_PAYMENT', 'CLOSED')),
  budget_micros    bigint not null check (budget_micros >= 0),
  metadata         jsonb not null default '{}',
  -- raised by every fact that signals the workflow; the workflow's activities write back what they have seen
  wake_version     integer not null default 0,
  seen_version     integer not null default 0,
  woken_at         timestamptz,
  created_at       timestamptz not null default now(),
  last_message_at  timestamptz not null default now(),
  closed_at        timestamptz
);
create index sessions_of_user on sessions (user_id, last_message_at desc, id desc);
create index sessions_lagging on sessions (woken_at) where wake_version > seen_version;
create index sessions_woken on sessions (woken_at);
create index sessions_resting on sessions (last_message_at) where phase <> 'CLOSED';
select mooring_guard('sessions', 'user_id', 'select, insert, update');

-- The sequence of a session's log, apart from the row so that a frame does not lock the session.
create table session_sequences (
  session_id  text primary key references sessions (id),
  region      text not null default mooring_region(),
  user_id     text not null,
  last_seq    integer not null default 0
);
select mooring_guard('session_sequences', 'user_id', 'select, insert, update');

-- Every frame a client must see, written in the transaction that makes it true.
create table session_events (
  session_id  text not null references sessions (id),
  seq         integer not null check (seq > 0),
  id          text not null,
  region      text not null default mooring_region(),
  user_id     text not null,
  type        text not null,
  data        jsonb not null,
  created_at  timestamptz not null default now(),
  primary key (session_id, seq)
);
select mooring_guard('session_events', 'user_id', 'select, insert');

-- What a person said (kind user), or what came of a wait that an earlier turn had left (kind outcome).
create table messages (
  id          text primary key check (id ~ '^msg_\w{21}$'),
  region      text not null default mooring_region(),
  session_id  text not null references sessions (id),
  user_id     text not null,
  client_id   text not null check (length(client_id) between 1 and 200),
  kind        text not null check (kind in ('user', 'outcome')),
  content     text not null,
  seq         integer,
  -- null until a turn has taken it up
  turn_id     text,
  position    bigint generated always as identity,
  created_at  timestamptz not null default now(),
  unique (session_id, client_id)
);
create index messages_unanswered on messages (session_id, position) where turn_id is null;
create index messages_of_turn on messages (turn_id);
select mooring_guard('messages', 'user_id', 'select, insert, update');

create table turns (
  id             text primary key check (id ~ '^trn_\w{21}$'),
  region         text not null default mooring_region(),
  session_id     text not null references sessions (id),
  user_id        text not null,
  message_id     text not null unique references messages (id),
  number         integer not null,
  -- taken by each attempt at a step; a write with an older number is a zombie's and is refused
  fence          integer not null default 0,
  outcome        text check (outcome in ('answered', 'waiting', 'cancelled', 'limit', 'failed')),
  input_tokens   integer not null default 0,
  output_tokens  integer not null default 0,
  cost_micros    bigint not null default 0,
  started_at     timestamptz not null default now(),
  ended_at       timestamptz,
  unique (session_id, number),
  check ((outcome is null) = (ended_at is null))
);
create unique index turns_one_open on turns (session_id) where outcome is null;
select mooring_guard('turns', 'user_id', 'select, insert, update');
alter table messages add foreign key (turn_id) references turns (id);

-- One answer of the model, as it came: stored once for (turn, step), never asked for again.
create table steps (
  turn_id        text not null references turns (id),
  step           integer not null check (step > 0),
  region         text not null default mooring_region(),
  user_id        text not null,
  content        jsonb not null,
  stop_reason    text not null,
  model          text not null,
  input_tokens   integer not null,
  output_tokens  integer not null,
  cost_micros    bigint not null,
  created_at     timestamptz not null default now(),
  primary key (turn_id, step)
);
select mooring_guard('steps', 'user_id', 'select, insert');

-- id is `<turn>/<step>/<position>`: the same call has the same id however often it is tried.
create table tool_calls (
  id           text primary key,
  region       text not null default mooring_region(),
  session_id   text not null references sessions (id),
  user_id      text not null,
  turn_id      text not null references turns (id),
  step         integer not null,
  position     integer not null,
  tool_use_id  text not null,
  name         text not null,
  input        jsonb not null,
  -- proposed: not yet run; waiting: for a person or a task; left: the turn went on without it; done: answered
  state        text not null check (state in ('proposed', 'waiting', 'left', 'done')),
  wait_until   timestamptz,
  -- what the model reads: set once when the call is answered or left
  result       jsonb,
  is_error     boolean not null default false,
  created_at   timestamptz not null default now(),
  unique (turn_id, step, position),
  check ((state in ('left', 'done')) = (result is not null))
);
create index tool_calls_of_session on tool_calls (session_id, turn_id, step);
select mooring_guard('tool_calls', 'user_id', 'select, insert, update');

-- What an agent offered when this session connected to it. Prices are bound to it by hash.
create table connections (
  session_id  text not null references sessions (id),
  agent_id    text not null references agents (id),
  region      text not null default mooring_region(),
  user_id     text not null,
  turn_id     text not null references turns (id),
  agent_name  text not null,
  offer       jsonb not null,
  offer_hash  text not null,
  created_at  timestamptz not null default now(),
  primary key (session_id, agent_id)
);
create index connections_of_turn on connections (turn_id);
select mooring_guard('connections', 'user_id', 'select, insert, update');
