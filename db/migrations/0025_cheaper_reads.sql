-- Whether a row belongs to a task of whoever asks is looked up for that row. Without `offset 0` the planner may build a
-- table of all tasks that they see first, for each statement: more than all else that a task costs, and more with each task.
alter policy by_side on task_events
  using (mooring_principal() <> 'system' and exists (select from tasks where tasks.id = task_id offset 0));
alter policy by_side on task_attempts
  using (mooring_principal() <> 'system' and exists (select from tasks where tasks.id = task_id offset 0));
alter policy by_side on task_messages
  using (region = mooring_region()
         and (mooring_principal() = 'system' or exists (select from tasks where tasks.id = task_id offset 0)));
alter policy by_side on task_artifacts
  using (region = mooring_region()
         and (mooring_principal() = 'system' or exists (select from tasks where tasks.id = task_id offset 0)));
alter policy give on task_artifacts
  with check (region = mooring_region()
              and exists (select from tasks where tasks.id = task_id and tasks.to_agent_id = mooring_principal() offset 0));
alter policy record on task_events
  with check (region = mooring_region()
              and (exists (select from tasks where tasks.id = task_id offset 0)
                   or number <= 2 and mooring_has_task(task_id)));
alter policy record on interactions
  with check (region = mooring_region()
              and mooring_principal() in (from_agent_id, to_agent_id)
              and exists (select from tasks t where t.id = task_id and t.from_agent_id = interactions.from_agent_id
                             and t.to_agent_id = interactions.to_agent_id offset 0));
alter policy record on confirmations
  with check (region = mooring_region() and state = 'OPEN' and note is null
              and exists (select from tasks t where t.id = task_id and t.to_agent_id = mooring_principal()
                             and t.user_id = confirmations.user_id offset 0));
alter policy of_the_task on confirmations
  using (region = mooring_region() and state in ('OPEN', 'EXPIRED', 'WITHDRAWN')
         and exists (select from tasks where tasks.id = task_id offset 0));
alter policy take_back on confirmations
  using (region = mooring_region() and state = 'OPEN'
         and exists (select from tasks where tasks.id = task_id offset 0));
alter policy by_owner on breakers
  using (region = mooring_region()
         and exists (select from agents where id = agent_id and owner_id = mooring_principal() offset 0));
alter policy by_owner on task_callbacks
  using (region = mooring_region()
         and exists (select from tasks where tasks.id = task_id and user_id = mooring_principal() offset 0));

-- Whoever calls is known with what says when they were last seen, and their profile is written once a minute at most:
-- no statement that finds nothing to do in each call.
create or replace function mooring_enter_with_key(hash bytea, in_region text)
  returns table (agent_id text, standing text) language plpgsql as $$
declare
  fresh boolean;
begin
  perform set_config('mooring.region', in_region, true), set_config('mooring.principal', 'system', true);
  select k.agent_id, a.status, p.last_seen_at >= now() - interval '1 minute' into agent_id, standing, fresh
    from network_keys k join agents a on a.id = k.agent_id left join network_profiles p on p.agent_id = k.agent_id
   where k.key_hash = hash;
  perform set_config('mooring.principal', coalesce(agent_id, ''), true);
  if agent_id is null then
    return;
  end if;
  if fresh is not true then
    update network_profiles p
       set last_seen_at = now(), presence = case when presence in ('away', 'offline') then 'online' else presence end
     where p.agent_id = mooring_enter_with_key.agent_id
       and (p.last_seen_at is null or p.last_seen_at < now() - interval '1 minute');
  end if;
  return next;
end
$$;
