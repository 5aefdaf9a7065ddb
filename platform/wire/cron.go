package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Cron is a run that is made again and again (rest.md 2.8). It acts as the user who made it.
type Cron struct {
	CronID         string          `json:"cron_id"`
	AssistantID    string          `json:"assistant_id"`
	ThreadID       *string         `json:"thread_id"`        // nil: a new thread at each firing
	OnRunCompleted *OnRunCompleted `json:"on_run_completed"` // nil with a thread
	EndTime        *Time           `json:"end_time"`
	Schedule       string          `json:"schedule"`
	Timezone       *string         `json:"timezone"` // nil: UTC
	CreatedAt      Time            `json:"created_at"`
	UpdatedAt      Time            `json:"updated_at"`
	UserID         *string         `json:"user_id"`       // who made it; nil on an open server
	Payload        json.RawMessage `json:"payload"`       // a RunCreate
	NextRunDate    *Time           `json:"next_run_date"` // nil when it is disabled or will not fire any more
	Metadata       Object          `json:"metadata"`
	Enabled        bool            `json:"enabled"`
}

// MarshalJSON writes {} for a nil payload.
func (c Cron) MarshalJSON() ([]byte, error) {
	type plain Cron
	if c.Payload == nil {
		c.Payload = json.RawMessage("{}")
	}
	return json.Marshal(plain(c))
}

// CronFields returns the names that a search may select.
func CronFields() []string {
	return []string{
		"cron_id", "assistant_id", "thread_id", "on_run_completed", "end_time", "schedule", "timezone", "created_at",
		"updated_at", "user_id", "payload", "next_run_date", "metadata", "enabled",
	}
}

// OnRunCompleted says what becomes of the thread that a firing made, when its run ends.
type OnRunCompleted string

// The ends; the default is delete.
const (
	OnRunCompletedDelete OnRunCompleted = "delete"
	OnRunCompletedKeep   OnRunCompleted = "keep"
)

func (OnRunCompleted) all() []OnRunCompleted {
	return []OnRunCompleted{OnRunCompletedDelete, OnRunCompletedKeep}
}

// Valid reports whether o is one of the constants.
func (o OnRunCompleted) Valid() bool { return slices.Contains(o.all(), o) }

// CronCreate is the body of POST /runs/crons and of POST /threads/{id}/runs/crons (rest.md 6). AssistantID, which may be a graph's, and
// Schedule are required. Metadata is the cron's, and its runs' too. OnRunCompleted is without meaning on a thread, MultitaskStrategy
// without one.
type CronCreate struct {
	AssistantID       string            `json:"assistant_id"`
	Schedule          string            `json:"schedule"`          // five fields
	Timezone          string            `json:"timezone,omitzero"` // an IANA name; "" is UTC
	EndTime           *Time             `json:"end_time,omitzero"`
	Enabled           *bool             `json:"enabled,omitzero"` // true if absent
	OnRunCompleted    OnRunCompleted    `json:"on_run_completed,omitzero"`
	MultitaskStrategy MultitaskStrategy `json:"multitask_strategy,omitzero"`
	Metadata          Object            `json:"metadata,omitzero"`
	Input             json.RawMessage   `json:"input,omitempty"`
	Config            Config            `json:"config,omitzero"`
	Context           Object            `json:"context,omitzero"`
	Webhook           Webhook           `json:"webhook,omitzero"`
	InterruptBefore   Names             `json:"interrupt_before,omitzero"`
	InterruptAfter    Names             `json:"interrupt_after,omitzero"`
	StreamMode        StreamModes       `json:"stream_mode,omitzero"`
	StreamSubgraphs   bool              `json:"stream_subgraphs,omitzero"`
	StreamResumable   bool              `json:"stream_resumable,omitzero"`
	Durability        Durability        `json:"durability,omitzero"`
	CheckpointDuring  *bool             `json:"checkpoint_during,omitzero"` // deprecated, as in RunCreate
}

// UnmarshalJSON names the one field that is a time.
func (c *CronCreate) UnmarshalJSON(data []byte) error {
	type plain CronCreate
	return ofEndTime(json.Unmarshal(data, (*plain)(c)))
}

// ofEndTime puts the field's name before what is wrong with a time.
func ofEndTime(err error) error {
	if errors.Is(err, errTime) {
		return fmt.Errorf("end_time: %w", err)
	}
	return err
}

// Validate checks what needs no database and no clock.
func (c *CronCreate) Validate() error {
	if c.Schedule == "" {
		return errors.New("schedule is required")
	}
	run := c.Run()
	return errors.Join(run.Validate(), oneOf("on_run_completed", c.OnRunCompleted))
}

// Run returns the request of the cron's runs.
func (c *CronCreate) Run() RunCreate {
	return RunCreate{
		AssistantID: c.AssistantID, Input: orAbsent(c.Input), Config: c.Config, Context: c.Context, Webhook: c.Webhook,
		InterruptBefore: c.InterruptBefore, InterruptAfter: c.InterruptAfter, StreamMode: c.StreamMode, StreamSubgraphs: c.StreamSubgraphs,
		StreamResumable: c.StreamResumable, MultitaskStrategy: c.MultitaskStrategy, Durability: c.Durability, CheckpointDuring: c.CheckpointDuring,
	}
}

// CronPatch is the body of PATCH /runs/crons/{id}. Metadata is merged, all else replaces; absent fields stay. A null EndTime clears it.
type CronPatch struct {
	Schedule       *string         `json:"schedule,omitzero"`
	Timezone       *string         `json:"timezone,omitzero"`
	EndTime        Optional[*Time] `json:"end_time,omitzero"`
	Enabled        *bool           `json:"enabled,omitzero"`
	OnRunCompleted OnRunCompleted  `json:"on_run_completed,omitzero"`
	Metadata       Object          `json:"metadata,omitzero"`

	MultitaskStrategy MultitaskStrategy `json:"multitask_strategy,omitzero"`
	Input             json.RawMessage   `json:"input,omitempty"`
	Config            *Config           `json:"config,omitzero"`
	Context           Object            `json:"context,omitzero"`
	Webhook           Webhook           `json:"webhook,omitzero"`
	InterruptBefore   Names             `json:"interrupt_before,omitzero"`
	InterruptAfter    Names             `json:"interrupt_after,omitzero"`
	StreamMode        StreamModes       `json:"stream_mode,omitzero"`
	StreamSubgraphs   *bool             `json:"stream_subgraphs,omitzero"`
	StreamResumable   *bool             `json:"stream_resumable,omitzero"`
	Durability        Durability        `json:"durability,omitzero"`
}

// UnmarshalJSON names the one field that is a time.
func (p *CronPatch) UnmarshalJSON(data []byte) error {
	type plain CronPatch
	return ofEndTime(json.Unmarshal(data, (*plain)(p)))
}

// Validate checks the enums.
func (p *CronPatch) Validate() error {
	if p.Schedule != nil && *p.Schedule == "" {
		return errors.New("schedule: want five fields")
	}
	return errors.Join(
		p.StreamMode.check(), oneOf("on_run_completed", p.OnRunCompleted), oneOf("multitask_strategy", p.MultitaskStrategy), oneOf("durability", p.Durability),
	)
}

// Payload returns the keys of the cron's payload that the patch replaces, with their new values.
func (p *CronPatch) Payload() (Object, error) {
	run := CronPatch{
		MultitaskStrategy: p.MultitaskStrategy, Input: orAbsent(p.Input), Config: p.Config, Context: p.Context, Webhook: p.Webhook,
		InterruptBefore: p.InterruptBefore, InterruptAfter: p.InterruptAfter, StreamMode: p.StreamMode, StreamSubgraphs: p.StreamSubgraphs,
		StreamResumable: p.StreamResumable, Durability: p.Durability,
	}
	data, err := json.Marshal(run)
	if err != nil {
		return nil, err
	}
	var out Object
	err = json.Unmarshal(data, &out)
	return out, err
}

// CronSort is a column that crons can be sorted by.
type CronSort string

// The columns.
const (
	CronByID          CronSort = "cron_id"
	CronByAssistant   CronSort = "assistant_id"
	CronByThread      CronSort = "thread_id"
	CronByNextRunDate CronSort = "next_run_date"
	CronByEndTime     CronSort = "end_time"
	CronByCreatedAt   CronSort = "created_at"
	CronByUpdatedAt   CronSort = "updated_at"
)

func (CronSort) all() []CronSort {
	return []CronSort{CronByID, CronByAssistant, CronByThread, CronByNextRunDate, CronByEndTime, CronByCreatedAt, CronByUpdatedAt}
}

// Valid reports whether s is one of the constants.
func (s CronSort) Valid() bool { return slices.Contains(s.all(), s) }

// CronSearch is the body of POST /runs/crons/search. AssistantID may be a graph's.
type CronSearch struct {
	AssistantID string    `json:"assistant_id,omitzero"`
	ThreadID    string    `json:"thread_id,omitzero"`
	Enabled     *bool     `json:"enabled,omitzero"`
	Metadata    Object    `json:"metadata,omitzero"`
	Limit       Limit     `json:"limit,omitzero"` // default 10
	Offset      Offset    `json:"offset,omitzero"`
	SortBy      CronSort  `json:"sort_by,omitzero"` // default created_at
	SortOrder   SortOrder `json:"sort_order,omitzero"`
	Select      []string  `json:"select,omitzero"`
}

// Validate checks the enums, the ids and the selected names. The name "now", which clients still know, selects nothing.
func (s *CronSearch) Validate() error {
	return errors.Join(
		uuids("thread_id", s.ThreadID), oneOf("sort_by", s.SortBy), oneOf("sort_order", s.SortOrder), selected(s.Select, append(CronFields(), "now")),
	)
}

// CronCount is the body of POST /runs/crons/count.
type CronCount struct {
	AssistantID string `json:"assistant_id,omitzero"`
	ThreadID    string `json:"thread_id,omitzero"`
	Metadata    Object `json:"metadata,omitzero"`
}

// Validate checks the thread's id.
func (c *CronCount) Validate() error { return uuids("thread_id", c.ThreadID) }
