-- The owner of an agent reads the payments to it, and what they have earned by them.
create policy by_receiver on payments for select to mooring_app
  using (region = mooring_region() and mooring_principal() = agent_owner_id);
create index payments_to_owner on payments (agent_owner_id, created_at desc, id desc);
create index payments_to_owner_open on payments (agent_owner_id) where state in ('HELD', 'UNKNOWN');
create index ledger_transfers_earned on ledger_transfers (owner_id, created_at)
  where phase = 'single' and kind in ('capture', 'refund');
