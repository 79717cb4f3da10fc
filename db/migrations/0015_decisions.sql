-- Whichever side ends a task takes back the question to the person in the same transaction; the link is kept as a hash
-- only, so that there is nothing here by which an agent could answer it itself.
create policy of_the_task on confirmations for select to mooring_app
  using (region = mooring_region() and exists (select from tasks where tasks.id = task_id));
create policy take_back on confirmations for update to mooring_app
  using (region = mooring_region() and state = 'OPEN' and exists (select from tasks where tasks.id = task_id))
  with check (region = mooring_region() and state in ('EXPIRED', 'WITHDRAWN'));
