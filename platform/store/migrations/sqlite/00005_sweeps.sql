-- +goose Up
-- Who does a sweep writes when the next one is due: of several processes one does it.
CREATE TABLE sweeps (
    name   TEXT    NOT NULL PRIMARY KEY,
    due_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
