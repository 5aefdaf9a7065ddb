package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/locutory/locutory/platform/access"
)

// The statuses of a run (rest.md §5.6).
const (
	RunPending     = "pending"
	RunRunning     = "running"
	RunSuccess     = "success"
	RunError       = "error"
	RunTimeout     = "timeout"
	RunInterrupted = "interrupted" // cancelled; a run that paused on an interrupt is a success
)

// The actions of a cancel, which are values of runs.cancel and of [Claimed].Cancel.
const (
	CancelInterrupt = "interrupt"
	CancelRollback  = "rollback"
)

// The strategies for a thread that has unfinished runs already (rest.md §5.4).
const (
	StrategyEnqueue   = "enqueue"
	StrategyReject    = "reject"
	StrategyInterrupt = "interrupt"
	StrategyRollback  = "rollback"
)

// Run is a run as its callers may see it. Whom it acts for is not here: see [Claimed].
type Run struct {
	ID, ThreadID, AssistantID string
	Status                    string
	Strategy                  string
	// Cancel is the action that was asked of a run, "" when none was; CancelReason is why, for people to read.
	Cancel, CancelReason string
	// Attempt counts executions that ended or may have ended with a lost lease; the first is 1, 0 is a run that never started.
	Attempt int
	// Seq is the place in the thread's log that was next when the run was made: all of its events come after it.
	Seq       int64
	Metadata  JSON
	Kwargs    JSON
	Modes     []string
	Resumable bool
	// Error is the [graphs.Failure] of a failed run, nil without one.
	Error     JSON
	CreatedAt time.Time // in the future for a delayed run
	UpdatedAt time.Time
	StartedAt time.Time // zero before it started
	EndedAt   time.Time // zero before it ended
}

// Ended reports whether the run has reached a status that it will keep.
func (r *Run) Ended() bool { return r.Status != RunPending && r.Status != RunRunning }

// RunNew is a run to be made.
type RunNew struct {
	ID       string // "" for a new id
	ThreadID string // "" for a new id, if Implicit is set
	// AssistantID must name an assistant that the assistant scope reaches; GraphID is the graph it is known to run.
	AssistantID, GraphID string
	// Implicit makes the thread when it is not there; nil means ErrNotFound.
	Implicit *ImplicitThread
	// Temporary marks a thread that is made: it is hidden when the run ends and swept later.
	Temporary bool
	Strategy  string // "" is enqueue
	// Update is the answer to threads:update. The strategies interrupt and rollback need it on a thread that is there: it may have runs
	// that the strategy cancels.
	Update    *access.ThreadScope
	Metadata  JSON
	Kwargs    JSON
	Modes     []string
	Resumable bool
	// Principal is whom the run acts for: access.Principal as JSON, nil on an open server.
	Principal JSON
	// After delays the start.
	After time.Duration
	// Webhook is the URL that is told of the run's end; "" for none.
	Webhook string

	fresh bool // ThreadID is a new id: no thread has it
}

// ImplicitThread is how a run makes its thread. Scope is the answer to threads:create, which is asked beside threads:create_run
// (H-21); its stamp goes to the row.
type ImplicitThread struct {
	Scope    access.ThreadScope
	Metadata map[string]any
}

// runColumns are the columns of [Run] in the order of [scanRun], from runs r.
const runColumns = `r.id, r.thread_id, r.assistant_id, r.status, r.strategy, r.cancel, r.cancel_reason, r.attempt, r.seq, r.metadata, r.kwargs,
	r.modes, r.resumable, r.error, r.created_at, r.updated_at, r.started_at, r.ended_at`

// scanRun reads runColumns, and after them what dest asks for.
func scanRun(rows *sql.Rows, r *Run, dest ...any) error {
	var created, updated, started, ended moment
	var metadata, kwargs, modes, failure raw
	err := rows.Scan(append([]any{
		&r.ID, &r.ThreadID, &r.AssistantID, &r.Status, &r.Strategy, &r.Cancel, &r.CancelReason, &r.Attempt, &r.Seq, &metadata, &kwargs,
		&modes, &r.Resumable, &failure, &created, &updated, &started, &ended,
	}, dest...)...)
	if err != nil {
		return err
	}
	r.Metadata, r.Kwargs, r.Error = JSON(metadata), JSON(kwargs), JSON(failure)
	r.CreatedAt, r.UpdatedAt, r.StartedAt, r.EndedAt = created.Time, updated.Time, started.Time, ended.Time
	r.Modes = nil
	if err := json.Unmarshal(modes, &r.Modes); err != nil {
		return fmt.Errorf("modes of run %s: %w", r.ID, err)
	}
	return nil
}
