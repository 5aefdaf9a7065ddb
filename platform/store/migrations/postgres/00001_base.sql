-- +goose Up
-- jsonb is for what is searched; json, which keeps its bytes, for what is merely carried. Channel values, writes and events are
-- bytea: they must come back byte for byte, and may hold what neither JSON type takes (the escape of NUL).

CREATE TABLE assistants (
    id          uuid        NOT NULL PRIMARY KEY,
    graph_id    text        NOT NULL,
    is_system   boolean     NOT NULL DEFAULT false,
    name        text        NOT NULL DEFAULT '',
    description text,
    metadata    jsonb       NOT NULL DEFAULT '{}',
    owned       json        NOT NULL DEFAULT '[]',
    config      json        NOT NULL DEFAULT '{}',
    context     json        NOT NULL DEFAULT '{}',
    version     integer     NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);
CREATE INDEX assistants_graph ON assistants (graph_id);
CREATE INDEX assistants_created ON assistants (created_at DESC, id);
CREATE INDEX assistants_metadata ON assistants USING gin (metadata jsonb_path_ops);
CREATE INDEX assistants_system ON assistants (id) WHERE is_system;

CREATE TABLE assistant_versions (
    assistant_id uuid        NOT NULL REFERENCES assistants (id) ON DELETE CASCADE,
    version      integer     NOT NULL,
    graph_id     text        NOT NULL,
    name         text        NOT NULL DEFAULT '',
    description  text,
    metadata     jsonb       NOT NULL DEFAULT '{}', -- without the owned keys
    config       json        NOT NULL DEFAULT '{}',
    context      json        NOT NULL DEFAULT '{}',
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (assistant_id, version)
);

CREATE TABLE threads (
    id               uuid             NOT NULL PRIMARY KEY,
    metadata         jsonb            NOT NULL DEFAULT '{}', -- the client's and the stamped keys
    owned            json             NOT NULL DEFAULT '[]', -- names of the stamped keys
    config           json             NOT NULL DEFAULT '{}',
    status           text             NOT NULL DEFAULT 'idle' CHECK (status IN ('idle', 'busy', 'interrupted', 'error')),
    interrupts       json             NOT NULL DEFAULT '{}',
    error            json,
    temporary        boolean          NOT NULL DEFAULT false,
    hidden_at        timestamptz,
    ttl_minutes      double precision,
    ttl_strategy     text,
    expires_at       timestamptz,
    created_at       timestamptz      NOT NULL,
    updated_at       timestamptz      NOT NULL,
    state_updated_at timestamptz      NOT NULL
);
CREATE INDEX threads_updated ON threads (updated_at DESC, id) WHERE NOT temporary; -- no list shows a stateless run's
CREATE INDEX threads_created ON threads (created_at DESC, id) WHERE NOT temporary;
CREATE INDEX threads_status ON threads (status, updated_at DESC) WHERE NOT temporary;
CREATE INDEX threads_metadata ON threads USING gin (metadata jsonb_path_ops);
CREATE INDEX threads_expires ON threads (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX threads_hidden ON threads (hidden_at) WHERE hidden_at IS NOT NULL;

-- Apart from threads, so that reserving a block of numbers never locks the thread row.
CREATE TABLE logs (
    thread_id uuid   NOT NULL PRIMARY KEY REFERENCES threads (id) ON DELETE CASCADE,
    next_seq  bigint NOT NULL DEFAULT 0
);

-- The latest root values, apart from threads so that those rows stay small.
CREATE TABLE thread_values (
    thread_id uuid  NOT NULL PRIMARY KEY REFERENCES threads (id) ON DELETE CASCADE,
    "values"  jsonb NOT NULL
);

CREATE TABLE runs (
    id           uuid        NOT NULL PRIMARY KEY,
    thread_id    uuid        NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    assistant_id uuid        NOT NULL,
    seq          bigint      NOT NULL,
    order_at     timestamptz NOT NULL,
    status       text        NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'running', 'success', 'error', 'timeout', 'interrupted')),
    due_at          timestamptz,
    token           bigint      NOT NULL DEFAULT 0,
    attempt         integer     NOT NULL DEFAULT 0,
    worker          text        NOT NULL DEFAULT '',
    cancel          text        NOT NULL DEFAULT '' CHECK (cancel IN ('', 'interrupt', 'rollback')),
    principal       json,
    kwargs          json        NOT NULL DEFAULT '{}',
    modes           json        NOT NULL DEFAULT '[]',
    resumable       boolean     NOT NULL DEFAULT false,
    metadata        jsonb       NOT NULL DEFAULT '{}',
    strategy        text        NOT NULL DEFAULT 'enqueue',
    base_checkpoint text        NOT NULL DEFAULT '',
    error           json,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    started_at      timestamptz,
    ended_at        timestamptz,
    expires_at      timestamptz
);
CREATE UNIQUE INDEX runs_head ON runs (thread_id) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX runs_running ON runs (thread_id) WHERE status = 'running';
CREATE INDEX runs_due ON runs (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX runs_queue ON runs (thread_id, order_at, seq) WHERE status IN ('pending', 'running');
CREATE INDEX runs_thread ON runs (thread_id, created_at DESC, id);
CREATE INDEX runs_assistant ON runs (assistant_id);
CREATE INDEX runs_expires ON runs (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE checkpoints (
    thread_id  uuid             NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    ns         text COLLATE "C" NOT NULL DEFAULT '',
    id         text COLLATE "C" NOT NULL,
    parent_id  text             NOT NULL DEFAULT '',
    run_id     text             NOT NULL DEFAULT '',
    source     text             NOT NULL,
    step       integer          NOT NULL,
    metadata   jsonb            NOT NULL DEFAULT '{}',
    parents    json             NOT NULL DEFAULT '{}', -- namespace -> checkpoint
    versions   json             NOT NULL DEFAULT '{}', -- channel -> version
    seen       json             NOT NULL DEFAULT '{}', -- node -> channel -> version
    next       json             NOT NULL DEFAULT '[]',
    tasks      json             NOT NULL DEFAULT '[]',
    created_at timestamptz      NOT NULL,
    PRIMARY KEY (thread_id, ns, id)
);
CREATE INDEX checkpoints_run ON checkpoints (thread_id, run_id);

CREATE TABLE channel_values (
    thread_id uuid    NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    ns        text    NOT NULL DEFAULT '',
    channel   text    NOT NULL,
    version   text    NOT NULL,            -- the checkpoint that wrote it
    base      text    NOT NULL DEFAULT '', -- the version that data adds to; '' when data is the whole value
    keep      integer NOT NULL DEFAULT 0,
    depth     integer NOT NULL DEFAULT 0,  -- how many bases lie below
    data      bytea   NOT NULL,
    PRIMARY KEY (thread_id, ns, channel, version)
);

CREATE TABLE writes (
    thread_id     uuid    NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    ns            text    NOT NULL DEFAULT '',
    checkpoint_id text    NOT NULL,
    task_id       text    NOT NULL,
    idx           integer NOT NULL,            -- below 0 for what is not state
    run_id        text    NOT NULL DEFAULT '', -- the run that wrote it, which may be later than the checkpoint's
    put           bigint  NOT NULL GENERATED ALWAYS AS IDENTITY, -- the order of writing; SQLite has its rowid for that
    channel       text    NOT NULL,
    data          bytea   NOT NULL,
    PRIMARY KEY (thread_id, ns, checkpoint_id, task_id, run_id, idx)
);

CREATE TABLE events (
    thread_id  uuid        NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    first_seq  bigint      NOT NULL,
    last_seq   bigint      NOT NULL,
    run_id     text        NOT NULL DEFAULT '',
    token      bigint      NOT NULL DEFAULT 0,
    data       bytea       NOT NULL, -- NDJSON of canonical events
    expires_at timestamptz,
    PRIMARY KEY (thread_id, first_seq)
);
CREATE INDEX events_run ON events (run_id, first_seq);
CREATE INDEX events_expires ON events (expires_at) WHERE expires_at IS NOT NULL;
