-- +goose Up
CREATE TABLE crons (
    id               uuid        NOT NULL PRIMARY KEY,
    assistant_id     uuid        NOT NULL,
    thread_id        uuid REFERENCES threads (id) ON DELETE CASCADE, -- NULL: a new thread at each firing
    schedule         text        NOT NULL,
    timezone         text        NOT NULL DEFAULT '', -- '' is UTC
    payload          json        NOT NULL DEFAULT '{}',
    principal        json,
    user_id          text,
    metadata         jsonb       NOT NULL DEFAULT '{}',
    owned            json        NOT NULL DEFAULT '[]',
    on_run_completed text        NOT NULL DEFAULT '',
    enabled          boolean     NOT NULL DEFAULT true,
    end_time         timestamptz,
    next_at          timestamptz, -- NULL while disabled, and when no time is left
    token            bigint      NOT NULL DEFAULT 0,
    held_until       timestamptz,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL
);
CREATE INDEX crons_due ON crons (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX crons_created ON crons (created_at DESC, id);
CREATE INDEX crons_thread ON crons (thread_id) WHERE thread_id IS NOT NULL;
CREATE INDEX crons_assistant ON crons (assistant_id);
CREATE INDEX crons_metadata ON crons USING gin (metadata jsonb_path_ops);

-- Each time of a cron is claimed once, together with the id of its run.
CREATE TABLE fires (
    cron_id uuid        NOT NULL REFERENCES crons (id) ON DELETE CASCADE,
    at      timestamptz NOT NULL,
    run_id  uuid        NOT NULL,
    PRIMARY KEY (cron_id, at)
);
