-- A task's state moves along the legal edges, whoever writes it: one of them, or two at the same moment.
create function keep_task_edges() returns trigger language plpgsql as $$
begin
  if exists (select from task_edges where from_status = old.status and to_status = new.status)
    or exists (select from task_edges first join task_edges then_ on then_.from_status = first.to_status
                where first.from_status = old.status and then_.to_status = new.status) then
    return new;
  end if;
  raise exception 'a task that is % does not become %', old.status, new.status using errcode = 'check_violation';
end
$$;
create trigger legal_edges before update of status on tasks
  for each row when (old.status is distinct from new.status) execute function keep_task_edges();
