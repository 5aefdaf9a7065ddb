package store

import (
	"encoding/json"

	"gorm.io/gorm"

	"github.com/locutory/locutory/graphs"
)

// Why a run was cancelled, as the thread's error tells it (rest.md §5.8). A strategy that makes way for another run names that run: it
// is of the same thread, so whoever reads the one may read the other.
const (
	ReasonRequest    = "the run was cancelled by a request"
	ReasonDisconnect = "the run was cancelled because its client has gone"
	ReasonAssistant  = "the run was cancelled because its assistant was deleted"
)

func supersededBy(run string) string { return "the run was superseded by run " + run }

// userInterrupt is the class of the error that a cancelled run leaves on its thread. It is not one that makes the thread fail.
const userInterrupt = "UserInterrupt"

// interruption is the error of a thread whose last run was cancelled.
func interruption(reason string) JSON {
	if reason == "" {
		reason = ReasonRequest
	}
	data, _ := json.Marshal(graphs.Failure{Class: userInterrupt, Message: reason}) // strings always encode
	return data
}

// note tells on a thread why its last run did not start. The failure of an earlier run stays, since the thread is still as that left it.
func (db *DB) note(tx *gorm.DB, thread, reason string) error {
	_, err := change(tx, `UPDATE threads SET error = ? WHERE id = ? AND (error IS NULL OR error ->> 'error' = ?)`,
		text(interruption(reason)), thread, userInterrupt)
	return err
}
