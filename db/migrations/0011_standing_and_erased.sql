-- A payment of at most so much is approved by what the person said when they opened the chat; 0: none is.
alter table sessions
  add column auto_approve_micros  bigint not null default 0 check (auto_approve_micros >= 0),
  -- the person has taken the chat back: its content is gone, and to people it is not there any more
  add column erased_at            timestamptz,
  add check (erased_at is null or (phase = 'CLOSED' and title is null and metadata = '{}'));

-- Whose decision it was; null while there is none, and where it was the person's before this was written down.
alter table payments
  add column decided_by  text check (decided_by in ('person', 'standing'));

-- What is erased is left to the system, which has to end what was still under way.
alter policy by_owner on sessions
  using (mooring_sees(user_id, region) and (erased_at is null or mooring_principal() = 'system'));
grant delete on session_sequences, session_events, messages, steps, connections to mooring_app;
