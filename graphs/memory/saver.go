// Package memory keeps checkpoints of a thread in memory: for tests, for programs that need no more, and for a server's runs that
// leave nothing behind. It stores what changed, as a database would, and puts values together when they are read.
//
//	saver := memory.New()
//	state, err := graphs.Invoke[State](ctx, graph, graphs.Input{Value: in}, graphs.Config{Saver: saver})
package memory

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/locutory/locutory/graphs"
)

// Saver is a [graphs.Saver] of one thread. It is safe for concurrent use. What was put is "durable" at once.
type Saver struct {
	mu     sync.Mutex
	spaces map[string]*space
}

// New returns an empty Saver.
func New() *Saver { return &Saver{spaces: map[string]*space{}} }

// space is a namespace: its checkpoints by id, which is their order in time.
type space struct{ entries []*entry }

type entry struct {
	checkpoint *graphs.Checkpoint // nobody changes it
	writes     []graphs.Write
	own        []versioned // what the checkpoint changed
}

type versioned struct {
	channel string
	value   *value
}

// value is a channel's value: whole, or the first keep items of base and then others.
type value struct {
	patch graphs.ChannelPatch
	base  *value
	depth int // bases
}

// at returns where an id is or would be.
func (sp *space) at(id string) (int, bool) {
	if n := len(sp.entries); n == 0 || sp.entries[n-1].checkpoint.ID < id {
		return n, false
	}
	return slices.BinarySearchFunc(sp.entries, id, func(e *entry, id string) int { return strings.Compare(e.checkpoint.ID, id) })
}

func (sp *space) find(id string) *entry {
	if at, ok := sp.at(id); ok {
		return sp.entries[at]
	}
	return nil
}

// version returns the value that a checkpoint gave to a channel, nil if none.
func (sp *space) version(channel, id string) *value {
	e := sp.find(id)
	if e == nil {
		return nil
	}
	for i := range e.own {
		if e.own[i].channel == channel {
			return e.own[i].value
		}
	}
	return nil
}

// Get implements [graphs.Saver].
func (s *Saver) Get(_ context.Context, ns, id string) (*graphs.Saved, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.spaces[ns]
	if sp == nil {
		return nil, graphs.ErrNoCheckpoint
	}
	if id == "" {
		return sp.saved(sp.entries[len(sp.entries)-1])
	}
	e := sp.find(id)
	if e == nil {
		return nil, graphs.ErrNoCheckpoint
	}
	return sp.saved(e)
}

// List implements [graphs.Saver]. It may be used while checkpoints are put.
func (s *Saver) List(_ context.Context, q graphs.ListQuery) iter.Seq2[*graphs.Saved, error] {
	return func(yield func(*graphs.Saved, error) bool) {
		before, found := q.Before, 0
		for q.Limit == 0 || found < q.Limit {
			saved, err := s.previous(q.NS, before, q.Metadata)
			if err != nil {
				yield(nil, err)
				return
			}
			if saved == nil || !yield(saved, nil) {
				return
			}
			before = saved.ID
			found++
		}
	}
}

// previous returns the newest checkpoint before an id that has the metadata, nil if there is none.
func (s *Saver) previous(ns, before string, metadata map[string]json.RawMessage) (*graphs.Saved, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.spaces[ns]
	if sp == nil {
		return nil, nil
	}
	at := len(sp.entries)
	if before != "" {
		at, _ = sp.at(before)
	}
	for at--; at >= 0; at-- {
		e := sp.entries[at]
		if graphs.MetadataContains(e.checkpoint, metadata) {
			return sp.saved(e)
		}
	}
	return nil, nil
}

// Put implements [graphs.Saver].
func (s *Saver) Put(_ context.Context, c graphs.Commit) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.spaces[c.Checkpoint.NS]
	if sp == nil {
		sp = &space{}
		s.spaces[c.Checkpoint.NS] = sp
	}
	made := &entry{checkpoint: c.Checkpoint, own: make([]versioned, 0, len(c.Changes))}
	for name, change := range c.Changes {
		v, err := sp.change(name, change)
		if err != nil {
			return fmt.Errorf("channel %q: %w", name, err)
		}
		made.own = append(made.own, versioned{name, v})
	}
	if parent := sp.find(c.Checkpoint.ParentID); parent != nil {
		parent.add(c.Writes)
	}
	at, again := sp.at(c.Checkpoint.ID)
	if again {
		sp.entries[at] = made
		return nil
	}
	sp.entries = slices.Insert(sp.entries, at, made)
	return nil
}

// add puts writes of several tasks, each as a whole.
func (e *entry) add(writes []graphs.Write) {
	for len(writes) > 0 {
		n := 1
		for n < len(writes) && writes[n].Task == writes[0].Task {
			n++
		}
		e.writes = graphs.ReplaceWrites(e.writes, writes[0].Task, writes[:n])
		writes = writes[n:]
	}
}

func (sp *space) change(name string, c graphs.Change) (*value, error) {
	v := &value{patch: c.Patch}
	if !c.Patch.List {
		return v, nil
	}
	if c.Base != "" {
		if v.base = sp.version(name, c.Base); v.base == nil {
			return nil, fmt.Errorf("no version %s", c.Base)
		}
		v.depth = v.base.depth + 1
	}
	// A list that grows has about as many items as patches: nothing is gained by writing it whole. One whose end is replaced again
	// and again would be put together from ever more patches.
	if v.depth <= 64+2*(c.Patch.Keep+len(c.Patch.Add)) {
		return v, nil
	}
	whole, err := c.Whole()
	if err != nil {
		return nil, err
	}
	return &value{patch: graphs.ChannelPatch{Set: whole}}, nil
}

// PutWrites implements [graphs.Saver].
func (s *Saver) PutWrites(_ context.Context, ns, checkpointID, taskID string, writes []graphs.Write) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.spaces[ns]
	var e *entry
	if sp != nil {
		e = sp.find(checkpointID)
	}
	if e == nil {
		return fmt.Errorf("writes of checkpoint %s: %w", checkpointID, graphs.ErrNoCheckpoint)
	}
	e.writes = graphs.ReplaceWrites(e.writes, taskID, writes)
	return nil
}

// Sync implements [graphs.Saver].
func (s *Saver) Sync(context.Context) error { return nil }

// Size returns how many bytes the checkpoints, values and writes would have as rows of JSON.
func (s *Saver) Size() (checkpoints int, bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sp := range s.spaces {
		checkpoints += len(sp.entries)
		for _, e := range sp.entries {
			bytes += e.size()
		}
	}
	return checkpoints, bytes
}

func (e *entry) size() int {
	cp := e.checkpoint
	size := len(cp.ID) + len(cp.NS) + len(cp.ParentID) + len(cp.RunID) + len(cp.Source) + 16 // step and time
	for _, column := range []any{cp.Metadata, cp.Parents, cp.Versions, cp.Seen, cp.Next, cp.Tasks} {
		raw, err := json.Marshal(column)
		if err == nil { // what graphs makes can be written
			size += len(raw)
		}
	}
	for _, v := range e.own {
		size += len(v.channel) + len(v.value.patch.Set)
		for _, item := range v.value.patch.Add {
			size += len(item) + 1
		}
	}
	for _, w := range e.writes {
		size += len(w.Task) + len(w.Channel) + len(w.Value)
	}
	return size
}

// Clone returns a Saver with the same checkpoints: the copy of a thread.
func (s *Saver) Clone() *Saver {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := New()
	for ns, sp := range s.spaces {
		entries := make([]*entry, len(sp.entries))
		for i, e := range sp.entries {
			entries[i] = &entry{e.checkpoint, slices.Clone(e.writes), e.own}
		}
		c.spaces[ns] = &space{entries}
	}
	return c
}

func (sp *space) saved(e *entry) (*graphs.Saved, error) {
	saved := &graphs.Saved{Checkpoint: *e.checkpoint, Values: map[string]json.RawMessage{}, Writes: slices.Clone(e.writes)}
	for name, version := range e.checkpoint.Versions {
		v := sp.version(name, version)
		if v == nil {
			return nil, fmt.Errorf("checkpoint %s: channel %q has no version %s", e.checkpoint.ID, name, version)
		}
		raw, err := v.json()
		if err != nil {
			return nil, fmt.Errorf("checkpoint %s: channel %q: %w", e.checkpoint.ID, name, err)
		}
		saved.Values[name] = raw
	}
	return saved, nil
}

// json puts the value together: from the newest patch back to a whole value or nothing, and then each item once.
func (v *value) json() (json.RawMessage, error) {
	var parts [][]json.RawMessage // the newest first
	keep, size := -1, 2           // how many items are still wanted; -1 means all
	for ; v != nil && v.patch.List && keep != 0; v = v.base {
		add, from := v.patch.Add, v.patch.Keep
		if keep >= 0 && keep <= from {
			continue
		}
		if keep >= 0 {
			add = add[:keep-from]
		}
		parts, keep = append(parts, add), from
		for _, item := range add {
			size += len(item) + 1
		}
	}
	if len(parts) == 0 && keep < 0 {
		return v.patch.Set, nil
	}
	raw := make(json.RawMessage, 0, size)
	if keep > 0 {
		if v == nil {
			return nil, fmt.Errorf("%d items of nothing", keep)
		}
		head, err := graphs.ApplyPatch(v.patch.Set, graphs.ChannelPatch{List: true, Keep: keep})
		if err != nil {
			return nil, err
		}
		raw = append(slices.Grow(raw, len(head)+size), head[:len(head)-1]...)
	} else {
		raw = append(raw, '[')
	}
	first := len(raw) == 1
	for _, items := range slices.Backward(parts) {
		for _, item := range items {
			if !first {
				raw = append(raw, ',')
			}
			raw, first = append(raw, item...), false
		}
	}
	return append(raw, ']'), nil
}
