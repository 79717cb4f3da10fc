-- What a person may spend over all their chats, in a day and in a month of UTC. Its row is the lock of their approvals.
create table budgets (
  user_id       text primary key references users (id),
  region        text not null default mooring_region(),
  day_micros    bigint check (day_micros >= 0),
  month_micros  bigint check (month_micros >= 0),
  updated_at    timestamptz not null default now()
);
select mooring_guard('budgets', 'user_id', 'select, insert, update');

-- What they approve beforehand: payments of at most so much, to one agent or to any, at most so much of it a day.
create table standing_rules (
  id              text primary key check (id ~ '^rul_\w{21}$'),
  region          text not null default mooring_region(),
  user_id         text not null references users (id),
  agent_id        text references agents (id),
  payment_micros  bigint not null check (payment_micros > 0),
  day_micros      bigint check (day_micros >= payment_micros),
  created_at      timestamptz not null default now(),
  revoked_at      timestamptz
);
create index standing_rules_of_user on standing_rules (user_id) where revoked_at is null;
select mooring_guard('standing_rules', 'user_id', 'select, insert, update');

alter table payments
  -- the rule by which it was approved; null: the person did, or what they said when they opened the chat
  add column rule_id text references standing_rules (id),
  add check (rule_id is null or decided_by = 'standing');
create index payments_decided on payments (user_id, decided_at) where decided_at is not null;
alter table payments drop constraint payments_withdrawn_check;
alter table payments add constraint payments_withdrawn_check
  check (withdrawn in ('turn_cancelled', 'session_closed', 'offer_changed'));
