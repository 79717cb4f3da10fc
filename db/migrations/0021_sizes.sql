-- As large as the schemas of the calls allow, whatever the characters.
alter table network_profiles drop constraint network_profiles_profile_check;
alter table network_profiles add check (octet_length(profile::text) <= 262144);
alter table task_messages drop constraint task_messages_structured_data_check;
alter table task_messages add check (octet_length(structured_data::text) <= 524288);
alter table idempotency_records drop constraint idempotency_records_path_check;
alter table idempotency_records add check (length(path) <= 3000);

-- A polling agent asks for what is open, beside thousands that are over.
create index tasks_inbox_open on tasks (to_agent_id, created_at desc, id desc)
  where status in ('pending_delivery', 'delivered', 'pending_accept');

-- A key whose day is over takes the answer of its new call.
grant update on idempotency_records to mooring_app;
