-- Who decided what about money and permissions, when, and as what (docs/decisions/0012). Ids and amounts only.
create table audit_log (
  id            bigint generated always as identity primary key,
  region        text not null,
  at            timestamptz not null default clock_timestamp(),
  -- `database`: nobody's transaction, a hand at the database itself
  actor_kind    text not null check (actor_kind in ('user', 'admin', 'agent', 'system', 'database')),
  actor_id      text not null,
  action        text not null check (action in (
    'account.opened', 'sign_in.revoked', 'api_key.made', 'api_key.revoked',
    'budget.set', 'rule.added', 'rule.revoked', 'chat.auto_approval_set', 'chat.erased',
    'payment.approved', 'payment.declined', 'payment.held', 'payment.captured', 'payment.voided', 'payment.reclaimed',
    'payment.refunded', 'payment.disputed', 'payment.unknown', 'payment.expired', 'payment.failed', 'refund.decided', 'refund.done',
    'refund.failed',
    'ledger.transferred', 'wallet.opened', 'move.ended', 'move.judged', 'move.decided', 'signing_key.made',
    'confirmation.approved', 'confirmation.refused',
    'agent.registered', 'agent.approved', 'agent.rejected', 'agent.suspended', 'agent.restored', 'agent.reopened',
    'agent.deleted', 'agent.owner_set', 'agent.key_set', 'agent.key_removed', 'agent.webhook_set',
    'agent.webhook_removed')),
  subject_kind  text not null,
  subject_id    text not null,
  details       jsonb not null check (octet_length(details::text) <= 1000),
  -- of the request whose transaction it was, where there was one
  request_id    text
);
-- Only the triggers below write it: they run as the owner of the tables, and the application has no grant.
alter table audit_log enable row level security;
alter table audit_log force row level security;
create policy by_facts on audit_log for insert with check (true);
create policy by_system on audit_log for select to mooring_app
  using (region = mooring_region() and mooring_principal() = 'system');
grant select on audit_log to mooring_app;

-- A seal is over the rows since the one before it, and over that one. Each row's link is over the row and the link before.
create table audit_seals (
  region     text not null default mooring_region(),
  number     integer not null check (number > 0),
  previous   bytea not null check (octet_length(previous) = 32),
  first_id   bigint not null,
  last_id    bigint not null check (last_id >= first_id),
  rows       integer not null check (rows > 0),
  hash       bytea not null unique check (octet_length(hash) = 32),
  sealed_at  timestamptz not null,
  primary key (region, number)
);
create table audit_links (
  id      bigint primary key,
  region  text not null default mooring_region(),
  seal    integer not null,
  hash    bytea not null check (octet_length(hash) = 32)
);
do $$
declare
  name text;
begin
  foreach name in array array['audit_seals', 'audit_links'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy by_system on %I for all to mooring_app
      using (region = mooring_region() and mooring_principal() = ''system'')
      with check (region = mooring_region() and mooring_principal() = ''system'')', name);
    execute format('grant select, insert on %I to mooring_app', name);
  end loop;
end
$$;

-- Whoever it is, the owner of the database too.
create function audit_refuse() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log only grows: % of % is refused', tg_op, tg_table_name using errcode = 'restrict_violation';
end
$$;
create trigger immutable before update or delete or truncate on audit_log for each statement execute function audit_refuse();
create trigger immutable before update or delete or truncate on audit_seals for each statement execute function audit_refuse();
create trigger immutable before update or delete or truncate on audit_links for each statement execute function audit_refuse();

-- At whose word a transaction acts: the system's may be at a person's.
create function mooring_actor() returns text language sql stable
  as $$ select coalesce(nullif(current_setting('mooring.actor', true), ''), mooring_principal()) $$;

-- `by_kind` and `by_id`: who it was as the fact itself says it.
create function audit_record(
  fact_region text, act text, kind text, id text, details jsonb, by_kind text default null, by_id text default null
) returns void language plpgsql as $$
declare
  who text := mooring_actor();
begin
  insert into audit_log (region, actor_kind, actor_id, action, subject_kind, subject_id, details, request_id) values (
    fact_region,
    case when who is null then 'database' when by_kind is not null then by_kind
         when who = 'system' then 'system' when who like 'agt\_%' then 'agent' else 'user' end,
    case when who is null then session_user::text else coalesce(by_id, who) end,
    act, kind, id, jsonb_strip_nulls(details), nullif(current_setting('mooring.request', true), ''));
end
$$;
revoke execute on function audit_record from public;

-- Each trigger below looks at its own row only: as owner without BYPASSRLS it would see no other.
create function audit_account() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform audit_record(new.region, 'account.opened', 'user', new.id, '{}');
  return null;
end
$$;
create trigger audited after insert on users for each row execute function audit_account();

-- A used token has come back. Of its family one row has not been used.
create function audit_sign_in() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform audit_record(new.region, 'sign_in.revoked', 'user', new.user_id, jsonb_build_object('family_id', new.family_id));
  return null;
end
$$;
create trigger audited after update of revoked_at on refresh_tokens for each row
  when (old.revoked_at is null and new.revoked_at is not null and new.used_at is null) execute function audit_sign_in();

create function audit_api_key() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  fact api_keys := case when tg_op = 'DELETE' then old else new end;
begin
  perform audit_record(fact.region, case when tg_op = 'DELETE' then 'api_key.revoked' else 'api_key.made' end,
    'api_key', fact.id, jsonb_build_object('user_id', fact.user_id));
  return null;
end
$$;
create trigger audited after insert or delete on api_keys for each row execute function audit_api_key();

create function audit_budget() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform audit_record(new.region, 'budget.set', 'user', new.user_id,
    jsonb_build_object('day_micros', new.day_micros::text, 'month_micros', new.month_micros::text));
  return null;
end
$$;
create trigger audited after insert on budgets for each row execute function audit_budget();
create trigger audited_change after update on budgets for each row
  when ((old.day_micros, old.month_micros) is distinct from (new.day_micros, new.month_micros)) execute function audit_budget();

create function audit_rule() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform audit_record(new.region, case when tg_op = 'INSERT' then 'rule.added' else 'rule.revoked' end, 'rule', new.id,
    jsonb_build_object('user_id', new.user_id, 'agent_id', new.agent_id, 'payment_micros', new.payment_micros::text,
                       'day_micros', new.day_micros::text));
  return null;
end
$$;
create trigger audited after insert on standing_rules for each row execute function audit_rule();
create trigger audited_end after update of revoked_at on standing_rules for each row
  when (old.revoked_at is null and new.revoked_at is not null) execute function audit_rule();

create function audit_auto_approval() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform audit_record(new.region, 'chat.auto_approval_set', 'session', new.id,
    jsonb_build_object('user_id', new.user_id, 'payment_micros', new.auto_approve_micros::text));
  return null;
end
$$;
create trigger audited after insert on sessions for each row
  when (new.auto_approve_micros > 0) execute function audit_auto_approval();
create trigger audited_change after update of auto_approve_micros on sessions for each row
  when (old.auto_approve_micros <> new.auto_approve_micros) execute function audit_auto_approval();

create function audit_erasure() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform audit_record(new.region, 'chat.erased', 'session', new.id, jsonb_build_object('user_id', new.user_id));
  return null;
end
$$;
create trigger audited_erasure after update of erased_at on sessions for each row
  when (old.erased_at is null and new.erased_at is not null) execute function audit_erasure();

-- What is approved is named: price, agent, action, and the offer that it is bound to.
create function audit_payment() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  decided boolean := new.state in ('AUTHORIZING', 'DECLINED');
  asked boolean := decided and new.decided_by = 'person';
begin
  perform audit_record(new.region,
    'payment.' || case new.state when 'AUTHORIZING' then 'approved' else lower(new.state) end, 'payment', new.id,
    jsonb_build_object('user_id', new.user_id, 'agent_id', new.agent_id, 'amount_micros', new.amount_micros::text,
      'from', old.state,
      'fee_micros', case when decided then new.fee_micros::text end,
      'offer_hash', case when decided then new.offer_hash end,
      'decided_by', case when decided then new.decided_by end,
      'rule_id', case when decided then new.rule_id end,
      'captured_micros', new.captured_micros::text,
      'refunded_micros', nullif(new.refunded_micros, 0)::text),
    case when asked then 'user' end, case when asked then new.user_id end);
  return null;
end
$$;
create trigger audited after update of state on payments for each row
  when (old.state is distinct from new.state) execute function audit_payment();

-- As what somebody refunds is theirs to say at the time: an owner may be an admin too.
alter table refunds add column refunded_as text check (refunded_as in ('owner', 'platform'));
create function audit_refund() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform audit_record(new.region, 'refund.' || case tg_op when 'INSERT' then 'decided' else new.state end, 'refund', new.id,
    jsonb_build_object('payment_id', new.payment_id, 'user_id', new.user_id, 'amount_micros', new.amount_micros::text,
                       'as', new.refunded_as, 'failure', new.failure),
    case when tg_op = 'INSERT' then case new.refunded_as when 'platform' then 'admin' else 'user' end end,
    case when tg_op = 'INSERT' then new.refunded_by end);
  return null;
end
$$;
create trigger audited after insert on refunds for each row execute function audit_refund();
create trigger audited_end after update of state on refunds for each row
  when (old.state <> new.state) execute function audit_refund();

-- What moves for no payment, and whatever somebody moves by hand; the rest is told by its payment.
create function audit_transfer() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform audit_record(new.region, 'ledger.transferred', 'transfer', new.id::text,
    jsonb_build_object('kind', new.kind, 'phase', new.phase, 'from', new.debit_account, 'to', new.credit_account,
                       'amount_micros', new.amount_micros::text, 'payment_id', new.payment_id));
  return null;
end
$$;
create trigger audited after insert on ledger_transfers for each row
  when (new.payment_id is null or mooring_principal() is null) execute function audit_transfer();

create function audit_wallet() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform audit_record(new.region, 'wallet.opened', 'wallet', new.network || '/' || new.wallet_id,
    jsonb_build_object('account', new.account));
  return null;
end
$$;
create trigger audited after insert on wallets for each row execute function audit_wallet();

create function audit_move() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  by_hand boolean := old.by_hand is distinct from new.by_hand;
begin
  perform audit_record(new.region, case when by_hand then 'move.decided' else 'move.ended' end, 'move', new.key,
    jsonb_build_object('payment_id', new.payment_id, 'refund_id', new.refund_id, 'step', new.step, 'network', new.network, 'from', new.from_account,
      'to', new.to_account, 'amount_micros', new.amount_micros::text, 'state', new.state, 'outcome', new.by_hand,
      'reference', new.reference),
    case when by_hand and mooring_actor() like 'usr\_%' then 'admin' end);
  return null;
end
$$;
create trigger audited after update of ended_at on wallet_moves for each row
  when (old.ended_at is null and new.ended_at is not null) execute function audit_move();
create trigger audited_by_hand after update of by_hand on wallet_moves for each row
  when (old.by_hand is distinct from new.by_hand) execute function audit_move();

create function audit_judgement() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform audit_record(new.region, 'move.judged', 'move', new.move_key, jsonb_build_object('outcome', new.outcome),
    'admin', new.admin_id);
  return null;
end
$$;
create trigger audited after insert on wallet_decisions for each row execute function audit_judgement();

create function audit_signing_key() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform audit_record(new.region, 'signing_key.made', 'signing_key', new.id, '{}');
  return null;
end
$$;
create trigger audited after insert on signing_keys for each row execute function audit_signing_key();

create function audit_confirmation() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform audit_record(new.region, 'confirmation.' || lower(new.state), 'task', new.task_id,
    jsonb_build_object('confirmation_id', new.id, 'payload_hash', encode(new.payload_hash, 'hex')), 'user', new.user_id);
  return null;
end
$$;
create trigger audited after update of state on confirmations for each row
  when (old.state = 'OPEN' and new.state in ('APPROVED', 'REFUSED')) execute function audit_confirmation();

-- Every person has a personal agent from their first moment: that is no permission.
create function audit_agent() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    perform audit_record(new.region, 'agent.registered', 'agent', new.id,
      jsonb_build_object('kind', new.kind, 'status', new.status, 'owner_id', new.owner_id));
    return null;
  end if;
  if new.owner_id is distinct from old.owner_id then
    perform audit_record(new.region, 'agent.owner_set', 'agent', new.id,
      jsonb_build_object('owner_id', new.owner_id, 'before', old.owner_id));
  end if;
  if new.status <> old.status then
    perform audit_record(new.region,
      'agent.' || case new.status when 'ACTIVE' then case old.status when 'PENDING' then 'approved' else 'restored' end
                                  when 'PENDING' then 'reopened' else lower(new.status) end,
      'agent', new.id, jsonb_build_object('kind', new.kind, 'owner_id', new.owner_id, 'from', old.status),
      case when new.kind = 'service' and new.status in ('ACTIVE', 'REJECTED', 'SUSPENDED') and mooring_actor() like 'usr\_%'
           then 'admin' end);
  end if;
  return null;
end
$$;
create trigger audited after insert on agents for each row when (new.kind <> 'personal') execute function audit_agent();
create trigger audited_change after update of status, owner_id on agents for each row
  when ((old.status, old.owner_id) is distinct from (new.status, new.owner_id)) execute function audit_agent();

-- Keys are those that the platform shows an agent (agent_keys) and those that an agent shows the platform (network_keys).
create function audit_agent_key() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'DELETE' then
    perform audit_record(old.region, 'agent.key_removed', 'agent', old.agent_id, '{}');
  else
    perform audit_record(new.region, 'agent.key_set', 'agent', new.agent_id, '{}');
  end if;
  return null;
end
$$;
create trigger audited after insert or update or delete on agent_keys for each row execute function audit_agent_key();
create trigger audited after insert or update of key_hash or delete on network_keys
  for each row execute function audit_agent_key();

create function audit_webhook() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'DELETE' then
    perform audit_record(old.region, 'agent.webhook_removed', 'agent', old.agent_id, '{}');
  else
    perform audit_record(new.region, 'agent.webhook_set', 'agent', new.agent_id, jsonb_build_object('new',
      case when tg_op = 'INSERT' then 'address, secret'
           else concat_ws(', ', case when new.url <> old.url then 'address' end,
                          case when new.secrets <> old.secrets then 'secret' end) end));
  end if;
  return null;
end
$$;
create trigger audited after insert or delete on endpoints for each row execute function audit_webhook();
create trigger audited_change after update on endpoints for each row
  when ((old.url, old.secrets) is distinct from (new.url, new.secrets)) execute function audit_webhook();
