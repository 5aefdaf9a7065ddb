package graphs

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
)

// graph is a compiled graph. It is immutable and safe for concurrent use.
type graph struct {
	channels []channel
	byName   map[string]int
	// state fills S; input and output are the channels that go in and out, in declared order.
	state         view
	input, output []int
	outputNames   []string
	types         struct{ input, output, context reflect.Type }

	// ephemeral are the channels whose values live for one step; nested says that some node is a graph.
	ephemeral []int
	nested    bool
	// waiting is the channel of deferred nodes that are led to; 0 if no node is deferred.
	waiting int

	nodes  []node
	byNode map[string]int
	// joins are the channels of kind barrier, by channel index.
	joins []join
	drawn []edgeDef // all static edges in declared order, joins too

	// patches caches how foreign struct types in a Patch map to channels.
	before, after []string // breakpoints
	cache         NodeCache
	transformers  []func() Transformer

	patches sync.Map // reflect.Type -> *view
	schemas Schemas
}

// node is a compiled node; nodes[0] is Start.
type node struct {
	name     string
	trigger  string   // branch:to:name
	triggers []string // trigger, as most tasks have them
	timeout  time.Duration
	path     []any
	in       view
	call     nodeFunc
	retry    RetryPolicy
	meta     map[string]any
	edges    []int // nodes
	goes     []int // nodes that its Commands go to, as declared
	joins    []int // indexes of graph.joins that wait for it
	branches []branch
	deferred bool
	cache    *cachePolicy
	sees     bool
	sub      Source
	known    *graph // the subgraph, unless it is made for each run
}

type join struct {
	channel int
	name    string
	from    []string
	to      int
	// triggers is name, as a task has it.
	triggers []string
}

type branch struct {
	branchDef
	allowed map[string]bool // nil: any node
}

// compiler collects mistakes while it turns a definition into a graph.
type compiler struct {
	d        *definition
	g        *graph
	mistakes []error
}

func (c *compiler) complain(format string, args ...any) {
	c.mistakes = append(c.mistakes, fmt.Errorf(format, args...))
}

func compile(d *definition) (Runnable, error) {
	c := &compiler{d: d, g: &graph{byName: map[string]int{}, byNode: map[string]int{}}, mistakes: slices.Clone(d.mistakes)}
	c.channels()
	c.nodes()
	c.edges()
	c.waiting()
	c.caches()
	c.inputs()
	if len(c.mistakes) == 0 {
		c.reachable()
	}
	if len(c.mistakes) == 0 {
		c.schemas()
	}
	if err := errors.Join(c.mistakes...); err != nil {
		return nil, fmt.Errorf("graph is not runnable: %w", err)
	}
	return c.g, nil
}

func (c *compiler) channels() {
	g := c.g
	g.state.typ = c.d.state
	for _, f := range c.stateFields() {
		if _, twice := g.byName[f.channel]; twice {
			c.complain("channel %q is declared twice in %s", f.channel, c.d.state)
			continue
		}
		ch, err := newChannel(f)
		if err != nil {
			c.mistakes = append(c.mistakes, err)
		}
		c.customise(&ch)
		g.byName[f.channel] = len(g.channels)
		if ch.ephemeral {
			g.ephemeral = append(g.ephemeral, len(g.channels))
		}
		if f.own {
			g.state.fields = append(g.state.fields, viewField{len(g.channels), f.index, true})
		}
		g.channels = append(g.channels, ch)
	}
	for _, name := range slices.Sorted(maps.Keys(c.d.reducers)) {
		if _, ok := g.byName[name]; !ok {
			c.complain("Reduce(%q): the state has no such channel", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.d.defaults)) {
		if _, ok := g.byName[name]; !ok {
			c.complain("Default(%q): the state has no such channel", name)
		}
	}
	g.input = c.visible(c.d.input, "InputSchema")
	g.output = c.visible(c.d.output, "OutputSchema")
	g.outputNames = make([]string, len(g.output))
	for i, at := range g.output {
		g.outputNames[i] = g.channels[at].name
	}
}

// customise applies Reduce and Default options to a channel.
func (c *compiler) customise(ch *channel) {
	if r, ok := c.d.reducers[ch.name]; ok {
		if r.typ != ch.typ {
			c.complain("Reduce(%q) is for %s, the channel holds %s", ch.name, r.typ, ch.typ)
		}
		if ch.kind != lastValue {
			c.complain("channel %q has a tag reduce and a Reduce option; keep one", ch.name)
		}
		ch.kind, ch.merge = custom, r.merge
	}
	v, ok := c.d.defaults[ch.name]
	if !ok {
		return
	}
	rv := reflect.ValueOf(v)
	switch {
	case rv.IsValid() && rv.Type() == ch.typ:
		ch.initial = clip(rv).Interface()
	case rv.IsValid() && rv.CanConvert(ch.typ) && isNumber(rv.Kind()) && isNumber(ch.typ.Kind()):
		ch.initial = rv.Convert(ch.typ).Interface()
	default:
		c.complain("Default(%q) is %T, the channel holds %s", ch.name, v, ch.typ)
	}
}

// visible lists the channels of a schema type, or all public ones if there is none.
func (c *compiler) visible(t reflect.Type, option string) []int {
	list := make([]int, 0, len(c.g.channels))
	if t == nil {
		for i := range c.g.channels {
			if ch := &c.g.channels[i]; !ch.private && !ch.untracked {
				list = append(list, i)
			}
		}
		return list
	}
	fields, err := structFields(t)
	if err != nil {
		c.complain("%s: %w", option, err)
	}
	for _, f := range fields {
		at, ok := c.g.byName[f.channel]
		if !ok {
			c.complain("%s: %s has the field %q, the state has no such channel", option, t, f.channel)
			continue
		}
		list = append(list, at)
	}
	return list
}

func (c *compiler) nodes() {
	c.addNode(nodeDef{name: Start, in: c.d.state})
	for _, def := range c.d.nodes {
		switch {
		case def.name == "" || def.name == End || def.name == Start || strings.ContainsAny(def.name, ":|"):
			c.complain("node %q: choose a name that is not empty, not %s or %s, and has no ':' or '|'", def.name, Start, End)
			continue
		case def.call == nil && def.sub == nil:
			c.complain("node %q has no function", def.name)
			continue
		}
		if def.timeout < 0 {
			c.complain("node %q: Timeout(%v): the time is negative", def.name, def.timeout)
		}
		if _, twice := c.g.byNode[def.name]; twice {
			c.complain("node %q is added twice", def.name)
			continue
		}
		c.addNode(def)
	}
}

func (c *compiler) addNode(def nodeDef) {
	c.g.byNode[def.name] = len(c.g.nodes)
	trigger := "branch:to:" + def.name
	if def.name == Start {
		trigger = Start
	}
	in, err := c.g.viewOf(def.in)
	if err != nil && def.in.Kind() == reflect.Struct && def.in != c.d.state {
		c.complain("node %q: %w", def.name, err)
	}
	c.g.nodes = append(c.g.nodes, node{
		name: def.name, trigger: trigger, triggers: []string{trigger}, path: []any{pathPull, def.name}, in: in, call: def.call,
		retry: def.retry, timeout: def.timeout, deferred: def.deferred, cache: def.cache, sees: def.sees, meta: def.meta, sub: def.sub, known: c.subgraph(def),
	})
	c.g.nested = c.g.nested || def.sub != nil
}

// waiting adds the channel of deferred nodes. It is never the first: a state without channels has no deferred nodes worth it.
func (c *compiler) waiting() {
	g := c.g
	if !slices.ContainsFunc(g.nodes, func(n node) bool { return n.deferred }) {
		return
	}
	g.waiting = len(g.channels)
	g.byName[waitingChannel] = g.waiting
	g.channels = append(g.channels, channel{name: waitingChannel, typ: reflect.TypeFor[[]string](), kind: barrier})
}

// subgraph compiles a node's graph, if it is one that is there without a run.
func (c *compiler) subgraph(def nodeDef) *graph {
	var made Runnable
	var err error
	source := def.sub
	if source == nil {
		source = def.calls
	}
	switch sub := source.(type) {
	case *graph:
		return sub
	case interface{ Compile() (Runnable, error) }:
		made, err = sub.Compile()
	}
	if err != nil {
		c.complain("subgraph %q: %w", def.name, err)
	}
	known, _ := made.(*graph)
	return known
}

// viewOf maps a struct type to channels; fields without a channel stay empty. A type that is no struct reads nothing: it is a Send's.
func (g *graph) viewOf(t reflect.Type) (view, error) {
	if t == g.state.typ {
		return g.state, nil
	}
	v := view{typ: t}
	if t.Kind() != reflect.Struct {
		return v, nil
	}
	fields, err := structFields(t)
	for _, f := range fields {
		if at, ok := g.byName[f.channel]; ok {
			v.fields = append(v.fields, viewField{at, f.index, f.typ == g.channels[at].typ})
		}
	}
	return v, err
}

func (c *compiler) schemas() {
	g := c.g
	g.before, g.after = c.breakpoints(c.d.before), c.breakpoints(c.d.after)
	g.cache, g.transformers = c.d.cache, c.d.transformers
	g.types.input, g.types.output, g.types.context = c.d.input, c.d.output, c.d.context
	g.schemas.State = c.schema(c.schemaType(), nil)
	g.schemas.Input = c.schema(c.d.input, g.input)
	g.schemas.Output = c.schema(c.d.output, g.output)
	if c.d.context != nil {
		g.schemas.Context = c.schema(c.d.context, nil)
		g.schemas.Config = g.schemas.Context
	}
}

// schema returns the JSON Schema of a type; for nil that of the state, cut down to some channels.
func (c *compiler) schema(t reflect.Type, only []int) json.RawMessage {
	whole := t != nil
	if t == nil {
		t = c.schemaType()
	}
	schema, err := schemaOf(t)
	if err != nil {
		return nil // a type that no schema describes still runs
	}
	if !whole {
		keep := map[string]bool{}
		for _, at := range only {
			keep[c.g.channels[at].name] = true
		}
		gone := func(name string) bool { return !keep[name] }
		maps.DeleteFunc(schema.Properties, func(name string, _ *jsonschema.Schema) bool { return gone(name) })
		schema.Required = slices.DeleteFunc(schema.Required, gone)
		schema.PropertyOrder = slices.DeleteFunc(schema.PropertyOrder, gone)
	}
	raw, err := json.Marshal(schema)
	if err != nil {
		return nil
	}
	return raw
}
