-- +goose Up
-- The long-term store. ns is the labels of a namespace, each ended by a period, which no label has: "users.alice." The order is
-- that of bytes, so that what is below a prefix is one range of the primary key, and the same on every server.

CREATE TABLE items (
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY, -- orders what was changed at one time; SQLite's rowid
    part        text        COLLATE "C" NOT NULL, -- who may meet whom at all; hooks name it, clients never see it
    ns          text        COLLATE "C" NOT NULL,
    key         text        COLLATE "C" NOT NULL,
    value       jsonb       NOT NULL,
    metadata    jsonb       NOT NULL DEFAULT '{}', -- what hooks have stamped when the item was made
    ttl_minutes double precision,
    expires_at  timestamptz,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (part, ns, key)
);
CREATE INDEX items_updated ON items (part, updated_at DESC, id);
CREATE INDEX items_expires ON items (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE item_vectors (
    part      text    COLLATE "C" NOT NULL,
    ns        text    COLLATE "C" NOT NULL,
    key       text    COLLATE "C" NOT NULL,
    field     integer NOT NULL, -- counts the texts of the item
    embedding real[]  NOT NULL, -- of length 1; pgvector takes it as it is
    PRIMARY KEY (part, ns, key, field),
    FOREIGN KEY (part, ns, key) REFERENCES items (part, ns, key) ON DELETE CASCADE
);
