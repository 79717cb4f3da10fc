-- Three characters at least is a rule of the network: a service agent that is listed under a short name keeps it.
alter table agents drop constraint agents_slug_check;
alter table agents add constraint agents_slug_check
  check (slug ~ '^[a-z0-9_-]+$' and length(slug) <= 64 and (kind <> 'network' or length(slug) >= 3));
