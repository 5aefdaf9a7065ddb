package authhooks

import (
	"encoding/json"
	"time"
)

// Metadata is the metadata of a row: a JSON object.
type Metadata = map[string]any

// Value is what a request asks for, one struct per event. Its exported fields are what a handler may change; the server
// acts on what it finds there afterwards. What a handler may only read is a method. Maps are never nil in a handler.
//
//	threads     create ThreadsCreate, read ThreadsRead, update ThreadsUpdate, delete ThreadsDelete, search ThreadsSearch,
//	            create_run RunsCreate
//	assistants  create AssistantsCreate, read AssistantsRead, update AssistantsUpdate, delete AssistantsDelete, search AssistantsSearch
//	crons       create CronsCreate, read CronsRead, update CronsUpdate, delete CronsDelete, search CronsSearch
//	store       put StorePut, get StoreGet, search StoreSearch, delete StoreDelete, list_namespaces StoreListNamespaces
//
// The interface is sealed: only these implement it, each by its pointer.
type Value interface {
	event() (Resource, Action)
	setFacts(Facts)
}

// ThreadsCreate is the value of threads:create. It is asked too when a run makes its thread or a copy makes its own.
type ThreadsCreate struct {
	Metadata Metadata
	known
}

func (*ThreadsCreate) event() (Resource, Action) { return Threads, Create }

// ThreadID returns the id the thread will have.
func (v *ThreadsCreate) ThreadID() string { return v.facts.ThreadID }

// IfExists returns "raise" or "do_nothing".
func (v *ThreadsCreate) IfExists() string { return v.facts.IfExists }

// SourceThreadID returns the thread that is copied, or "".
func (v *ThreadsCreate) SourceThreadID() string { return v.facts.SourceThreadID }

// TTL returns how long the thread is to live, or nil.
func (v *ThreadsCreate) TTL() *time.Duration { return v.facts.TTL }

// ThreadsRead is the value of threads:read: the thread, its state, history, runs and streams.
type ThreadsRead struct{ known }

func (*ThreadsRead) event() (Resource, Action) { return Threads, Read }

// ThreadID returns the thread.
func (v *ThreadsRead) ThreadID() string { return v.facts.ThreadID }

// RunID returns the run that is read, or "".
func (v *ThreadsRead) RunID() string { return v.facts.RunID }

// CheckpointID returns the checkpoint that is read, or "".
func (v *ThreadsRead) CheckpointID() string { return v.facts.CheckpointID }

// ThreadsUpdate is the value of threads:update: a patch, a write to the state, or the cancelling of runs.
type ThreadsUpdate struct {
	Metadata Metadata // of a patch: merged into the row
	known
}

func (*ThreadsUpdate) event() (Resource, Action) { return Threads, Update }

// ThreadID returns the thread, or "" when runs of many threads are cancelled.
func (v *ThreadsUpdate) ThreadID() string { return v.facts.ThreadID }

// Cancel returns "interrupt" or "rollback" when runs are cancelled, else "".
func (v *ThreadsUpdate) Cancel() string { return v.facts.Cancel }

// RunIDs returns the runs that are cancelled by id.
func (v *ThreadsUpdate) RunIDs() []string { return v.facts.RunIDs }

// Status returns the status of the runs that are cancelled by it, or "".
func (v *ThreadsUpdate) Status() string { return v.facts.Status }

// StateValues returns the values that are written to the state as JSON, or nil.
func (v *ThreadsUpdate) StateValues() json.RawMessage { return v.facts.StateValues }

// AsNode returns the node in whose name the state is written, or "".
func (v *ThreadsUpdate) AsNode() string { return v.facts.AsNode }

// CheckpointID returns the checkpoint that the state is written upon, or "".
func (v *ThreadsUpdate) CheckpointID() string { return v.facts.CheckpointID }

// ThreadsDelete is the value of threads:delete: a thread or one of its runs.
type ThreadsDelete struct{ known }

func (*ThreadsDelete) event() (Resource, Action) { return Threads, Delete }

// ThreadID returns the thread.
func (v *ThreadsDelete) ThreadID() string { return v.facts.ThreadID }

// RunID returns the run that is deleted, or "" when it is the whole thread.
func (v *ThreadsDelete) RunID() string { return v.facts.RunID }

// ThreadsSearch is the value of threads:search, which counts and the cancelling of many runs ask too.
type ThreadsSearch struct {
	Metadata Metadata       // rows must have these
	Values   map[string]any // states must have these
	known
}

func (*ThreadsSearch) event() (Resource, Action) { return Threads, Search }

// IDs returns the threads that are asked for by id, or nil.
func (v *ThreadsSearch) IDs() []string { return v.facts.IDs }

// Status returns the status that is asked for, or "".
func (v *ThreadsSearch) Status() string { return v.facts.Status }

// Limit returns the page size; 0 for a count.
func (v *ThreadsSearch) Limit() int { return v.facts.Limit }

// Offset returns how many rows are skipped.
func (v *ThreadsSearch) Offset() int { return v.facts.Offset }

// RunsCreate is the value of threads:create_run. Metadata is the run's. Stamps of this event go to the thread, if the run makes one.
type RunsCreate struct {
	Metadata Metadata
	Config   map[string]any
	Context  map[string]any
	known
}

func (*RunsCreate) event() (Resource, Action) { return Threads, CreateRun }

// ThreadID returns the thread, or "" for a stateless run.
func (v *RunsCreate) ThreadID() string { return v.facts.ThreadID }

// RunID returns the id the run will have.
func (v *RunsCreate) RunID() string { return v.facts.RunID }

// AssistantID returns the assistant, by id also when the request named a graph.
func (v *RunsCreate) AssistantID() string { return v.facts.AssistantID }

// Status returns the status that the run starts with.
func (v *RunsCreate) Status() string { return v.facts.Status }

// Input returns the input as JSON, or nil.
func (v *RunsCreate) Input() json.RawMessage { return v.facts.Input }

// Command returns the command (resume, update, goto) as JSON, or nil.
func (v *RunsCreate) Command() json.RawMessage { return v.facts.Command }

// IfNotExists returns "create" or "reject": what to do without the thread.
func (v *RunsCreate) IfNotExists() string { return v.facts.IfNotExists }

// MultitaskStrategy returns what happens to a run that is under way: reject, enqueue, interrupt or rollback.
func (v *RunsCreate) MultitaskStrategy() string { return v.facts.MultitaskStrategy }

// PreventInsertIfInflight reports whether the run is refused while another is under way.
func (v *RunsCreate) PreventInsertIfInflight() bool { return v.facts.PreventInsertIfInflight }

// AfterSeconds returns how long the run waits before it starts.
func (v *RunsCreate) AfterSeconds() float64 { return v.facts.AfterSeconds }

// StreamMode returns the stream modes.
func (v *RunsCreate) StreamMode() []string { return v.facts.StreamMode }

// StreamSubgraphs reports whether events of subgraphs are streamed.
func (v *RunsCreate) StreamSubgraphs() bool { return v.facts.StreamSubgraphs }

// StreamResumable reports whether the stream can be taken up again.
func (v *RunsCreate) StreamResumable() bool { return v.facts.StreamResumable }

// InterruptBefore returns the nodes to stop before; "*" is all.
func (v *RunsCreate) InterruptBefore() []string { return v.facts.InterruptBefore }

// InterruptAfter returns the nodes to stop after; "*" is all.
func (v *RunsCreate) InterruptAfter() []string { return v.facts.InterruptAfter }

// FeedbackKeys returns the feedback keys.
func (v *RunsCreate) FeedbackKeys() []string { return v.facts.FeedbackKeys }

// Webhook returns where the finished run is announced, or "".
func (v *RunsCreate) Webhook() string { return v.facts.Webhook }

// Temporary reports whether the thread goes away with the run.
func (v *RunsCreate) Temporary() bool { return v.facts.Temporary }

// AssistantsCreate is the value of assistants:create.
type AssistantsCreate struct {
	Metadata Metadata
	Config   map[string]any
	Context  map[string]any
	known
}

func (*AssistantsCreate) event() (Resource, Action) { return Assistants, Create }

// AssistantID returns the id the assistant will have.
func (v *AssistantsCreate) AssistantID() string { return v.facts.AssistantID }

// GraphID returns the graph.
func (v *AssistantsCreate) GraphID() string { return v.facts.GraphID }

// Name returns the name.
func (v *AssistantsCreate) Name() string { return v.facts.Name }

// Description returns the description.
func (v *AssistantsCreate) Description() string { return v.facts.Description }

// IfExists returns "raise" or "do_nothing".
func (v *AssistantsCreate) IfExists() string { return v.facts.IfExists }

// AssistantsRead is the value of assistants:read: the row, its versions, graph and schemas, and its use by a run.
type AssistantsRead struct{ known }

func (*AssistantsRead) event() (Resource, Action) { return Assistants, Read }

// AssistantID returns the assistant.
func (v *AssistantsRead) AssistantID() string { return v.facts.AssistantID }

// AssistantsUpdate is the value of assistants:update: a patch, or the choice of the latest version.
type AssistantsUpdate struct {
	Metadata Metadata
	Config   map[string]any
	Context  map[string]any
	known
}

func (*AssistantsUpdate) event() (Resource, Action) { return Assistants, Update }

// AssistantID returns the assistant.
func (v *AssistantsUpdate) AssistantID() string { return v.facts.AssistantID }

// GraphID returns the new graph, or "".
func (v *AssistantsUpdate) GraphID() string { return v.facts.GraphID }

// Name returns the new name, or "".
func (v *AssistantsUpdate) Name() string { return v.facts.Name }

// Description returns the new description, or "".
func (v *AssistantsUpdate) Description() string { return v.facts.Description }

// Version returns the version that is made the latest, or 0.
func (v *AssistantsUpdate) Version() int { return v.facts.Version }

// AssistantsDelete is the value of assistants:delete.
type AssistantsDelete struct{ known }

func (*AssistantsDelete) event() (Resource, Action) { return Assistants, Delete }

// AssistantID returns the assistant.
func (v *AssistantsDelete) AssistantID() string { return v.facts.AssistantID }

// DeleteThreads reports whether its threads go too; threads:delete is asked for them as well.
func (v *AssistantsDelete) DeleteThreads() bool { return v.facts.DeleteThreads }

// AssistantsSearch is the value of assistants:search, which counts ask too.
type AssistantsSearch struct {
	Metadata Metadata // rows must have these
	known
}

func (*AssistantsSearch) event() (Resource, Action) { return Assistants, Search }

// GraphID returns the graph that is asked for, or "".
func (v *AssistantsSearch) GraphID() string { return v.facts.GraphID }

// Name returns the name that is asked for, or "".
func (v *AssistantsSearch) Name() string { return v.facts.Name }

// Limit returns the page size; 0 for a count.
func (v *AssistantsSearch) Limit() int { return v.facts.Limit }

// Offset returns how many rows are skipped.
func (v *AssistantsSearch) Offset() int { return v.facts.Offset }
