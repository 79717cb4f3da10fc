-- What the audit log did not tell (docs/decisions/0012): why a payment was taken back, and what a hand changes at the database.
alter table audit_log drop constraint audit_log_action_check;
alter table audit_log add constraint audit_log_action_check check (action in (
    'account.opened', 'sign_in.revoked', 'api_key.made', 'api_key.revoked',
    'budget.set', 'budget.removed', 'rule.added', 'rule.changed', 'rule.revoked', 'rule.removed',
    'chat.auto_approval_set', 'chat.erased',
    'payment.approved', 'payment.declined', 'payment.held', 'payment.captured', 'payment.voided', 'payment.reclaimed',
    'payment.refunded', 'payment.disputed', 'payment.unknown', 'payment.expired', 'payment.failed', 'payment.changed',
    'payment.removed', 'refund.decided', 'refund.done', 'refund.failed',
    'ledger.transferred', 'wallet.opened', 'move.ended', 'move.judged', 'move.decided', 'signing_key.made',
    'confirmation.approved', 'confirmation.refused',
    'agent.registered', 'agent.approved', 'agent.rejected', 'agent.suspended', 'agent.restored', 'agent.reopened',
    'agent.deleted', 'agent.owner_set', 'agent.key_set', 'agent.key_removed', 'agent.webhook_set',
    'agent.webhook_removed'));

create or replace function audit_budget() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  fact budgets := case when tg_op = 'DELETE' then old else new end;
begin
  perform audit_record(fact.region, case when tg_op = 'DELETE' then 'budget.removed' else 'budget.set' end, 'user', fact.user_id,
    jsonb_build_object('day_micros', fact.day_micros::text, 'month_micros', fact.month_micros::text,
                       'of', case when tg_op = 'UPDATE' then nullif(old.user_id, new.user_id) end));
  return null;
end
$$;
create trigger audited_end after delete on budgets for each row execute function audit_budget();
drop trigger audited_change on budgets;
create trigger audited_change after update on budgets for each row
  when ((old.user_id, old.day_micros, old.month_micros) is distinct from (new.user_id, new.day_micros, new.month_micros))
  execute function audit_budget();

-- A rule is added and revoked; whatever else becomes of one, somebody does by hand.
create or replace function audit_rule() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  fact standing_rules := case when tg_op = 'DELETE' then old else new end;
  word text := case tg_op when 'INSERT' then 'added' when 'DELETE' then 'removed' else tg_argv[0] end;
begin
  perform audit_record(fact.region, 'rule.' || word, 'rule', fact.id,
    jsonb_build_object('user_id', fact.user_id, 'agent_id', fact.agent_id, 'payment_micros', fact.payment_micros::text,
                       'day_micros', fact.day_micros::text)
    || case when word = 'changed' then jsonb_build_object('in_force', fact.revoked_at is null, 'before',
         jsonb_build_object('user_id', old.user_id, 'agent_id', old.agent_id, 'payment_micros', old.payment_micros::text,
                            'day_micros', old.day_micros::text)) else '{}' end);
  return null;
end
$$;
drop trigger audited_end on standing_rules;
create trigger audited_end after update of revoked_at on standing_rules for each row
  when (old.revoked_at is null and new.revoked_at is not null) execute function audit_rule('revoked');
create trigger audited_change after update on standing_rules for each row
  when ((old.user_id, old.agent_id, old.payment_micros, old.day_micros)
        is distinct from (new.user_id, new.agent_id, new.payment_micros, new.day_micros)
        or old.revoked_at is not null and old.revoked_at is distinct from new.revoked_at)
  execute function audit_rule('changed');
create trigger audited_removal after delete on standing_rules for each row execute function audit_rule();

-- The state, and why it was taken back where it was, change in one statement.
create or replace function audit_payment() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  decided boolean := new.state in ('AUTHORIZING', 'DECLINED');
  asked boolean := decided and new.decided_by = 'person';
begin
  perform audit_record(new.region,
    'payment.' || case new.state when 'AUTHORIZING' then 'approved' else lower(new.state) end, 'payment', new.id,
    jsonb_build_object('user_id', new.user_id, 'agent_id', new.agent_id, 'amount_micros', new.amount_micros::text,
      'from', old.state,
      'withdrawn', new.withdrawn,
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

-- What was agreed on changes by nobody's decision; what was paid and refunded, by hand alone, where the state does not say so.
create function audit_payment_changed() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  fact payments := case when tg_op = 'DELETE' then old else new end;
begin
  perform audit_record(fact.region, case when tg_op = 'DELETE' then 'payment.removed' else 'payment.changed' end, 'payment', fact.id,
    case when tg_op = 'DELETE' then '{}'::jsonb else jsonb_build_object('before', jsonb_build_object(
      'user_id', old.user_id, 'agent_id', old.agent_id, 'agent_owner_id', old.agent_owner_id,
      'amount_micros', old.amount_micros::text, 'fee_micros', old.fee_micros::text,
      'captured_micros', old.captured_micros::text, 'refunded_micros', nullif(old.refunded_micros, 0)::text)) end
    || jsonb_build_object('user_id', fact.user_id, 'agent_id', fact.agent_id, 'agent_owner_id', fact.agent_owner_id,
      'amount_micros', fact.amount_micros::text, 'fee_micros', fact.fee_micros::text,
      'captured_micros', fact.captured_micros::text, 'refunded_micros', nullif(fact.refunded_micros, 0)::text));
  return null;
end
$$;
create trigger audited_change after update on payments for each row
  when ((old.user_id, old.agent_id, old.agent_owner_id, old.amount_micros, old.fee_micros, old.offer_hash)
        is distinct from (new.user_id, new.agent_id, new.agent_owner_id, new.amount_micros, new.fee_micros, new.offer_hash)
        or mooring_principal() is null and old.state = new.state
           and (old.captured_micros, old.refunded_micros) is distinct from (new.captured_micros, new.refunded_micros))
  execute function audit_payment_changed();
create trigger audited_removal after delete on payments for each row execute function audit_payment_changed();

-- A truncate would say of no row that it is gone.
create function audit_refuse_truncate() returns trigger language plpgsql as $$
begin
  raise exception 'what the audit log tells of is deleted row by row: truncate of % is refused', tg_table_name
    using errcode = 'restrict_violation';
end
$$;
create trigger told before truncate on budgets for each statement execute function audit_refuse_truncate();
create trigger told before truncate on standing_rules for each statement execute function audit_refuse_truncate();
create trigger told before truncate on payments for each statement execute function audit_refuse_truncate();
