-- The owner of an agent reads the refunds of the payments to it.
create policy by_receiver on refunds for select to mooring_app
  using (region = mooring_region() and exists (
    select from payments p where p.id = payment_id and p.agent_owner_id = mooring_principal()));
