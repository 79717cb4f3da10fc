-- What a step cost beside its plain input, how much was sent for it, and how long it took (docs/context.md).
alter table steps
  add column cache_read_tokens  integer not null default 0,
  add column cache_write_tokens integer not null default 0,
  add column request_bytes      integer,
  add column work_ms            integer not null default 0;
alter table turns
  add column cache_read_tokens  integer not null default 0,
  add column cache_write_tokens integer not null default 0,
  -- what is told of it to the model since it left the conversation: one line, from the platform's records
  add column fact               text;
-- The conversation is told to the model from the turn of this number on, and tool results in full from that one on.
alter table sessions
  add column told_from       integer not null default 1,
  add column told_whole_from integer not null default 1;
