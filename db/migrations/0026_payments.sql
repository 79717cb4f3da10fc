-- What is charged may be less than what is held, a fee may be taken from it, and it may be given back later.
alter table payments
  -- of the price, as it was when the person was asked; the owner gets the rest
  add column fee_micros       bigint not null default 0 check (fee_micros >= 0 and fee_micros < amount_micros),
  add column captured_micros  bigint check (captured_micros between 1 and amount_micros),
  add column refunded_micros  bigint not null default 0 check (refunded_micros >= 0);
alter table payments no force row level security;
update payments set captured_micros = amount_micros where state = 'CAPTURED';
alter table payments force row level security;
alter table payments add check (refunded_micros <= coalesce(captured_micros, 0));
alter table payments drop constraint payments_state_check;
alter table payments add constraint payments_state_check check (state in
  ('AWAITING_APPROVAL', 'AUTHORIZING', 'HELD', 'CAPTURED', 'VOIDED', 'RECLAIMED', 'REFUNDED', 'DISPUTED', 'UNKNOWN',
   'DECLINED', 'EXPIRED', 'FAILED'));
alter table payments add constraint payments_captured
  check ((state in ('CAPTURED', 'REFUNDED', 'DISPUTED')) = (captured_micros is not null));
alter table payments add constraint payments_refunded
  check ((state = 'REFUNDED') = (refunded_micros > 0 and refunded_micros = captured_micros));
drop index payments_open;
create index payments_open on payments (id) where state in ('AWAITING_APPROVAL', 'AUTHORIZING', 'HELD', 'UNKNOWN');
create index payments_of_user on payments (user_id, created_at desc, id desc);

-- What an agent has charged for a task, when that is less than its price.
alter table tasks add column charge_micros bigint check (charge_micros >= 0);

-- The legal edges, the same table as domain/payment.ts; a test holds them together.
create table payment_edges (
  from_state  text not null,
  to_state    text not null,
  primary key (from_state, to_state)
);
insert into payment_edges values
  ('AWAITING_APPROVAL', 'AUTHORIZING'), ('AWAITING_APPROVAL', 'DECLINED'), ('AWAITING_APPROVAL', 'EXPIRED'),
  ('AUTHORIZING', 'HELD'), ('AUTHORIZING', 'FAILED'), ('AUTHORIZING', 'UNKNOWN'),
  ('HELD', 'CAPTURED'), ('HELD', 'VOIDED'), ('HELD', 'RECLAIMED'), ('HELD', 'UNKNOWN'),
  ('CAPTURED', 'REFUNDED'), ('CAPTURED', 'DISPUTED'),
  ('UNKNOWN', 'HELD'), ('UNKNOWN', 'FAILED'), ('UNKNOWN', 'CAPTURED'), ('UNKNOWN', 'VOIDED'), ('UNKNOWN', 'RECLAIMED');
alter table payment_edges enable row level security;
alter table payment_edges force row level security;
create policy readable on payment_edges for select to mooring_app using (true);
grant select on payment_edges to mooring_app;

-- Each change of a payment's state, written by the database itself, so that none is without its event and none is illegal.
create table payment_events (
  id          bigint generated always as identity primary key,
  payment_id  text not null references payments (id),
  region      text not null default mooring_region(),
  user_id     text not null,
  from_state  text,
  to_state    text not null,
  created_at  timestamptz not null default now(),
  foreign key (from_state, to_state) references payment_edges (from_state, to_state)
);
create index payment_events_of_payment on payment_events (payment_id, id);
select mooring_guard('payment_events', 'user_id', 'select, insert');
create function payment_moved() returns trigger language plpgsql as $$
begin
  insert into payment_events (payment_id, region, user_id, from_state, to_state)
    values (new.id, new.region, new.user_id, case when tg_op = 'UPDATE' then old.state end, new.state);
  return null;
end
$$;
create trigger born after insert on payments for each row execute function payment_moved();
create trigger moved after update of state on payments
  for each row when (old.state is distinct from new.state) execute function payment_moved();

-- What was given back of a captured payment, by whom and why; its transfers carry its key.
create table refunds (
  payment_id     text not null references payments (id),
  -- the caller's own name for it: the same again is the same refund
  key            text not null check (length(key) between 1 and 200),
  region         text not null default mooring_region(),
  -- of the payer
  user_id        text not null,
  refunded_by    text not null references users (id),
  amount_micros  bigint not null check (amount_micros > 0),
  reason         text not null check (length(reason) between 1 and 500),
  created_at     timestamptz not null default now(),
  primary key (payment_id, key)
);
select mooring_guard('refunds', 'user_id', 'select, insert');
