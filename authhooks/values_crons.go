package authhooks

import "time"

// CronsCreate is the value of crons:create.
type CronsCreate struct {
	Metadata Metadata
	Payload  map[string]any // the run that is made at each firing
	known
}

func (*CronsCreate) event() (Resource, Action) { return Crons, Create }

// CronID returns the id the cron will have.
func (v *CronsCreate) CronID() string { return v.facts.CronID }

// AssistantID returns the assistant that runs.
func (v *CronsCreate) AssistantID() string { return v.facts.AssistantID }

// ThreadID returns the thread it runs on, or "" for a new one each time.
func (v *CronsCreate) ThreadID() string { return v.facts.ThreadID }

// UserID returns the user_id of the request, which proves nothing: a cron acts as the user of this call.
func (v *CronsCreate) UserID() string { return v.facts.UserID }

// Schedule returns the cron expression.
func (v *CronsCreate) Schedule() string { return v.facts.Schedule }

// Timezone returns the zone the schedule is in, or "" for UTC.
func (v *CronsCreate) Timezone() string { return v.facts.Timezone }

// EndTime returns when the cron stops, or the zero time.
func (v *CronsCreate) EndTime() time.Time { return v.facts.EndTime }

// CronsRead is the value of crons:read.
type CronsRead struct{ known }

func (*CronsRead) event() (Resource, Action) { return Crons, Read }

// CronID returns the cron.
func (v *CronsRead) CronID() string { return v.facts.CronID }

// CronsUpdate is the value of crons:update.
type CronsUpdate struct {
	Metadata Metadata
	Payload  map[string]any
	known
}

func (*CronsUpdate) event() (Resource, Action) { return Crons, Update }

// CronID returns the cron.
func (v *CronsUpdate) CronID() string { return v.facts.CronID }

// Schedule returns the new cron expression, or "".
func (v *CronsUpdate) Schedule() string { return v.facts.Schedule }

// Timezone returns the new zone, or "".
func (v *CronsUpdate) Timezone() string { return v.facts.Timezone }

// EndTime returns the new end, or the zero time.
func (v *CronsUpdate) EndTime() time.Time { return v.facts.EndTime }

// Enabled returns whether the cron is switched on or off, or nil.
func (v *CronsUpdate) Enabled() *bool { return v.facts.Enabled }

// OnRunCompleted returns what becomes of a run's own thread, or "".
func (v *CronsUpdate) OnRunCompleted() string { return v.facts.OnRunCompleted }

// CronsDelete is the value of crons:delete.
type CronsDelete struct{ known }

func (*CronsDelete) event() (Resource, Action) { return Crons, Delete }

// CronID returns the cron.
func (v *CronsDelete) CronID() string { return v.facts.CronID }

// CronsSearch is the value of crons:search, which counts ask too.
type CronsSearch struct {
	Metadata Metadata // rows must have these
	known
}

func (*CronsSearch) event() (Resource, Action) { return Crons, Search }

// AssistantID returns the assistant that is asked for, or "".
func (v *CronsSearch) AssistantID() string { return v.facts.AssistantID }

// ThreadID returns the thread that is asked for, or "".
func (v *CronsSearch) ThreadID() string { return v.facts.ThreadID }

// Limit returns the page size; 0 for a count.
func (v *CronsSearch) Limit() int { return v.facts.Limit }

// Offset returns how many rows are skipped.
func (v *CronsSearch) Offset() int { return v.facts.Offset }
