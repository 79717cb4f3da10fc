-- So many codes an hour go to one address, counted by its hash; then a mail is forgotten, with the address of one that was
-- never sent.
alter table mails add column address_hash bytea;
update mails set address_hash = sha256(convert_to(coalesce(address, id), 'UTF8'));
alter table mails alter column address_hash set not null;
create index mails_of_address on mails (address_hash, kind, created_at);
create index mails_by_age on mails (created_at);
grant delete on mails to mooring_app;
