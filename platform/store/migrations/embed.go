// Package migrations holds the schema, one series of goose files per database. They only ever go forward, and only add: an old
// binary must be able to serve while a new one starts.
package migrations

import "embed"

// SQLite is the series for SQLite, in the folder sqlite.
//
//go:embed sqlite/*.sql
var SQLite embed.FS

// Postgres is the series for Postgres, in the folder postgres.
//
//go:embed postgres/*.sql
var Postgres embed.FS
