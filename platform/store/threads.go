package store

// Threads are the rows that own everything else of a conversation.
type Threads struct{ db *DB }
