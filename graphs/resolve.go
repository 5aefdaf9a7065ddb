package graphs

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// resolve turns a node's update into the task's writes, encodes them and follows the node's edges. The state before the step is
// only read.
func (r *run) resolve(ctx context.Context, t *task, u Update) error {
	if err := r.g.collect(&t.out, u, true); err != nil {
		return err
	}
	if r.encode {
		if err := r.g.encode(&t.out); err != nil {
			return err
		}
	}
	return r.follow(ctx, t.node, t.only, &t.out)
}

func (g *graph) encode(out *outcome) error {
	for i := range out.writes {
		if err := out.writes[i].encode(&g.channels[out.writes[i].ch]); err != nil {
			return err
		}
	}
	for i := range out.sends {
		s := &out.sends[i]
		if s.raw != nil {
			continue
		}
		raw, err := encodeValue(s.arg)
		if err != nil {
			return fmt.Errorf("argument of Send to %q: %w", g.nodes[s.node].name, err)
		}
		s.raw = raw
	}
	return nil
}

// roundTrip makes an outcome what it would be if it came back from a saver.
func (g *graph) roundTrip(out *outcome) error {
	if err := g.encode(out); err != nil {
		return err
	}
	for i := range out.writes {
		w, err := decodeWrite(g.channels, out.writes[i].ch, out.writes[i].stored())
		if err != nil {
			return err
		}
		out.writes[i].val = w.val
	}
	for i := range out.sends {
		out.sends[i].arg = nil
	}
	return nil
}

// collect adds what an update writes and where it goes. Commands do not nest.
func (g *graph) collect(out *outcome, u Update, command bool) error {
	switch u := u.(type) {
	case nil:
		return nil
	case *patch:
		return g.collectPatch(out, u.value)
	case Set:
		return g.collectSet(out, u)
	case Command:
		if !command {
			return failf(ErrInvalidUpdate, "Command.Update holds a Command; use Patch or Set")
		}
		return g.collectCommand(out, u)
	case *Command:
		return g.collect(out, *u, command)
	case Updates:
		for _, one := range u {
			if err := g.collect(out, one, command); err != nil {
				return err
			}
		}
		return nil
	}
	return failf(ErrInvalidUpdate, "a node returned %T; use Patch, Set, Command, Updates or nil", u)
}

func (g *graph) collectCommand(out *outcome, c Command) error {
	switch c.Graph {
	case "":
	case Parent:
		c.Graph = ""
		return &toParent{c}
	default:
		return failf(ErrInvalidUpdate, "Command.Graph is %q; it is empty or graphs.Parent", c.Graph)
	}
	if err := g.collect(out, c.Update, false); err != nil {
		return err
	}
	for _, name := range c.Goto {
		if name == End {
			continue
		}
		at, err := g.find(name)
		if err != nil || at == 0 {
			return failf(ErrUnknownNode, "Command.Goto: the graph has no node %q; %s", name, g.names())
		}
		out.gotos = append(out.gotos, at)
	}
	for _, s := range c.Send {
		at, err := g.find(s.Node)
		if err != nil || at == 0 {
			return failf(ErrUnknownNode, "Command.Send: the graph has no node %q; %s", s.Node, g.names())
		}
		out.sends = append(out.sends, send{node: at, arg: s.Arg})
	}
	return nil
}

// collectPatch adds a write for each non-zero field.
func (g *graph) collectPatch(out *outcome, value any) error {
	if values, ok := value.(Values); ok {
		return g.collectSet(out, Set(values))
	}
	s := reflect.ValueOf(value)
	for s.Kind() == reflect.Pointer {
		if s.IsNil() {
			return nil
		}
		s = s.Elem()
	}
	if s.Kind() != reflect.Struct {
		return failf(ErrInvalidUpdate, "Patch of %T; use the graph's state, or Set", value)
	}
	v, err := g.patchView(s.Type())
	if err != nil {
		return err
	}
	for i := range v.fields {
		f := &v.fields[i]
		field := s.FieldByIndex(f.index)
		if field.IsZero() {
			continue
		}
		if err := g.add(out, f.channel, field.Interface()); err != nil {
			return err
		}
	}
	return nil
}

func (g *graph) patchView(t reflect.Type) (*view, error) {
	if t == g.state.typ {
		return &g.state, nil
	}
	if v, ok := g.patches.Load(t); ok {
		return v.(*view), nil
	}
	v, err := g.viewOf(t)
	if err != nil {
		return nil, err
	}
	if len(v.fields) == 0 {
		return nil, failf(ErrInvalidUpdate, "Patch of %s: it has no field that is a key of the state", t)
	}
	g.patches.Store(t, &v)
	return &v, nil
}

func (g *graph) collectSet(out *outcome, s Set) error {
	first := len(out.writes)
	for name, v := range s {
		at, ok := g.byName[name]
		if !ok || !g.channels[at].isState() {
			return failf(ErrInvalidUpdate, "Set: the state has no channel %q; it has %s", name, g.keys())
		}
		if err := g.add(out, at, v); err != nil {
			return err
		}
	}
	// A map has no order; the order of writes is that of the state's fields.
	slices.SortFunc(out.writes[first:], func(a, b write) int { return cmp.Compare(a.ch, b.ch) })
	return nil
}

// add adds a write of a Go value, in the channel's type. Messages get their ids here: what readers see of a task is what the state gets.
func (g *graph) add(out *outcome, at int, v any) error {
	ch := &g.channels[at]
	w := write{ch: at}
	if o, ok := v.(overwrite); ok {
		v, w.overwrite = o.value, true
	}
	val, err := ch.coerce(v)
	if err != nil {
		return err
	}
	w.val, w.fresh = ch.identify(val)
	out.writes = append(out.writes, w)
	return nil
}

// follow adds where the node's edges lead. Routers see the state with the node's own writes.
func (r *run) follow(ctx context.Context, n *node, only bool, out *outcome) error {
	out.gotos = extend(out.gotos, n.edges)
	out.joins = extend(out.joins, n.joins)
	if len(n.branches) == 0 {
		return nil
	}
	state, err := r.fresh(only, out)
	if err != nil {
		return err
	}
	for i := range n.branches {
		b := &n.branches[i]
		if b.moves != nil {
			if err := r.move(ctx, n, b, state, out); err != nil {
				return err
			}
			continue
		}
		r.routing(ctx, b)
		name, err := b.route(ctx, state)
		if err != nil {
			return err
		}
		if r.cfg.Trace {
			r.routes(ctx, b, name)
		}
		if b.allowed != nil && !b.allowed[name] {
			return failf(ErrUnknownNode, "conditional edges of %q: the function returned %q, which is not among its targets; add it to them", n.name, name)
		}
		if name == End {
			continue
		}
		at, err := r.g.find(name)
		if err != nil || at == 0 {
			return failf(ErrUnknownNode, "conditional edges of %q: the function returned %q, which is no node; %s", n.name, name, r.g.names())
		}
		out.gotos = append(out.gotos, at)
	}
	return nil
}

// move follows a router that returns a Command.
func (r *run) move(ctx context.Context, n *node, b *branch, state any, out *outcome) error {
	r.routing(ctx, b)
	c, err := b.moves(ctx, state)
	if err != nil {
		return err
	}
	if c.Update != nil || c.Graph != "" {
		return failf(ErrInvalidUpdate, "the router of %q returned a Command with more than Goto and Send", n.name)
	}
	names := c.Goto
	for _, s := range c.Send {
		names = append(names[:len(names):len(names)], s.Node)
	}
	if r.cfg.Trace {
		r.routes(ctx, b, append([]string{}, names...))
	}
	for _, name := range names {
		if b.allowed != nil && name != End && !b.allowed[name] {
			return failf(ErrUnknownNode, "the router of %q returned %q, which is not among its targets", n.name, name)
		}
	}
	if err := r.g.collectCommand(out, c); err != nil {
		return err
	}
	if r.encode {
		return r.g.encode(out)
	}
	return nil
}

// extend is an append that shares more, which must not be changed, if it is all there is.
func extend(list, more []int) []int {
	if len(list) == 0 {
		return more[:len(more):len(more)]
	}
	return append(list, more...)
}

// fresh makes the state with a task's writes applied; the run's cells keep their values. What it has made for the only task of a step
// is kept for apply.
func (r *run) fresh(only bool, out *outcome) (any, error) {
	g := r.g
	if len(out.writes) == 0 {
		return g.state.fill(g.channels, r.cells)
	}
	only = only && isOrdered(out.writes)
	local := slices.Clone(r.cells)
	for i := range out.writes {
		at := out.writes[i].ch
		if !only && slices.ContainsFunc(out.writes[:i], func(w write) bool { return w.ch == at }) {
			continue
		}
		next, patch, err := g.channels[at].reduce(local[at], out.to(i, only), only && r.encode, !only)
		if err != nil {
			return nil, err
		}
		local[at] = next
		if only {
			out.ahead = append(out.ahead, reduced{next, patch})
		}
	}
	state, err := g.state.fill(g.channels, local)
	if err != nil || !only {
		return state, err
	}
	for i := range out.ahead { // what was decoded is decoded for all
		out.ahead[i].cell = local[out.writes[i].ch]
		local[out.writes[i].ch].ok = false
	}
	for i := range local {
		if local[i].ok && local[i].decoded {
			r.cells[i] = local[i]
		}
	}
	return state, nil
}

// to returns the writes to the channel of the i-th; only says that it is the only one.
func (out *outcome) to(i int, only bool) []write {
	if only {
		return out.writes[i : i+1]
	}
	var writes []write
	for _, w := range out.writes {
		if w.ch == out.writes[i].ch {
			writes = append(writes, w)
		}
	}
	return writes
}

// readInput turns what came from outside into writes to input channels; keys that are none are ignored.
func (g *graph) readInput(value any) (writes []write, err error) {
	defer caught(&err)
	var out outcome
	switch v := value.(type) {
	case json.RawMessage:
		return g.readObject(v, g.input)
	case []byte:
		return g.readObject(v, g.input)
	case Set:
		err := g.collectSet(&out, v)
		return out.writes, err
	case Values:
		err := g.collectSet(&out, Set(v))
		return out.writes, err
	}
	s := reflect.ValueOf(value)
	for s.Kind() == reflect.Pointer && !s.IsNil() {
		s = s.Elem()
	}
	if s.Kind() == reflect.Struct && (s.Type() == g.state.typ || s.Type() == g.types.input) {
		err := g.collectPatch(&out, s.Interface())
		return out.writes, err
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, &InputError{Err: err}
	}
	return g.readObject(raw, g.input)
}

// readObject reads a JSON object into writes to some of the channels.
func (g *graph) readObject(raw json.RawMessage, channels []int) ([]write, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, &InputError{Err: fmt.Errorf("want an object with keys of the state: %w", err)}
	}
	writes := make([]write, 0, len(object))
	for _, at := range channels {
		value, ok := object[g.channels[at].name]
		if !ok {
			continue
		}
		w, err := decodeWrite(g.channels, at, value)
		if err != nil {
			return nil, err
		}
		writes = append(writes, w)
	}
	return writes, nil
}

// keys names the channels of the state, for those who took another name.
func (g *graph) keys() string {
	var names []string
	for _, at := range g.stateChannels() {
		names = append(names, g.channels[at].name)
	}
	return strings.Join(names, ", ")
}

// stateChannels lists all channels that are keys of the state.
func (g *graph) stateChannels() []int {
	all := make([]int, 0, len(g.channels))
	for i := range g.channels {
		if g.channels[i].isState() {
			all = append(all, i)
		}
	}
	return all
}
