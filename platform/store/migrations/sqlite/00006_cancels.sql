-- +goose Up
-- Why a run was cancelled: what its thread tells as the error once the run has ended.
ALTER TABLE runs ADD COLUMN cancel_reason TEXT NOT NULL DEFAULT '';
