package store

// Assistants are graphs with a configuration.
type Assistants struct{ db *DB }
