-- +goose Up
-- A run's webhook, and what is due to be told to it. A delivery has a thread unless that goes away with the run: it must outlive the
-- thread of a stateless run, but not one that its owner deletes.

ALTER TABLE runs ADD COLUMN webhook text NOT NULL DEFAULT '';

CREATE TABLE deliveries (
    id         uuid        NOT NULL PRIMARY KEY,
    run_id     uuid        NOT NULL,
    thread_id  uuid        REFERENCES threads (id) ON DELETE CASCADE,
    url        text        NOT NULL,              -- whole while it waits; then without what may be secret
    snapshot   json,                              -- the run at its end, and the values; NULL once the delivery has ended
    status     text        NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'delivered', 'failed')),
    attempt    integer     NOT NULL DEFAULT 0,
    token      bigint      NOT NULL DEFAULT 0,
    due_at     timestamptz,
    log        json        NOT NULL DEFAULT '[]', -- one entry for each attempt
    created_at timestamptz NOT NULL,
    ended_at   timestamptz
);
CREATE UNIQUE INDEX deliveries_run ON deliveries (run_id);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_thread ON deliveries (thread_id) WHERE thread_id IS NOT NULL;
CREATE INDEX deliveries_ended ON deliveries (ended_at) WHERE ended_at IS NOT NULL;
