package store

import (
	"context"
	"errors"
	"time"
)

// maxAttempts is how often a run may be executed; a run that loses its lease once more ends as error.
const maxAttempts = 3

// seqBlock is how many numbers of its thread's log a claim reserves.
const seqBlock = 4096

// Lease is the right to execute a run and to write its thread's log and checkpoints. Token is the fence: a later claim has a
// greater one, and then every write of this lease is [ErrLostLease].
type Lease struct {
	RunID, ThreadID string
	Token           int64
}

// Claimed is a run that was leased, with all that its execution needs.
type Claimed struct {
	Run   Run
	Lease Lease
	// Attempt counts from 1. A hand-back adds none.
	Attempt int
	// Principal is RunNew.Principal.
	Principal JSON
	Assistant ClaimedAssistant
	Thread    ClaimedThread
	// SeqFirst is the first of 4096 numbers of the thread's log that are this lease's; [Runs.Reserve] gives more.
	SeqFirst int64
	// Cancel is the action that was asked of the run before it was claimed, or "": its holder must only end it.
	Cancel string
}

// ClaimedAssistant is the assistant of a claimed run, as it is now. ID is "" when it was deleted.
type ClaimedAssistant struct {
	ID, GraphID               string
	Config, Context, Metadata JSON
}

// ClaimedThread is the thread of a claimed run.
type ClaimedThread struct {
	Metadata, Config JSON
	Temporary        bool
}

// Beats is the answer to a beat.
type Beats struct {
	// Lost are the runs that are no longer the caller's: claimed by others or deleted.
	Lost []string
	// Cancels are the runs that are to be cancelled, with the action.
	Cancels map[string]string
}

var errStub = errors.New("not yet")

// Claim leases a due run to worker.
func (r *Runs) Claim(ctx context.Context, worker string, lease time.Duration, held ...string) (*Claimed, error) {
	return nil, errStub
}

// Reserve gives a lease holder n more numbers.
func (r *Runs) Reserve(ctx context.Context, l Lease, n int) (first int64, err error) {
	return 0, errStub
}

// Beat prolongs leases.
func (r *Runs) Beat(ctx context.Context, worker string, leases []Lease, lease time.Duration) (Beats, error) {
	return Beats{}, errStub
}

// HandBack ends leases.
func (r *Runs) HandBack(ctx context.Context, worker string, leases []Lease) error { return errStub }
