-- +goose Up
-- What people say of runs. A row begins as an offer: whoever shows the secret that token is the SHA-256 of may give it, until it expires.
CREATE TABLE feedback (
    id         TEXT    NOT NULL PRIMARY KEY,
    run_id     TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key        TEXT    NOT NULL,
    token      BLOB    NOT NULL,
    expires_at INTEGER NOT NULL,
    data       TEXT,             -- NULL while it is only offered
    given_at   INTEGER,          -- for the first time
    updated_at INTEGER
) STRICT;
CREATE UNIQUE INDEX feedback_token ON feedback (token);
CREATE INDEX feedback_run ON feedback (run_id, id);
CREATE INDEX feedback_expires ON feedback (expires_at) WHERE given_at IS NULL;
