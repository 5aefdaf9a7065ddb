package wire

import (
	"errors"
	"slices"
)

// CancelAction is what a cancel leaves behind: the run interrupted, or nothing of it.
type CancelAction string

// The actions; the default is interrupt.
const (
	CancelInterrupt CancelAction = "interrupt"
	CancelRollback  CancelAction = "rollback"
)

func (CancelAction) all() []CancelAction { return []CancelAction{CancelInterrupt, CancelRollback} }

// Valid reports whether a is one of the constants.
func (a CancelAction) Valid() bool { return slices.Contains(a.all(), a) }

// CancelStatus picks the runs of a bulk cancel by their status.
type CancelStatus string

// The choices.
const (
	CancelPending CancelStatus = "pending"
	CancelRunning CancelStatus = "running"
	CancelAll     CancelStatus = "all"
)

func (CancelStatus) all() []CancelStatus {
	return []CancelStatus{CancelPending, CancelRunning, CancelAll}
}

// Valid reports whether s is one of the constants.
func (s CancelStatus) Valid() bool { return slices.Contains(s.all(), s) }

// BulkCancel is the body of POST /runs/cancel: a status, or a thread with its runs, not both.
type BulkCancel struct {
	Status   CancelStatus `json:"status,omitzero"`
	ThreadID string       `json:"thread_id,omitzero"`
	RunIDs   []string     `json:"run_ids,omitempty"`
}

// Validate holds the two forms apart.
func (c *BulkCancel) Validate() error {
	byStatus, byID := c.Status != "", c.ThreadID != "" || len(c.RunIDs) > 0
	if byStatus == byID {
		return errors.New("want either status, or thread_id and run_ids")
	}
	if byID && (c.ThreadID == "" || len(c.RunIDs) == 0) {
		return errors.New("thread_id and run_ids come together")
	}
	return errors.Join(oneOf("status", c.Status), uuids("thread_id", c.ThreadID), uuids("run_ids", c.RunIDs...))
}
