package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// ThreadStatus is where a thread stands (rest.md 4.10).
type ThreadStatus string

// The statuses.
const (
	ThreadIdle        ThreadStatus = "idle"
	ThreadBusy        ThreadStatus = "busy"
	ThreadInterrupted ThreadStatus = "interrupted"
	ThreadError       ThreadStatus = "error"
)

func (ThreadStatus) all() []ThreadStatus {
	return []ThreadStatus{ThreadIdle, ThreadBusy, ThreadInterrupted, ThreadError}
}

// Valid reports whether s is one of the constants.
func (s ThreadStatus) Valid() bool { return slices.Contains(s.all(), s) }

// Thread is a conversation (rest.md 2.2). A new one has values null and interrupts {}.
type Thread struct {
	ThreadID       string          `json:"thread_id"`
	CreatedAt      Time            `json:"created_at"`
	UpdatedAt      Time            `json:"updated_at"`
	StateUpdatedAt Time            `json:"state_updated_at"`
	Metadata       Object          `json:"metadata"`
	Status         ThreadStatus    `json:"status"`
	Config         Config          `json:"config"`
	Values         json.RawMessage `json:"values"`
	Interrupts     Interrupts      `json:"interrupts"`
	Error          json.RawMessage `json:"error,omitempty"`
	TTL            *ThreadTTL      `json:"ttl,omitempty"`       // only with include=ttl
	Extracted      Object          `json:"extracted,omitempty"` // only when the search extracts
}

// ThreadFields returns the names that a search may select. Clients also list context, which no thread has.
func ThreadFields() []string {
	return []string{
		"thread_id", "created_at", "updated_at", "state_updated_at", "metadata",
		"config", "status", "values", "interrupts", "context",
	}
}

// ThreadTTL says when a thread expires.
type ThreadTTL struct {
	Strategy   TTLStrategy `json:"strategy"`
	TTLMinutes float64     `json:"ttl_minutes"`
	ExpiresAt  *Time       `json:"expires_at"`
}

// ThreadCreate is the body of POST /threads.
type ThreadCreate struct {
	ThreadID   string      `json:"thread_id,omitzero"`
	Metadata   Object      `json:"metadata,omitzero"`
	IfExists   IfExists    `json:"if_exists,omitzero"`
	TTL        *TTL        `json:"ttl,omitzero"`
	Supersteps []Superstep `json:"supersteps,omitzero"`
}

// maxUpdates is how many updates the supersteps of one request may have in all: the thread is made with all of them or not at all, and
// each step keeps a checkpoint.
const maxUpdates = 1000

// Validate checks ids, enums, the number of supersteps and their nodes.
func (t *ThreadCreate) Validate() error {
	updates := 0
	for _, step := range t.Supersteps {
		if len(step.Updates) == 0 {
			return errors.New("supersteps.updates is required")
		}
		if updates += len(step.Updates); updates > maxUpdates {
			return fmt.Errorf("supersteps: at most %d updates in all; write what follows by POST /threads/{thread_id}/state", maxUpdates)
		}
		for _, update := range step.Updates {
			if update.AsNode == "" {
				return errors.New("supersteps.updates.as_node is required")
			}
		}
	}
	return errors.Join(uuids("thread_id", t.ThreadID), oneOf("if_exists", t.IfExists), t.TTL.validate())
}

// Superstep is a set of updates that become one checkpoint.
type Superstep struct {
	Updates []SuperstepUpdate `json:"updates"`
}

// SuperstepUpdate is what one node would have written.
type SuperstepUpdate struct {
	Values  json.RawMessage `json:"values,omitempty"`
	Command *Command        `json:"command,omitzero"`
	AsNode  string          `json:"as_node"`
}

// ThreadPatch is the body of PATCH /threads/{id}. Metadata is merged by key.
type ThreadPatch struct {
	Metadata Object `json:"metadata,omitzero"`
	TTL      *TTL   `json:"ttl,omitzero"`
}

// Validate checks the TTL.
func (t *ThreadPatch) Validate() error { return t.TTL.validate() }

// ThreadSort is a column that threads can be sorted by.
type ThreadSort string

// The columns.
const (
	ThreadByID             ThreadSort = "thread_id"
	ThreadByStatus         ThreadSort = "status"
	ThreadByCreatedAt      ThreadSort = "created_at"
	ThreadByUpdatedAt      ThreadSort = "updated_at"
	ThreadByStateUpdatedAt ThreadSort = "state_updated_at"
)

func (ThreadSort) all() []ThreadSort {
	return []ThreadSort{ThreadByID, ThreadByStatus, ThreadByCreatedAt, ThreadByUpdatedAt, ThreadByStateUpdatedAt}
}

// Valid reports whether s is one of the constants.
func (s ThreadSort) Valid() bool { return slices.Contains(s.all(), s) }

// ThreadSearch is the body of POST /threads/search. Metadata and Values match by containment; a thread
// without values never matches a Values filter. Extract maps an alias to a path such as values.messages[-1].
type ThreadSearch struct {
	IDs       []string     `json:"ids,omitzero"` // nil: any thread
	Metadata  Object       `json:"metadata,omitzero"`
	Values    Object       `json:"values,omitzero"`
	Status    ThreadStatus `json:"status,omitzero"`
	Limit     Limit        `json:"limit,omitzero"` // default 10
	Offset    Offset       `json:"offset,omitzero"`
	SortBy    ThreadSort   `json:"sort_by,omitzero"` // default updated_at
	SortOrder SortOrder    `json:"sort_order,omitzero"`
	Select    []string     `json:"select,omitzero"`
	Extract   Extract      `json:"extract,omitzero"` // at most 10
}

// maxIDs is how many threads one search may name: databases bound what a statement may hold.
const maxIDs = 10_000

// Validate checks ids, their number, enums, selected names and the paths of extracts.
func (s *ThreadSearch) Validate() error {
	if len(s.IDs) > maxIDs {
		return fmt.Errorf("ids: at most %d", maxIDs)
	}
	return errors.Join(
		eachUUID("ids", s.IDs), oneOf("status", s.Status), oneOf("sort_by", s.SortBy),
		oneOf("sort_order", s.SortOrder), selected(s.Select, ThreadFields()), s.Extract.validate(),
	)
}

// ThreadCount is the body of POST /threads/count.
type ThreadCount struct {
	Metadata Object       `json:"metadata,omitzero"`
	Values   Object       `json:"values,omitzero"`
	Status   ThreadStatus `json:"status,omitzero"`
}

// Validate checks the status.
func (c *ThreadCount) Validate() error { return oneOf("status", c.Status) }

// ThreadPrune is the body of POST /threads/prune.
type ThreadPrune struct {
	ThreadIDs []string    `json:"thread_ids"`
	Strategy  TTLStrategy `json:"strategy,omitzero"` // default delete
}

// maxPrune is how many threads one request may prune: they are pruned together or not at all.
const maxPrune = 1000

// Validate checks the ids, their number and the strategy.
func (p *ThreadPrune) Validate() error {
	if p.ThreadIDs == nil {
		return errors.New("thread_ids is required")
	}
	if len(p.ThreadIDs) > maxPrune {
		return fmt.Errorf("thread_ids: at most %d", maxPrune)
	}
	return errors.Join(eachUUID("thread_ids", p.ThreadIDs), oneOf("strategy", p.Strategy))
}

// ThreadPruned is the answer of POST /threads/prune.
type ThreadPruned struct {
	PrunedCount int `json:"pruned_count"`
}

// ThreadStorage is what a thread's states take in the database (GET /threads/{id}/storage).
type ThreadStorage struct {
	ThreadID      string         `json:"thread_id"`
	TotalBytes    int64          `json:"total_bytes"`
	Checkpoints   StoredRows     `json:"checkpoints"`
	ChannelValues StoredChannels `json:"channel_values"`
	PendingWrites StoredRows     `json:"pending_writes"`
}

// StoredRows is how many rows there are and how many bytes they hold.
type StoredRows struct {
	Count int64 `json:"count"`
	Bytes int64 `json:"bytes"`
}

// StoredChannels are the values of channels, all and each.
type StoredChannels struct {
	StoredRows
	ByChannel map[string]StoredVersions `json:"by_channel"`
}

// StoredVersions is one channel's.
type StoredVersions struct {
	Versions int64 `json:"versions"`
	Bytes    int64 `json:"bytes"`
}
