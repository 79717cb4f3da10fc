-- Which request a message and a signal go back to, and its place in a trace while traces are on (domain/origin.ts):
-- a crash between the commit and what comes of it loses neither.
alter table messages add column origin jsonb;
alter table outbox add column origin jsonb;
