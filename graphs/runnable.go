package graphs

import (
	"context"
	"encoding/json"
	"iter"
	"time"

	"github.com/locutory/locutory/authhooks"
)

// Runnable is a compiled graph as a server sees it: without type parameter, safe for concurrent use, free of run state.
type Runnable interface {
	// Schemas describes the graph's input, output, state and settings.
	Schemas() Schemas
	// Draw returns nodes and edges; xray is how many levels of subgraphs are opened.
	Draw(xray int) Drawing
	// Stream runs the graph and yields what happens, in order, up to but without run.end. An error ends the stream: it is the
	// run's failure (or ctx's error), the state keeps what was checkpointed. A pause is no error. Breaking out cancels the run
	// and returns when all of its goroutines have ended. What was put into the Saver is durable when Sync says so: Stream itself
	// waits for it only with DurabilitySync.
	Stream(ctx context.Context, in Input, cfg Config) iter.Seq2[Event, error]
	// Write applies updates as if their nodes had returned them, one checkpoint for each superstep (streaming.md §3.5),
	// and returns the last checkpoint.
	Write(ctx context.Context, steps []Superstep, cfg Config) (*Checkpoint, error)
}

// Source is what platform.json may name: a graph under construction, a Runnable or a Factory. The server calls Load
// once for each run and each access to a state; everything but a Factory answers the same Runnable every time.
type Source interface {
	Load(ctx context.Context, rt *ServerRuntime) (Runnable, error)
	// Settings returns the JSON Schema of the context type, nil when there is none.
	Settings() json.RawMessage
}

// ServerRuntime tells a Factory what a graph is wanted for.
type ServerRuntime struct {
	Config Config
	User   *authhooks.User
	// Store keeps what outlives threads, as the User reaches it; nil where a server gives none.
	Store Store
	// AccessContext is one of threads.create_run, threads.update, threads.read, assistants.read.
	AccessContext string
	// IsForExecution is true when the graph is about to run, false when only its shape or state is wanted.
	IsForExecution bool
}

// Input is what a run begins with. Value is JSON (json.RawMessage) or the graph's own Go input type; nil continues from the
// checkpoint. A Command excludes Value.
type Input struct {
	Value   any
	Command *InputCommand
}

// InputCommand is a Command that comes from outside (streaming.md §3.7).
type InputCommand struct {
	// Resume answers the only pending interrupt, or several by a map from interrupt id to value. HasResume tells null from absent.
	Resume    json.RawMessage
	HasResume bool
	// Update is an object, or a list of [channel, value] pairs.
	Update json.RawMessage
	Goto   []Target
}

// Target is where a Command goes: a node by name, with its own input when it is a Send.
type Target struct {
	Node  string
	Input json.RawMessage
	Send  bool
}

// Superstep is a group of updates that are applied together.
type Superstep struct{ Updates []NodeUpdate }

// NodeUpdate is one update by POST state: Values null with a node marks that node as done; AsNode empty means the last writer.
type NodeUpdate struct {
	Values  json.RawMessage
	Command *InputCommand
	AsNode  string
}

// Durability says when checkpoints must be durable.
type Durability string

// The durabilities: async (the default) while the next step runs, sync before it, exit only when the run ends.
const (
	DurabilityAsync Durability = "async"
	DurabilitySync  Durability = "sync"
	DurabilityExit  Durability = "exit"
)

// Config is everything a run needs beside its input. The zero value runs without checkpoints.
type Config struct {
	ThreadID, RunID, GraphID, AssistantID string
	// CheckpointID chooses an older checkpoint to start from. With CheckpointNS it is one inside of a subgraph: the graphs around it
	// go on from the checkpoints that they had then, which CheckpointMap may name by namespace ([Snapshot].CheckpointMap).
	CheckpointID, CheckpointNS string
	CheckpointMap              map[string]string
	Configurable               map[string]json.RawMessage
	Context                    json.RawMessage
	Metadata                   map[string]json.RawMessage
	Tags                       []string
	// MaxConcurrency is how many nodes may run at the same time, those of subgraphs and called graphs included; 0 means all that are
	// led to. A node that waits for a graph which it calls does not count.
	MaxConcurrency int
	// StepTimeout ends the contexts of a step's nodes; 0 means never.
	StepTimeout time.Duration
	// RecursionLimit is the greatest number of supersteps; 0 means 25.
	RecursionLimit int
	// InterruptBefore and InterruptAfter name nodes; "*" means all.
	InterruptBefore, InterruptAfter []string
	Durability                      Durability
	// Attempt counts from 1; 0 means 1.
	Attempt int
	// Saver keeps the thread's checkpoints; nil means none, and an interrupt is then an error.
	Saver Saver
	// Store is what nodes find in their [Runtime]; it may be nil.
	Store Store
	User  *authhooks.User
	// Cache keeps what nodes with the option [Cache] have written; nil means the graph's own.
	Cache NodeCache
	// Trace asks for trace events: see [Event].Trace.
	Trace bool
	// Messages asks for chunk and message events: without it models are not asked to stream.
	Messages bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Schemas are JSON Schemas; nil where a schema cannot be derived.
type Schemas struct {
	Input, Output, State, Config, Context json.RawMessage
}

// Drawing is a graph as nodes and edges (streaming.md §4.1).
type Drawing struct {
	Nodes []DrawnNode `json:"nodes"`
	Edges []DrawnEdge `json:"edges"`
}

// DrawnNode is a node of a Drawing.
type DrawnNode struct {
	ID       string         `json:"id"`
	Type     string         `json:"type"`
	Data     any            `json:"data"`
	Metadata map[string]any `json:"metadata,omitempty"`
}

// DrawnEdge is an edge of a Drawing; clients accept exactly these keys.
type DrawnEdge struct {
	Source      string `json:"source"`
	Target      string `json:"target"`
	Data        string `json:"data,omitempty"`
	Conditional bool   `json:"conditional,omitempty"`
}
