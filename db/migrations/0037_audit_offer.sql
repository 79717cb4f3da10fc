-- A payment whose offer a hand has changed says which it was, and which it is (docs/decisions/0012).
create or replace function audit_payment_changed() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  fact payments := case when tg_op = 'DELETE' then old else new end;
begin
  perform audit_record(fact.region, case when tg_op = 'DELETE' then 'payment.removed' else 'payment.changed' end, 'payment', fact.id,
    case when tg_op = 'DELETE' then '{}'::jsonb else jsonb_build_object('before', jsonb_build_object(
      'user_id', old.user_id, 'agent_id', old.agent_id, 'agent_owner_id', old.agent_owner_id,
      'amount_micros', old.amount_micros::text, 'fee_micros', old.fee_micros::text, 'offer_hash', old.offer_hash,
      'captured_micros', old.captured_micros::text, 'refunded_micros', nullif(old.refunded_micros, 0)::text)) end
    || jsonb_build_object('user_id', fact.user_id, 'agent_id', fact.agent_id, 'agent_owner_id', fact.agent_owner_id,
      'amount_micros', fact.amount_micros::text, 'fee_micros', fact.fee_micros::text, 'offer_hash', fact.offer_hash,
      'captured_micros', fact.captured_micros::text, 'refunded_micros', nullif(fact.refunded_micros, 0)::text));
  return null;
end
$$;
