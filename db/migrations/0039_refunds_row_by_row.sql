-- One look at one payment for each refund that is read, as the other policies have it.
drop policy by_receiver on refunds;
create policy by_receiver on refunds for select to mooring_app
  using (region = mooring_region() and exists (
    select from payments p where p.id = payment_id and p.agent_owner_id = mooring_principal() offset 0));
