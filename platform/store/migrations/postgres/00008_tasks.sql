-- +goose Up
-- Runs that go on with the task of an agent, which are few: of every other run it is asked whether there is one. Clients write metadata as
-- they like, so what is too long for the id of a run stays out: no index of Postgres takes a long text.
CREATE INDEX runs_tasks ON runs (thread_id, (metadata ->> 'a2a_task_id')) WHERE length(metadata ->> 'a2a_task_id') = 36;
