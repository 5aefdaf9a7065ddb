-- +goose Up
-- What people say of runs. A row begins as an offer: whoever shows the secret that token is the SHA-256 of may give it, until it expires.
CREATE TABLE feedback (
    id         uuid        NOT NULL PRIMARY KEY,
    run_id     uuid        NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key        text        NOT NULL,
    token      bytea       NOT NULL,
    expires_at timestamptz NOT NULL,
    data       json,                 -- NULL while it is only offered
    given_at   timestamptz,          -- for the first time
    updated_at timestamptz
);
CREATE UNIQUE INDEX feedback_token ON feedback (token);
CREATE INDEX feedback_run ON feedback (run_id, id);
CREATE INDEX feedback_expires ON feedback (expires_at) WHERE given_at IS NULL;
