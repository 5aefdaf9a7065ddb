-- +goose Up
-- Runs that go on with the task of an agent, which are few: of every other run it is asked whether there is one.
CREATE INDEX runs_tasks ON runs (thread_id, (metadata ->> 'a2a_task_id')) WHERE (metadata ->> 'a2a_task_id') IS NOT NULL;
