-- Until when a relay leaves a signal alone because its own process is at work for it; null: it does not wait for anything.
alter table outbox add column held_until timestamptz;
