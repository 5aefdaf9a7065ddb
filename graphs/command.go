package graphs

// Names that are not nodes.
const (
	// Start is where a graph begins: it applies the input.
	Start = "__start__"
	// End is where a graph ends.
	End = "__end__"
	// Parent as [Command].Graph addresses the graph that contains this one.
	Parent = "__parent__"
)

// Update is what a node returns: [Patch], [Set], [Command], [Updates] or nil for no change.
type Update interface{ update() }

// Patch writes the non-zero fields of s, usually the graph's own state type. A field that shall become zero needs [Set].
func Patch[S any](s S) Update { return &patch{value: s} }

type patch struct{ value any }

func (*patch) update() {}

// Set writes the named channels, zero values too. A value that has not the channel's Go type gets it by way of JSON.
type Set map[string]any

func (Set) update() {}

// Updates are several updates as one. Their writes are taken in order, so that a channel with a reducer can be written twice.
type Updates []Update

func (Updates) update() {}

// Command is an Update that also says where the graph goes on, beside the node's own edges.
type Command struct {
	Update Update
	// Goto names nodes that read the state; [End] is allowed and does nothing.
	Goto []string
	// Send starts nodes with an input of their own: one task each.
	Send []Send
	// Graph is empty for this graph or [Parent].
	Graph string
}

func (Command) update() {}

// Send starts Node with Arg instead of the state. Arg has the node's input type or becomes it by way of JSON.
type Send struct {
	Node string
	Arg  any
}

// Overwrite as a value of a [Set] replaces the channel's value: the reducer is not asked, and what else is written to the channel in the
// same step is dropped. Two overwrites of a channel in one step are an error.
func Overwrite(v any) any { return overwrite{v} }

type overwrite struct{ value any }

// overwriteKey marks an overwrite in JSON.
const overwriteKey = "__overwrite__"
