package store

// Runs are the executions of a thread, and its queue.
type Runs struct{ db *DB }

// Checkpoints are the states of threads.
type Checkpoints struct{ db *DB }

// Events are the logs of threads.
type Events struct{ db *DB }

// Feedback is what people say of runs.
type Feedback struct{ db *DB }

// Deliveries are what is told to the webhooks of runs that have ended.
type Deliveries struct{ db *DB }
