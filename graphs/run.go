package graphs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/locutory/locutory/graphs/internal/probe"
)

const defaultRecursionLimit = 25

// errStopped unwinds a run whose consumer has broken out.
var errStopped = errors.New("the consumer has stopped")

// run is one execution of a graph. All of it but inbox belongs to one goroutine, the coordinator, which is the consumer's own:
// it alone yields events and calls the saver. Nodes run in goroutines that live for one step.
type run struct {
	g   *graph
	cfg Config
	ns  string
	// yield is nil where nobody reads (Write, Invoke): then no event is made.
	yield func(Event, error) bool
	// encode is false only if neither a reader nor a saver needs JSON.
	encode bool
	inbox  chan signal
	crew   crew
	slots  slots
	keep   keeper
	probes struct{ guard, roundTrip bool }

	attempt      int
	limit, taken int
	metadata     map[string]json.RawMessage
	// shown holds the ids of messages that readers of messages know.
	shown map[string]bool

	// cp is the checkpoint that cells and tasks belong to; nil before the first one.
	cp *Checkpoint
	// newest is the id of the thread's newest checkpoint.
	newest string
	cells  []cell
	tasks  []*task
	// defaults says that cells may hold values that no checkpoint has: the channels' initial ones.
	defaults bool
	// replay maps namespaces to the checkpoints that the run goes on from inside of subgraphs. origin is the namespace that this
	// graph's checkpoint is in, if it is not ns.
	replay map[string]string
	origin string
	// parents maps outer namespaces to their checkpoints.
	parents map[string]string
	// early are changes that go with the next checkpoint though they were applied before its own; parent, if set, is that
	// checkpoint's parent instead of cp. Both are Write's.
	early  *applied
	parent *string
	// outermost says that the run is no node's.
	outermost bool
	// writing says that the run is a Write, which may have to put patches together.
	writing bool
	// halted says that the run has paused: at a breakpoint, or for answers to its tasks' questions.
	halted bool
	// stops are the nodes of the breakpoint at which it has.
	stops []string
	// last are the pending writes that go with the next checkpoint.
	last []Write
	// What follows is memory that every step uses again.
	scratch [][]write // by channel
	changed []int
	outs    []*outcome
	plans   []plan
	todo    []*task
	// resuming is true until the first step of a run that continues: breakpoints before it have been honoured already.
	resuming bool
}

// Stream implements [Runnable].
func (g *graph) Stream(ctx context.Context, in Input, cfg Config) iter.Seq2[Event, error] {
	if cfg.Trace || len(g.transformers) > 0 {
		return g.transformed(ctx, in, cfg)
	}
	return g.stream(ctx, in, cfg)
}

func (g *graph) stream(ctx context.Context, in Input, cfg Config) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		r := g.newRun(cfg)
		r.yield, r.outermost = yield, true
		if err := r.all(ctx, in); err != nil && !errors.Is(err, errStopped) {
			yield(Event{}, err)
		}
	}
}

// all is the whole run, with what is put only at its end.
func (r *run) all(ctx context.Context, in Input) error {
	defer r.dismiss()
	err := r.do(ctx, in)
	if late := r.keep.finish(context.WithoutCancel(ctx)); late != nil {
		return errors.Join(err, late)
	}
	return err
}

func (g *graph) newRun(cfg Config) *run {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	r := &run{
		g: g, cfg: cfg, ns: cfg.CheckpointNS, encode: true,
		keep:    keeper{saver: cfg.Saver, durability: cfg.Durability, ns: cfg.CheckpointNS},
		attempt: max(cfg.Attempt, 1), limit: cfg.RecursionLimit,
		cells: make([]cell, len(g.channels)), slots: newSlots(cfg.MaxConcurrency),
	}
	if r.cfg.InterruptBefore == nil {
		r.cfg.InterruptBefore = g.before
	}
	if r.cfg.InterruptAfter == nil {
		r.cfg.InterruptAfter = g.after
	}
	if r.ns != "" {
		r.parents = cfg.CheckpointMap
	}
	if r.limit == 0 {
		r.limit = defaultRecursionLimit
	}
	return r
}

// named reports whether anybody can see the ids of checkpoints and tasks.
func (r *run) named() bool { return r.yield != nil || r.keep.saver != nil || r.g.nested }

// notMetadata are the configurable entries which say where a run is, not what it is about (streaming.md §3.3). Who the user is
// (langgraph_auth_...) is not for metadata either (rest.md §5.5).
var notMetadata = map[string]bool{
	"thread_id": true, "checkpoint_id": true, "checkpoint_ns": true, "checkpoint_map": true, "langgraph_step": true,
	"langgraph_node": true, "langgraph_request_id": true, "langgraph_triggers": true, "langgraph_path": true, "langgraph_checkpoint_ns": true,
}

// runMetadata is what every checkpoint and task of a run carries: the run's metadata, plain configurable entries, and ids.
func runMetadata(cfg Config) map[string]json.RawMessage {
	m := make(map[string]json.RawMessage, len(cfg.Metadata)+len(cfg.Configurable)+5)
	for key, value := range cfg.Configurable {
		plain := len(value) > 0 && value[0] != '{' && value[0] != '['
		if plain && !notMetadata[key] && !strings.HasPrefix(key, "__") && !strings.HasPrefix(key, "langgraph_auth_") {
			m[key] = value
		}
	}
	maps.Copy(m, cfg.Metadata)
	for key, value := range map[string]string{
		"thread_id": cfg.ThreadID, "run_id": cfg.RunID, "graph_id": cfg.GraphID, "assistant_id": cfg.AssistantID,
	} {
		if value != "" {
			m[key] = quote(value)
		}
	}
	if cfg.RunID != "" {
		m["run_attempt"] = mustJSON(max(cfg.Attempt, 1))
	}
	return m
}

// emit yields an event; false means that the consumer has had enough.
func (r *run) emit(e Event) bool {
	if r.yield == nil {
		return true
	}
	e.NS = r.ns
	e.At = r.cfg.Now().UnixMicro()
	switch {
	case r.shown == nil:
	case e.Chunk != nil:
		r.shown[e.Chunk.Delta.ID] = true
	case e.Message != nil:
		r.shown[e.Message.Message.ID] = true
	}
	return r.yield(e, nil)
}

// do is the run: begin, then supersteps until there is nothing to do.
func (r *run) do(ctx context.Context, in Input) error {
	if r.limit < 1 {
		return failf(ErrInvalidUpdate, "recursion_limit is %d; it must be at least 1", r.limit)
	}
	if r.outermost {
		if err := r.inward(ctx); err != nil {
			return err
		}
	}
	r.probes.guard, r.probes.roundTrip = probe.Guard(ctx), probe.RoundTrip(ctx)
	if err := r.begin(ctx, in); err != nil {
		return err
	}
	r.knowMessages()
	for len(r.tasks) > 0 {
		if err := ctx.Err(); err != nil {
			return ctxError(ctx)
		}
		start := r.tasks[0].node.name == Start
		if r.taken >= r.limit && !start {
			return failf(ErrGraphRecursion, "Recursion limit of %d reached without hitting a stop condition. "+
				"You can increase the limit by setting the \"recursion_limit\" config key. "+
				"Next was %s: if that never ends, let an edge of it lead to %s.", r.limit, strings.Join(r.led(), ", "), End)
		}
		if stop := r.breakpoint(r.cfg.InterruptBefore, r.tasks); len(stop) > 0 && !r.resuming {
			return r.pause(stop, "before")
		}
		r.resuming = false
		if err := r.timedStep(ctx); err != nil {
			return err
		}
		if r.halted = slices.ContainsFunc(r.tasks, func(t *task) bool { return t.halted }); r.halted {
			return r.haltedInside()
		}
		ran := r.tasks
		if err := r.advance(ctx); err != nil {
			return err
		}
		if !start {
			r.taken++
		}
		if stop := r.breakpoint(r.cfg.InterruptAfter, ran); len(stop) > 0 {
			return r.pause(stop, "after")
		}
	}
	return nil
}

// led names the nodes of the tasks that have not ended, each once.
func (r *run) led() []string {
	var names []string
	for _, t := range r.tasks {
		if name := strconv.Quote(t.node.name); !t.done && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// breakpoint names the tasks at which a run shall stop.
func (r *run) breakpoint(names []string, tasks []*task) []string {
	if len(names) == 0 {
		return nil
	}
	all := slices.Contains(names, "*")
	var stop []string
	for _, t := range tasks {
		if t.node.name != Start && (all || slices.Contains(names, t.node.name)) && !slices.Contains(stop, t.node.name) {
			stop = append(stop, t.node.name)
		}
	}
	return stop
}

// haltedInside tells of tasks that a breakpoint of their subgraph has stopped.
func (r *run) haltedInside() error {
	var nodes []string
	for _, t := range r.tasks {
		if t.halted && len(t.paused) == 0 {
			nodes = append(nodes, t.node.name)
		}
	}
	if len(nodes) == 0 {
		return nil
	}
	return r.pause(nodes, "inside")
}

func (r *run) pause(nodes []string, when string) error {
	r.halted, r.stops = true, nodes
	if !r.emit(Event{Kind: KindPause, Pause: &Paused{Nodes: nodes, When: when}}) {
		return errStopped
	}
	return nil
}

// knowMessages remembers the messages of the state, which are no news.
func (r *run) knowMessages() {
	if !r.cfg.Messages || r.yield == nil {
		return
	}
	r.shown = map[string]bool{}
	for i := range r.g.channels {
		ch, c := &r.g.channels[i], &r.cells[i]
		if !c.ok || !ch.holdsMessages() {
			continue
		}
		val, err := c.value(ch)
		if err != nil {
			continue // told when the state is made
		}
		for _, m := range ch.messages(val) {
			r.shown[m.ID] = true
		}
	}
}

// load takes cells and tasks from a checkpoint; nil is a thread that has none.
func (r *run) load(saved *Saved) (err error) {
	defer caught(&err)
	if saved != nil {
		r.cp = &saved.Checkpoint
		for name, raw := range saved.Values {
			if at, ok := r.g.byName[name]; ok {
				r.cells[at] = cell{raw: raw, ok: true, version: saved.Versions[name]}
			}
		}
	}
	for i := range r.g.channels {
		if ch := &r.g.channels[i]; !r.cells[i].ok && ch.initial != nil {
			r.cells[i] = cell{val: ch.initial, decoded: true, ok: true} // Compile has clipped it
			r.defaults = true
		}
	}
	if saved == nil || len(saved.Tasks) == 0 {
		return nil
	}
	pending := map[string][]Write{}
	for _, w := range saved.Writes {
		pending[w.Task] = append(pending[w.Task], w)
	}
	for _, plan := range saved.Tasks {
		t, err := r.planned(plan)
		if err != nil {
			return err
		}
		if err := r.g.restore(t, pending[plan.ID]); err != nil {
			return err
		}
		r.tasks = append(r.tasks, t)
	}
	return nil
}

// planned makes a task of a stored plan.
func (r *run) planned(plan TaskPlan) (*task, error) {
	at, err := r.g.find(plan.Name)
	if err != nil {
		return nil, fmt.Errorf("checkpoint %s: %w", r.cp.ID, err)
	}
	return &task{plan: plan, node: &r.g.nodes[at]}, nil
}

func mustJSON(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // only values of this package, which cannot fail
	}
	return raw
}
