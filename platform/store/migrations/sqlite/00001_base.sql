-- +goose Up
-- Times are integer microseconds UTC, JSON is text, ids are lower-case uuid text. STRICT refuses a value of the wrong type:
-- JSON bound as a blob would otherwise be read as SQLite's binary JSON.

CREATE TABLE assistants (
    id          TEXT    NOT NULL PRIMARY KEY,
    graph_id    TEXT    NOT NULL,
    is_system   INTEGER NOT NULL DEFAULT 0,
    name        TEXT    NOT NULL DEFAULT '',
    description TEXT,
    metadata    TEXT    NOT NULL DEFAULT '{}',
    owned       TEXT    NOT NULL DEFAULT '[]',
    config      TEXT    NOT NULL DEFAULT '{}',
    context     TEXT    NOT NULL DEFAULT '{}',
    version     INTEGER NOT NULL DEFAULT 1,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX assistants_graph ON assistants (graph_id);
CREATE INDEX assistants_created ON assistants (created_at DESC, id);
CREATE INDEX assistants_system ON assistants (id) WHERE is_system = 1;

CREATE TABLE assistant_versions (
    assistant_id TEXT    NOT NULL REFERENCES assistants (id) ON DELETE CASCADE,
    version      INTEGER NOT NULL,
    graph_id     TEXT    NOT NULL,
    name         TEXT    NOT NULL DEFAULT '',
    description  TEXT,
    metadata     TEXT    NOT NULL DEFAULT '{}', -- without the owned keys
    config       TEXT    NOT NULL DEFAULT '{}',
    context      TEXT    NOT NULL DEFAULT '{}',
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (assistant_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE threads (
    id               TEXT    NOT NULL PRIMARY KEY,
    metadata         TEXT    NOT NULL DEFAULT '{}', -- the client's and the stamped keys
    owned            TEXT    NOT NULL DEFAULT '[]', -- names of the stamped keys
    config           TEXT    NOT NULL DEFAULT '{}',
    status           TEXT    NOT NULL DEFAULT 'idle' CHECK (status IN ('idle', 'busy', 'interrupted', 'error')),
    interrupts       TEXT    NOT NULL DEFAULT '{}',
    error            TEXT,
    temporary        INTEGER NOT NULL DEFAULT 0,
    hidden_at        INTEGER,
    ttl_minutes      REAL,
    ttl_strategy     TEXT,
    expires_at       INTEGER,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    state_updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX threads_updated ON threads (updated_at DESC, id) WHERE NOT temporary; -- no list shows a stateless run's
CREATE INDEX threads_created ON threads (created_at DESC, id) WHERE NOT temporary;
CREATE INDEX threads_status ON threads (status, updated_at DESC) WHERE NOT temporary;
CREATE INDEX threads_expires ON threads (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX threads_hidden ON threads (hidden_at) WHERE hidden_at IS NOT NULL;

-- Apart from threads, so that reserving a block of numbers never locks the thread row.
CREATE TABLE logs (
    thread_id TEXT    NOT NULL PRIMARY KEY REFERENCES threads (id) ON DELETE CASCADE,
    next_seq  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- The latest root values, apart from threads so that those rows stay small.
CREATE TABLE thread_values (
    thread_id TEXT NOT NULL PRIMARY KEY REFERENCES threads (id) ON DELETE CASCADE,
    "values"  TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
    id              TEXT    NOT NULL PRIMARY KEY,
    thread_id       TEXT    NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    assistant_id    TEXT    NOT NULL,
    seq             INTEGER NOT NULL,
    order_at        INTEGER NOT NULL,
    status          TEXT    NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'running', 'success', 'error', 'timeout', 'interrupted')),
    due_at          INTEGER,
    token           INTEGER NOT NULL DEFAULT 0,
    attempt         INTEGER NOT NULL DEFAULT 0,
    worker          TEXT    NOT NULL DEFAULT '',
    cancel          TEXT    NOT NULL DEFAULT '' CHECK (cancel IN ('', 'interrupt', 'rollback')),
    principal       TEXT,
    kwargs          TEXT    NOT NULL DEFAULT '{}',
    modes           TEXT    NOT NULL DEFAULT '[]',
    resumable       INTEGER NOT NULL DEFAULT 0,
    metadata        TEXT    NOT NULL DEFAULT '{}',
    strategy        TEXT    NOT NULL DEFAULT 'enqueue',
    base_checkpoint TEXT    NOT NULL DEFAULT '',
    error           TEXT,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    started_at      INTEGER,
    ended_at        INTEGER,
    expires_at      INTEGER
) STRICT;
CREATE UNIQUE INDEX runs_head ON runs (thread_id) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX runs_running ON runs (thread_id) WHERE status = 'running';
CREATE INDEX runs_due ON runs (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX runs_queue ON runs (thread_id, order_at, seq) WHERE status IN ('pending', 'running');
CREATE INDEX runs_thread ON runs (thread_id, created_at DESC, id);
CREATE INDEX runs_assistant ON runs (assistant_id);
CREATE INDEX runs_expires ON runs (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE checkpoints (
    thread_id  TEXT    NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    ns         TEXT    NOT NULL DEFAULT '',
    id         TEXT    NOT NULL,
    parent_id  TEXT    NOT NULL DEFAULT '',
    run_id     TEXT    NOT NULL DEFAULT '',
    source     TEXT    NOT NULL,
    step       INTEGER NOT NULL,
    metadata   TEXT    NOT NULL DEFAULT '{}',
    parents    TEXT    NOT NULL DEFAULT '{}', -- namespace -> checkpoint
    versions   TEXT    NOT NULL DEFAULT '{}', -- channel -> version
    seen       TEXT    NOT NULL DEFAULT '{}', -- node -> channel -> version
    next       TEXT    NOT NULL DEFAULT '[]',
    tasks      TEXT    NOT NULL DEFAULT '[]',
    created_at INTEGER NOT NULL,
    PRIMARY KEY (thread_id, ns, id)
) STRICT;
CREATE INDEX checkpoints_run ON checkpoints (thread_id, run_id);

CREATE TABLE channel_values (
    thread_id TEXT    NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    ns        TEXT    NOT NULL DEFAULT '',
    channel   TEXT    NOT NULL,
    version   TEXT    NOT NULL,            -- the checkpoint that wrote it
    base      TEXT    NOT NULL DEFAULT '', -- the version that data adds to; '' when data is the whole value
    keep      INTEGER NOT NULL DEFAULT 0,
    depth     INTEGER NOT NULL DEFAULT 0,  -- how many bases lie below
    data      BLOB    NOT NULL,
    PRIMARY KEY (thread_id, ns, channel, version)
) STRICT;

CREATE TABLE writes (
    thread_id     TEXT    NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    ns            TEXT    NOT NULL DEFAULT '',
    checkpoint_id TEXT    NOT NULL,
    task_id       TEXT    NOT NULL,
    idx           INTEGER NOT NULL,            -- below 0 for what is not state
    run_id        TEXT    NOT NULL DEFAULT '', -- the run that wrote it, which may be later than the checkpoint's
    channel       TEXT    NOT NULL,
    data          BLOB    NOT NULL,
    PRIMARY KEY (thread_id, ns, checkpoint_id, task_id, run_id, idx)
) STRICT;

CREATE TABLE events (
    thread_id  TEXT    NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    first_seq  INTEGER NOT NULL,
    last_seq   INTEGER NOT NULL,
    run_id     TEXT    NOT NULL DEFAULT '',
    token      INTEGER NOT NULL DEFAULT 0,
    data       BLOB    NOT NULL, -- NDJSON of canonical events
    expires_at INTEGER,
    PRIMARY KEY (thread_id, first_seq)
) STRICT;
CREATE INDEX events_run ON events (run_id, first_seq);
CREATE INDEX events_expires ON events (expires_at) WHERE expires_at IS NOT NULL;
