-- +goose Up
CREATE TABLE crons (
    id               TEXT    NOT NULL PRIMARY KEY,
    assistant_id     TEXT    NOT NULL,
    thread_id        TEXT REFERENCES threads (id) ON DELETE CASCADE, -- NULL: a new thread at each firing
    schedule         TEXT    NOT NULL,
    timezone         TEXT    NOT NULL DEFAULT '', -- '' is UTC
    payload          TEXT    NOT NULL DEFAULT '{}',
    principal        TEXT,
    user_id          TEXT,
    metadata         TEXT    NOT NULL DEFAULT '{}',
    owned            TEXT    NOT NULL DEFAULT '[]',
    on_run_completed TEXT    NOT NULL DEFAULT '',
    enabled          INTEGER NOT NULL DEFAULT 1,
    end_time         INTEGER,
    next_at          INTEGER, -- NULL while disabled, and when no time is left
    token            INTEGER NOT NULL DEFAULT 0,
    held_until       INTEGER,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX crons_due ON crons (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX crons_created ON crons (created_at DESC, id);
CREATE INDEX crons_thread ON crons (thread_id) WHERE thread_id IS NOT NULL;
CREATE INDEX crons_assistant ON crons (assistant_id);

-- Each time of a cron is claimed once, together with the id of its run.
CREATE TABLE fires (
    cron_id TEXT    NOT NULL REFERENCES crons (id) ON DELETE CASCADE,
    at      INTEGER NOT NULL,
    run_id  TEXT    NOT NULL,
    PRIMARY KEY (cron_id, at)
) STRICT, WITHOUT ROWID;
