-- +goose Up
-- A run's webhook, and what is due to be told to it. A delivery has a thread unless that goes away with the run: it must outlive the
-- thread of a stateless run, but not one that its owner deletes.

ALTER TABLE runs ADD COLUMN webhook TEXT NOT NULL DEFAULT '';

CREATE TABLE deliveries (
    id         TEXT    NOT NULL PRIMARY KEY,
    run_id     TEXT    NOT NULL,
    thread_id  TEXT    REFERENCES threads (id) ON DELETE CASCADE,
    url        TEXT    NOT NULL,              -- whole while it waits; then without what may be secret
    snapshot   TEXT,                          -- the run at its end, and the values; NULL once the delivery has ended
    status     TEXT    NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'delivered', 'failed')),
    attempt    INTEGER NOT NULL DEFAULT 0,
    token      INTEGER NOT NULL DEFAULT 0,
    due_at     INTEGER,
    log        TEXT    NOT NULL DEFAULT '[]', -- one entry for each attempt
    created_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT;
CREATE UNIQUE INDEX deliveries_run ON deliveries (run_id);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_thread ON deliveries (thread_id) WHERE thread_id IS NOT NULL;
CREATE INDEX deliveries_ended ON deliveries (ended_at) WHERE ended_at IS NOT NULL;
