-- Double entry, micro-USDC. `outside` stands for the world and is the only account that may go below zero,
-- so that all postings sum to zero.
create table ledger_accounts (
  id               text primary key,
  region           text not null default mooring_region(),
  kind             text not null check (kind in ('user', 'owner', 'fees', 'outside')),
  -- the person whose account it is; 'platform' for fees and outside
  owner_id         text not null,
  posted_micros    bigint not null default 0,
  held_micros      bigint not null default 0 check (held_micros >= 0),
  check (kind = 'outside' or posted_micros - held_micros >= 0)
);
select mooring_guard('ledger_accounts', 'owner_id', 'select, insert, update');

-- Immutable. A pending transfer (a hold) has exactly one outcome: posted (all or part) or voided.
create table ledger_transfers (
  id              bigint generated always as identity primary key,
  region          text not null default mooring_region(),
  key             text not null unique,
  phase           text not null check (phase in ('single', 'pending', 'posted', 'voided')),
  pending_id      bigint unique references ledger_transfers (id),
  kind            text not null check (kind in ('top_up', 'hold', 'void', 'capture')),
  debit_account   text not null references ledger_accounts (id),
  credit_account  text not null references ledger_accounts (id),
  amount_micros   bigint not null check (amount_micros > 0),
  payment_id      text,
  owner_id        text not null,
  created_at      timestamptz not null default now(),
  check (debit_account <> credit_account),
  check ((phase in ('posted', 'voided')) = (pending_id is not null))
);
select mooring_guard('ledger_transfers', 'owner_id', 'select, insert');

create table payments (
  id                text primary key check (id ~ '^pay_\w{21}$'),
  region            text not null default mooring_region(),
  user_id           text not null references users (id),
  session_id        text not null references sessions (id),
  turn_id           text not null references turns (id),
  tool_call_id      text not null unique references tool_calls (id),
  agent_id          text not null references agents (id),
  -- as they were when the person was asked
  agent_name        text not null,
  agent_owner_id    text not null references users (id),
  action            text not null,
  amount_micros     bigint not null check (amount_micros > 0),
  offer_hash        text not null,
  state             text not null check (state in
                    ('AWAITING_APPROVAL', 'AUTHORIZING', 'HELD', 'CAPTURED', 'VOIDED', 'DECLINED', 'EXPIRED', 'FAILED')),
  expires_at        timestamptz not null,
  capture_deadline  timestamptz not null,
  decided_at        timestamptz,
  wake_version      integer not null default 0,
  seen_version      integer not null default 0,
  woken_at          timestamptz,
  created_at        timestamptz not null default now()
);
create index payments_of_session on payments (session_id, created_at);
create index payments_open on payments (id) where state in ('AWAITING_APPROVAL', 'AUTHORIZING', 'HELD');
select mooring_guard('payments', 'user_id', 'select, insert, update');
