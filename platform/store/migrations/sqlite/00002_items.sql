-- +goose Up
-- The long-term store. ns is the labels of a namespace, each ended by a period, which no label has: "users.alice." The order is
-- that of bytes, so that what is below a prefix is one range of the primary key, and the same on every server.

CREATE TABLE items (
    part        TEXT    NOT NULL, -- who may meet whom at all; hooks name it, clients never see it
    ns          TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    value       TEXT    NOT NULL,
    metadata    TEXT    NOT NULL DEFAULT '{}', -- what hooks have stamped when the item was made
    ttl_minutes REAL,
    expires_at  INTEGER,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (part, ns, key)
) STRICT;
CREATE INDEX items_updated ON items (part, updated_at DESC);
CREATE INDEX items_expires ON items (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE item_vectors (
    part      TEXT    NOT NULL,
    ns        TEXT    NOT NULL,
    key       TEXT    NOT NULL,
    field     INTEGER NOT NULL, -- counts the texts of the item
    embedding BLOB    NOT NULL, -- of length 1; float32, little endian
    PRIMARY KEY (part, ns, key, field),
    FOREIGN KEY (part, ns, key) REFERENCES items (part, ns, key) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
