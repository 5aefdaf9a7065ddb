package store

import (
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/gorm"
)

var (
	// ErrNotFound says that there is no such row, or none that the scope may reach: the two cannot be told apart.
	ErrNotFound = errors.New("not found")
	// ErrExists says that the id is taken, by whomever.
	ErrExists = errors.New("already exists")
	// ErrPostImage says that a row would not match the filter that the hook returned for it: a mistake of the hook's author
	// when the row is new, and of the caller, who would give the row away, when it is changed.
	ErrPostImage = errors.New("the row does not match the filter of its own event")
	// ErrOutOfReach is ErrPostImage for the thread that a run is for, which is there.
	ErrOutOfReach = fmt.Errorf("thread: %w", ErrPostImage)
	// ErrAssistantNotFound is ErrNotFound for the assistant of a run.
	ErrAssistantNotFound = fmt.Errorf("assistant: %w", ErrNotFound)
	// ErrVersionNotFound is ErrNotFound for a version of an assistant that is there.
	ErrVersionNotFound = fmt.Errorf("version: %w", ErrNotFound)
	// ErrBusy says that the thread has an unfinished run.
	ErrBusy = errors.New("thread is busy")
	// ErrLostLease says that the run is no longer the caller's: another worker has it, or it is gone.
	ErrLostLease = errors.New("lost the lease of the run")
)

// OwnedKeyError says that a client tried to change a metadata key that a hook has stamped: 403.
type OwnedKeyError struct{ Key string }

// Error names the key.
func (e *OwnedKeyError) Error() string {
	return fmt.Sprintf("metadata key %q is set by the server and cannot be changed", e.Key)
}

// found turns the absence of a row into ErrNotFound.
func found(err error) error {
	if errors.Is(err, sql.ErrNoRows) || errors.Is(err, gorm.ErrRecordNotFound) {
		return ErrNotFound
	}
	return err
}

// hide puts another error in the place of ErrNotFound.
func hide(err, other error) error {
	if errors.Is(err, ErrNotFound) {
		return other
	}
	return err
}
