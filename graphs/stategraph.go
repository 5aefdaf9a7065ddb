package graphs

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"
)

// StateGraph is a graph under construction whose nodes share a state S, a struct. Its fields are the channels: the JSON name is
// the key, and tags say how writes are taken.
//
//	reduce:"append"      lists: writes are appended
//	reduce:"messages"    []Message: same id replaces, RemoveMessage deletes
//	reduce:"merge"       maps: keys are set
//	reduce:"add"         numbers: writes are added
//	channel:"ephemeral"  the value lives for one step
//	channel:"untracked"  the value is in no checkpoint
//	channel:"private"    the key is neither input nor output; states and history show it
//
// Without a reducer the last value wins, and two writes in one step are an error. Mistakes are collected and told by Compile.
// A StateGraph is a [Source]: a server takes it as it is.
type StateGraph[S any] struct {
	def  definition
	once sync.Once
	made Runnable
	err  error
}

// definition is what was asked for, before Compile has looked at it.
type definition struct {
	before, after []string // breakpoints
	cache         NodeCache
	transformers  []func() Transformer
	fields        []structField // channels beside those of the state

	state, input, output, context reflect.Type

	nodes    []nodeDef
	edges    []edgeDef
	joins    []joinDef
	branches []branchDef
	reducers map[string]custReducer
	defaults map[string]any
	mistakes []error
}

type nodeDef struct {
	name  string
	in    reflect.Type
	call  nodeFunc
	retry RetryPolicy
	meta  map[string]any
	goes  []string
	sub   Source

	timeout  time.Duration
	deferred bool
	cache    *cachePolicy
	sees     bool
	calls    Source
}

// nodeFunc calls a node with a pointer to its input.
type nodeFunc func(ctx context.Context, in any) (Update, error)

type edgeDef struct{ from, to string }

type joinDef struct {
	from []string
	to   string
}

type branchDef struct {
	from    string
	route   func(ctx context.Context, in any) (string, error)
	moves   func(ctx context.Context, in any) (Command, error) // instead of route
	name    string                                             // of the function, for traces
	targets []string
}

type custReducer struct {
	typ   reflect.Type
	merge func(left, right any) any
}

// Option changes a graph as a whole.
type Option func(*definition)

// NodeOption changes a node.
type NodeOption func(*nodeDef)

// NewStateGraph begins a graph. It has no name: platform.json gives it one.
func NewStateGraph[S any](opts ...Option) *StateGraph[S] {
	g := &StateGraph[S]{def: definition{state: reflect.TypeFor[S](), reducers: map[string]custReducer{}, defaults: map[string]any{}}}
	for _, opt := range opts {
		opt(&g.def)
	}
	return g
}

// InputSchema lets a run's input have only the keys of In, a struct whose fields are channels of the state.
func InputSchema[In any]() Option { return func(d *definition) { d.input = reflect.TypeFor[In]() } }

// OutputSchema lets readers see only the keys of Out, a struct whose fields are channels of the state.
func OutputSchema[Out any]() Option { return func(d *definition) { d.output = reflect.TypeFor[Out]() } }

// ContextSchema says that a run has settings of type C; nodes read them by [ContextFrom].
func ContextSchema[C any]() Option { return func(d *definition) { d.context = reflect.TypeFor[C]() } }

// InterruptBefore lets every run stop before the named nodes, "*" for all; a run without input goes on. See [Config].InterruptBefore.
func InterruptBefore(nodes ...string) Option {
	return func(d *definition) { d.before = append(d.before, nodes...) }
}

// InterruptAfter lets every run stop after the named nodes.
func InterruptAfter(nodes ...string) Option {
	return func(d *definition) { d.after = append(d.after, nodes...) }
}

// Reduce gives a channel a reducer of its own. fn must change neither argument. The first write is taken as it is unless there is a [Default].
func Reduce[T any](channel string, fn func(left, right T) T) Option {
	return func(d *definition) {
		d.reducers[channel] = custReducer{reflect.TypeFor[T](), func(left, right any) any {
			l, _ := left.(T)
			r, _ := right.(T)
			return fn(l, r)
		}}
	}
}

// Default is a channel's value before the first write.
func Default[T any](channel string, v T) Option {
	return func(d *definition) { d.defaults[channel] = v }
}

// AddNode adds a node which reads the state. The state is read-only: return what shall change.
func (g *StateGraph[S]) AddNode(name string, fn func(ctx context.Context, s S) (Update, error), opts ...NodeOption) *StateGraph[S] {
	return g.AddNodeOf(name, In(fn), opts...)
}

// Handler is a node's function with the type of its input; see [In].
type Handler struct {
	in   reflect.Type
	call nodeFunc
}

// In makes a node of a function with an input of its own: a struct of some of the state's keys, or what a [Send] brings.
func In[A any](fn func(ctx context.Context, in A) (Update, error)) Handler {
	h := Handler{in: reflect.TypeFor[A]()}
	if fn != nil {
		h.call = func(ctx context.Context, in any) (Update, error) { return fn(ctx, *in.(*A)) }
	}
	return h
}

// AddNodeOf adds a node with another input than the state.
func (g *StateGraph[S]) AddNodeOf(name string, h Handler, opts ...NodeOption) *StateGraph[S] {
	n := nodeDef{name: name, in: h.in, call: h.call}
	for _, opt := range opts {
		opt(&n)
	}
	g.def.nodes = append(g.def.nodes, n)
	return g
}

// AddEdge lets to run in the step after from. from may be [Start], to may be [End].
func (g *StateGraph[S]) AddEdge(from, to string) *StateGraph[S] {
	g.def.edges = append(g.def.edges, edgeDef{from, to})
	return g
}

// AddSequence lets each of the named nodes run in the step after the one before it; the first may be [Start], the last [End].
func (g *StateGraph[S]) AddSequence(names ...string) *StateGraph[S] {
	for i := 1; i < len(names); i++ {
		g.AddEdge(names[i-1], names[i])
	}
	return g
}

// AddJoin lets to run in the step after the last of from has run.
func (g *StateGraph[S]) AddJoin(from []string, to string) *StateGraph[S] {
	g.def.joins = append(g.def.joins, joinDef{from, to})
	return g
}

// AddConditionalEdges asks route where to go after from; it sees the state with from's writes. targets are all names that it may
// return; without them it may return any node. Several targets at once are a [Command] of the node.
func (g *StateGraph[S]) AddConditionalEdges(from string, route func(ctx context.Context, s S) (string, error), targets ...string) *StateGraph[S] {
	b := branchDef{from: from, targets: targets}
	if route == nil {
		g.def.mistakes = append(g.def.mistakes, fmt.Errorf("conditional edges of %q have no function", from))
	} else {
		b.name = functionName(route)
		b.route = func(ctx context.Context, in any) (string, error) { return route(ctx, *in.(*S)) }
	}
	g.def.branches = append(g.def.branches, b)
	return g
}

// AddRouter is AddConditionalEdges for several targets at once, or for tasks with an input of their own: route returns a Command
// with Goto and Send only. targets are all nodes that it may name; without them it may name any.
func (g *StateGraph[S]) AddRouter(from string, route func(ctx context.Context, s S) (Command, error), targets ...string) *StateGraph[S] {
	b := branchDef{from: from, targets: targets}
	if route == nil {
		g.def.mistakes = append(g.def.mistakes, fmt.Errorf("the router of %q has no function", from))
	} else {
		b.name = functionName(route)
		b.moves = func(ctx context.Context, in any) (Command, error) { return route(ctx, *in.(*S)) }
	}
	g.def.branches = append(g.def.branches, b)
	return g
}

// Compile checks the graph and makes it runnable. The error joins all mistakes, each with the node or channel and the way out.
func (g *StateGraph[S]) Compile() (Runnable, error) { return compile(&g.def) }

// Load implements [Source]: the graph is compiled once.
func (g *StateGraph[S]) Load(context.Context, *ServerRuntime) (Runnable, error) {
	g.once.Do(func() { g.made, g.err = g.Compile() })
	return g.made, g.err
}

// RetryPolicy says how often a failed node runs again. The zero value never retries.
type RetryPolicy struct {
	// Attempts counts the first one too.
	Attempts int
	// Initial is the first pause, 0.5 s if zero; each later one is Factor (2) times longer, up to Max (128 s). Each is drawn
	// between the half and the whole of that.
	Initial, Max time.Duration
	Factor       float64
	// When says which errors are worth it. nil: all but those with a method Retry() bool that says no.
	When func(error) bool
}

// Retry lets a node run up to attempts times. Interrupts, panics, bad input and a cancelled run are never retried.
func Retry(attempts int) NodeOption { return RetryWith(RetryPolicy{Attempts: attempts}) }

// RetryWith is [Retry] in detail.
func RetryWith(p RetryPolicy) NodeOption { return func(n *nodeDef) { n.retry = p } }

// Timeout ends a node's context after d, for each attempt; a node that fails then has failed with a [*TimeoutError].
func Timeout(d time.Duration) NodeOption { return func(n *nodeDef) { n.timeout = d } }

// Goes declares where a node's Commands go, beside its edges: drawings show it, and Compile knows that the targets are reached.
func Goes(targets ...string) NodeOption {
	return func(n *nodeDef) { n.goes = append(n.goes, targets...) }
}

// Metadata is shown with the node in drawings.
func Metadata(key string, value any) NodeOption {
	return func(n *nodeDef) {
		if n.meta == nil {
			n.meta = map[string]any{}
		}
		n.meta[key] = value
	}
}

// allows reports whether err is worth another attempt after so many.
func (p *RetryPolicy) allows(err error, attempts int) bool {
	if attempts >= p.Attempts {
		return false
	}
	var panicked *PanicError
	var input *InputError
	if errors.As(err, &panicked) || errors.As(err, &input) || errors.Is(err, ErrNoSaver) || errors.Is(err, context.Canceled) || isToParent(err) {
		return false
	}
	if p.When != nil {
		return p.When(err)
	}
	var opinion interface{ Retry() bool }
	return !errors.As(err, &opinion) || opinion.Retry()
}

// pause returns how long to wait after a number of attempts; at is in [0, 1).
func (p *RetryPolicy) pause(attempts int, at float64) time.Duration {
	initial, limit, factor := p.Initial, p.Max, p.Factor
	if initial <= 0 {
		initial = 500 * time.Millisecond
	}
	if limit <= 0 {
		limit = 128 * time.Second
	}
	if factor < 1 {
		factor = 2
	}
	d := float64(initial)
	for range attempts - 1 {
		d = min(d*factor, float64(limit))
	}
	d = min(d, float64(limit))
	return time.Duration(d/2 + d/2*at)
}
