-- What belongs to a task is written by its sides and read as far as they need it; before, whoever had a principal could
-- record to any task, and both agents read what a person had decided, and their note.

-- Whether whoever asks is on a side of this task, also of one that this very statement makes: volatile, so that it looks at
-- what was written until now.
create function mooring_has_task(task text) returns boolean language sql volatile
  as $$ select exists (select from tasks where tasks.id = task) $$;

drop policy record on task_events;
create policy record on task_events for insert to mooring_app
  with check (region = mooring_region()
              and (exists (select from tasks where tasks.id = task_id) or number <= 2 and mooring_has_task(task_id)));

drop policy record on interactions;
create policy record on interactions for insert to mooring_app
  with check (region = mooring_region()
              and mooring_principal() in (from_agent_id, to_agent_id)
              and exists (select from tasks t where t.id = task_id and t.from_agent_id = interactions.from_agent_id
                             and t.to_agent_id = interactions.to_agent_id));
revoke update on interactions from mooring_app;
grant update (rating) on interactions to mooring_app;

-- The receiver's accept asks the sender's person, and nobody else.
drop policy record on confirmations;
create policy record on confirmations for insert to mooring_app
  with check (region = mooring_region() and state = 'OPEN' and note is null
              and exists (select from tasks t where t.id = task_id and t.to_agent_id = mooring_principal()
                             and t.user_id = confirmations.user_id));
-- An end takes back a question that is open. What a person decided is theirs.
drop policy of_the_task on confirmations;
create policy of_the_task on confirmations for select to mooring_app
  using (region = mooring_region() and state in ('OPEN', 'EXPIRED', 'WITHDRAWN')
         and exists (select from tasks where tasks.id = task_id));
