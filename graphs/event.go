package graphs

import "encoding/json"

// Kind names what an [Event] tells.
type Kind string

// The kinds of events. A log of them is enough to rebuild every stream mode: views are folds, nothing else is stored.
const (
	KindRunStart  Kind = "run.start"
	KindTaskStart Kind = "task.start"
	KindChunk     Kind = "chunk"
	KindMessage   Kind = "message"
	KindCustom    Kind = "custom"
	KindTool      Kind = "tool"
	KindTrace     Kind = "trace"
	KindTaskEnd   Kind = "task.end"
	KindStep      Kind = "step"
	KindPause     Kind = "pause"
	KindRunEnd    Kind = "run.end"
	KindUpdate    Kind = "update"
)

// Event is one thing that happened in a run. Exactly the field that belongs to Kind is set.
// No event holds a whole state: a state is a base checkpoint and the patches of the steps after it.
// An event is immutable once it was yielded.
type Event struct {
	Kind Kind `json:"kind"`
	// NS is the checkpoint namespace of the graph in which it happened: "" for the root, "node:task|node:task" below it.
	NS string `json:"ns,omitempty"`
	// Task is the id of the task that made the event; empty for run.*, step, pause and update.
	Task string `json:"task,omitempty"`
	// At is when it happened, in Unix microseconds.
	At int64 `json:"at,omitempty"`

	RunStart  *RunStarted   `json:"run_start,omitempty"`
	TaskStart *TaskStarted  `json:"task_start,omitempty"`
	Chunk     *ChunkSent    `json:"chunk,omitempty"`
	Message   *MessageSent  `json:"message,omitempty"`
	Custom    *CustomSent   `json:"custom,omitempty"`
	Tool      *ToolReported `json:"tool,omitempty"`
	// Trace is a trace event as clients read it (streaming.md §1.5.9), with "data" as the last member. TraceState is "input" or
	// "output" if data lacks that member because it is the state of NS as it is now: a log holds no whole states.
	Trace      json.RawMessage `json:"trace,omitempty"`
	TraceState string          `json:"trace_state,omitempty"`
	TaskEnd    *TaskEnded      `json:"task_end,omitempty"`
	Step       *StepTaken      `json:"step,omitempty"`
	Pause      *Paused         `json:"pause,omitempty"`
	RunEnd     *RunEnded       `json:"run_end,omitempty"`
	Update     *StateUpdated   `json:"update,omitempty"`

	// routed is for the tracer alone; no reader gets such an event.
	routed *routed
}

// RunStarted opens an attempt. A later attempt of the same run resets every fold to Base. In a namespace below the root it says
// that a subgraph begins, or goes on, from Base.
type RunStarted struct {
	RunID   string `json:"run_id,omitempty"`
	Attempt int    `json:"attempt"`
	// Base is the checkpoint of the event's namespace that the run starts from; empty when there is none.
	Base string `json:"base,omitempty"`
	// Resume says that the run goes on from Base without new input: readers are shown its values at once.
	Resume bool `json:"resume,omitempty"`
	// From tells how Base was come to, as the step did then but without its patch, when the run goes on from it. Pending are those of its
	// tasks that had an outcome or a question by then.
	From    *StepTaken  `json:"from,omitempty"`
	Pending []TaskEnded `json:"pending,omitempty"`
	// Output names the channels of the output schema, in declared order: what `values` and `updates` show.
	Output []string `json:"output"`
}

// TaskStarted tells that a node is about to run, or would run if its outcome were not there already. What is constant for a task is
// told here, once.
type TaskStarted struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Step     int      `json:"step"`
	Path     []any    `json:"path"`
	Triggers []string `json:"triggers"`
	// Input is the argument of a Send; nil for a node that reads the state.
	Input json.RawMessage `json:"input,omitempty"`
	// Reads names the channels that the node reads, if its input is not the whole state: nil is all.
	Reads []string `json:"reads,omitzero"`
	// Cached says that the node does not run: an earlier run, or a cache, has its outcome.
	Cached bool `json:"cached,omitempty"`
	// Metadata is the run's metadata as the node sees it.
	Metadata map[string]json.RawMessage `json:"metadata,omitempty"`
	// Hidden keeps the task out of `updates` and `tasks` (the start node).
	Hidden bool `json:"hidden,omitempty"`
}

// ChunkSent is one delta of a message that a model is speaking. All chunks of one message carry the same id.
type ChunkSent struct {
	Delta MessageChunk `json:"delta"`
	// Call is the model call's own metadata (ls_provider, ls_model_name, tags ...); set on the first chunk of a message.
	Call map[string]json.RawMessage `json:"call,omitempty"`
}

// MessageSent is a whole message that a node returned or a model answered without streaming. A node that is a graph tells again what
// was told inside of it, under the same id: who reads subgraphs has it, all others do not.
type MessageSent struct {
	Message Message                    `json:"message"`
	Call    map[string]json.RawMessage `json:"call,omitempty"`
}

// CustomSent is what a node wrote with [Runtime.Write]. Name is empty but for named extension channels.
type CustomSent struct {
	Name  string          `json:"name,omitempty"`
	Value json.RawMessage `json:"value"`
}

// ToolReported follows one tool call: Phase is started, delta, finished or error.
type ToolReported struct {
	CallID string          `json:"call_id"`
	Name   string          `json:"name,omitempty"`
	Phase  string          `json:"phase"`
	Data   json.RawMessage `json:"data,omitempty"`
}

// TaskEnded closes a task. Exactly one of Writes, Error and Interrupts says how, but for a task that wrote nothing.
type TaskEnded struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Writes are the task's channel writes in order, before reducers.
	Writes     []Write        `json:"writes,omitempty"`
	Error      *Failure       `json:"error,omitempty"`
	Interrupts []Interruption `json:"interrupts,omitempty"`
	Cached     bool           `json:"cached,omitempty"`
	Hidden     bool           `json:"hidden,omitempty"`
	// Left says that the task led out of its graph by a Command to the parent: what it wrote is told of the node around it.
	Left bool `json:"left,omitempty"`
}

// StepTaken tells that a superstep's writes were applied. It is yielded just before the checkpoint is put.
type StepTaken struct {
	Checkpoint string           `json:"checkpoint"`
	Parent     string           `json:"parent,omitempty"`
	Step       int              `json:"step"`
	Source     CheckpointSource `json:"source"`
	// Next names the nodes that run next; empty when the graph has ended.
	Next []string `json:"next"`
	// Tasks are the tasks of Next, without their inputs.
	Tasks []TaskPlan `json:"tasks,omitempty"`
	// Patch holds the state channels that changed.
	Patch map[string]ChannelPatch `json:"patch,omitempty"`
}

// Paused tells that static breakpoints stopped the run before or after Nodes, or inside of them when they are subgraphs.
type Paused struct {
	Nodes []string `json:"nodes"`
	When  string   `json:"when"`
}

// RunEnded closes a run. Status is one of success, error, interrupted, timeout (rest.md §5.6).
type RunEnded struct {
	Status string   `json:"status"`
	Error  *Failure `json:"error,omitempty"`
}

// StateUpdated tells of a checkpoint that a caller wrote (POST state).
type StateUpdated struct {
	Checkpoint string                  `json:"checkpoint"`
	Patch      map[string]ChannelPatch `json:"patch,omitempty"`
}

// Failure is an error on its way to a client: Class is its class name (GraphRecursionError, ValueError ...).
type Failure struct {
	Class   string `json:"error"`
	Message string `json:"message"`
}

// Interruption is a question that a node asked with [Interrupt]: ID is 32 lower-case hex digits of the task's namespace (streaming.md §3.7).
type Interruption struct {
	Value json.RawMessage `json:"value"`
	ID    string          `json:"id"`
}

// ChannelPatch is a channel's change: either Set, the whole new value, or the first Keep items of the old list and then Add.
type ChannelPatch struct {
	Set  json.RawMessage   `json:"set,omitempty"`
	Keep int               `json:"keep,omitempty"`
	Add  []json.RawMessage `json:"add,omitempty"`
	List bool              `json:"list,omitempty"`
}
