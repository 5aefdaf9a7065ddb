package graphs

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
)

// Words of task paths.
const (
	pathPull = "__pregel_pull" // a node that edges lead to
	pathPush = "__pregel_push" // a Send
)

// tasksChannel is the channel of pending writes that are Sends.
const tasksChannel = "__pregel_tasks"

// pushTriggers are the triggers of every Send. Nobody changes them.
var pushTriggers = []string{pathPush}

// task is one node in one step.
type task struct {
	plan TaskPlan
	node *node
	arg  any // the argument of a Send in its Go type, if it has not been JSON only
	// input is a pointer to what the node gets. Tasks of a step that read the state share it.
	input     any
	writes    []write // Start only: the input
	questions questions
	// answeredBy is the run that brought the last answer.
	answeredBy string

	// done says that the task has an outcome, kept from an earlier run if restored.
	done, restored bool
	// inline says that the coordinator itself runs the task.
	inline bool
	// only says that the step has no other task, so that routers may look ahead.
	only bool
	// stays says that the task's goroutine takes another one afterwards.
	stays bool
	// cacheKey is set if the outcome goes into a cache.
	cacheKey string
	// taken is how many steps the run had taken before.
	taken int
	// halted says that the task waits: for answers to paused, or at a breakpoint of its subgraph.
	halted bool
	paused []Interruption
	// answers are for the questions of the task's subgraph, by id.
	answers map[string]json.RawMessage
	// origin and base are the namespace and the checkpoint that the graphs inside of the task go on from, if it is not their own newest.
	origin, base string
	// gone is closed when the coordinator listens no more.
	gone <-chan struct{}
	seat seat
	// failed is what an earlier run failed with here.
	failed *Failure
	// refused is the question whose answer did not fit.
	refused *Interruption
	err     error
	out     outcome
	context taskContext
	// seen is the state, if the node has the option SeeState.
	seen any
	// calling is held by a graph that an inline task calls while it calls the saver.
	calling sync.Mutex
}

// space is a task's own namespace, node:id under the graph's.
func (r *run) space(t *task) string { return joinNS(r.ns, t.plan.Name, t.plan.ID) }

// outcome is what a node's update and edges came to.
type outcome struct {
	from   string // the node
	writes []write
	gotos  []int // nodes
	joins  []int // joins that the node has arrived at
	sends  []send
	// ahead are what the writes make of their cells, if that is known already: for the routers of a step's only task.
	ahead []reduced
}

// reduced is a cell after a write, and the patch that led to it.
type reduced struct {
	cell  cell
	patch ChannelPatch
}

// send is a Send whose node is known.
type send struct {
	node int
	arg  any
	raw  json.RawMessage
}

// shown lists the state writes of an outcome, as events tell them.
func (g *graph) shown(out *outcome) []Write {
	list := make([]Write, 0, len(out.writes))
	for i := range out.writes {
		w := &out.writes[i]
		list = append(list, Write{Channel: g.channels[w.ch].name, Value: w.raw})
	}
	return list
}

// stored lists everything of a task's outcome, as a saver keeps it. It is never empty, so that a finished task is known as one.
func (g *graph) stored(t *task) []Write {
	out, id := &t.out, t.plan.ID
	list := make([]Write, 0, len(out.writes)+len(out.gotos)+len(out.joins)+len(out.sends)+1)
	for i := range out.writes {
		w := &out.writes[i]
		if ch := &g.channels[w.ch]; ch.stored() {
			list = append(list, Write{Task: id, Channel: ch.name, Value: w.stored()})
		}
	}
	for _, to := range out.gotos {
		list = append(list, Write{Task: id, Channel: g.nodes[to].trigger, Value: json.RawMessage("null")})
	}
	for _, j := range out.joins {
		list = append(list, Write{Task: id, Channel: g.joins[j].name, Value: quote(t.plan.Name)})
	}
	for i := range out.sends {
		s := &out.sends[i]
		list = append(list, Write{Task: id, Channel: tasksChannel, Value: sendJSON(g.nodes[s.node].name, s.raw)})
	}
	if len(list) == 0 {
		list = append(list, Write{Task: id, Channel: NoWritesChannel, Value: json.RawMessage("null")})
	}
	return list
}

type sentTask struct {
	Node string          `json:"node"`
	Arg  json.RawMessage `json:"arg"`
}

func sendJSON(node string, arg json.RawMessage) json.RawMessage {
	raw, _ := json.Marshal(sentTask{node, arg}) // a string and valid JSON
	return raw
}

func quote(s string) json.RawMessage {
	raw, _ := json.Marshal(s)
	return raw
}

// restore gives a task what an earlier run has saved of it.
func (g *graph) restore(t *task, writes []Write) error {
	for _, w := range writes {
		switch w.Channel {
		case ScheduledChannel:
			continue
		case ErrorChannel:
			if err := json.Unmarshal(w.Value, &t.failed); err != nil {
				return fmt.Errorf("task %s: %s: %w", t.plan.ID, w.Channel, err)
			}
			continue
		case InterruptChannel:
			var asked []Interruption
			if err := json.Unmarshal(w.Value, &asked); err != nil {
				return fmt.Errorf("task %s: %s: %w", t.plan.ID, w.Channel, err)
			}
			t.paused = asked
			continue
		case ResumeChannel:
			var a answered
			if err := json.Unmarshal(w.Value, &a); err != nil {
				return fmt.Errorf("task %s: %s: %w", t.plan.ID, w.Channel, err)
			}
			t.questions.answers, t.answeredBy = a.Values, a.Run
			continue
		}
		t.done, t.restored, t.out.from = true, true, t.plan.Name
		if err := g.restoreWrite(t, w); err != nil {
			return fmt.Errorf("task %s: %w", t.plan.ID, err)
		}
	}
	return nil
}

func (g *graph) restoreWrite(t *task, w Write) error {
	if w.Channel == NoWritesChannel {
		return nil
	}
	if w.Channel == tasksChannel {
		var s sentTask
		if err := json.Unmarshal(w.Value, &s); err != nil {
			return fmt.Errorf("%s: %w", w.Channel, err)
		}
		at, err := g.find(s.Node)
		if err != nil {
			return err
		}
		t.out.sends = append(t.out.sends, send{node: at, raw: s.Arg})
		return nil
	}
	if len(w.Channel) > len(branchPrefix) && w.Channel[:len(branchPrefix)] == branchPrefix {
		at, err := g.find(w.Channel[len(branchPrefix):])
		if err != nil {
			return err
		}
		t.out.gotos = append(t.out.gotos, at)
		return nil
	}
	at, ok := g.byName[w.Channel]
	if !ok {
		return nil // a channel that the graph has no longer
	}
	if ch := &g.channels[at]; ch.kind == barrier {
		for j := range g.joins {
			if g.joins[j].channel == at {
				t.out.joins = append(t.out.joins, j)
			}
		}
		return nil
	}
	write, err := decodeWrite(g.channels, at, w.Value)
	if err != nil {
		return err
	}
	if err := write.encode(&g.channels[at]); err != nil {
		return err
	}
	t.out.writes = append(t.out.writes, write)
	return nil
}

const branchPrefix = "branch:to:"

// find returns the index of a node.
func (g *graph) find(name string) (int, error) {
	if at, ok := g.byNode[name]; ok {
		return at, nil
	}
	return 0, failf(ErrUnknownNode, "the graph has no node %q", name)
}

// argument makes a pointer to a Send's argument in the type that the node takes.
func (t *task) argument() (any, error) {
	p := reflect.New(t.node.in.typ)
	if t.arg != nil {
		if v := reflect.ValueOf(t.arg); v.Type() == t.node.in.typ {
			p.Elem().Set(v)
			return p.Interface(), nil
		}
	}
	raw := t.plan.Input
	if raw == nil {
		var err error
		if raw, err = json.Marshal(t.arg); err != nil {
			return nil, fmt.Errorf("argument of Send to %q: %w", t.node.name, err)
		}
	}
	if err := json.Unmarshal(raw, p.Interface()); err != nil {
		return nil, &InputError{Channel: t.node.name, Type: t.node.in.typ.String(), Err: err}
	}
	return p.Interface(), nil
}

// index counts the Sends of a step; it is 0 for other tasks.
func (t *task) index() int {
	if !t.isPush() {
		return 0
	}
	at, _ := t.plan.Path[1].(int)
	return at
}

// isPush reports whether the task is a Send.
func (t *task) isPush() bool { return len(t.plan.Path) > 0 && t.plan.Path[0] == pathPush }
