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
	"maps"
	"slices"
	"sync"

	"github.com/locutory/locutory/graphs"
)

// maxChain is the number of patches after which a channel is stored whole again.
const maxChain = 128

// Saver is a [graphs.Saver] of one thread. It is safe for concurrent use. What was put is "durable" at once.
type Saver struct {
	mu     sync.Mutex
	spaces map[string]*space
}

// New returns an empty Saver.
func New() *Saver { return &Saver{spaces: map[string]*space{}} }

// space is a namespace.
type space struct {
	checkpoints map[string]*entry
	ids         []string // sorted
	values      map[versionKey]*value
}

type entry struct {
	checkpoint graphs.Checkpoint
	writes     []graphs.Write
}

type versionKey struct{ channel, version string }

// value is a channel's value: a patch of base, or whole.
type value struct {
	base  *value
	patch graphs.ChannelPatch
	depth int
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
		id = sp.ids[len(sp.ids)-1]
	}
	e := sp.checkpoints[id]
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
	at := len(sp.ids)
	if before != "" {
		at, _ = slices.BinarySearch(sp.ids, before)
	}
	for at--; at >= 0; at-- {
		e := sp.checkpoints[sp.ids[at]]
		if graphs.MetadataContains(&e.checkpoint, metadata) {
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
		sp = &space{checkpoints: map[string]*entry{}, values: map[versionKey]*value{}}
		s.spaces[c.Checkpoint.NS] = sp
	}
	for name, change := range c.Changes {
		v, err := sp.change(name, change)
		if err != nil {
			return fmt.Errorf("channel %q: %w", name, err)
		}
		sp.values[versionKey{name, c.Checkpoint.ID}] = v
	}
	if parent := sp.checkpoints[c.Checkpoint.ParentID]; parent != nil {
		byTask := map[string][]graphs.Write{}
		for _, w := range c.Writes {
			byTask[w.Task] = append(byTask[w.Task], w)
		}
		for task, writes := range byTask {
			parent.writes = graphs.ReplaceWrites(parent.writes, task, writes)
		}
	}
	if _, again := sp.checkpoints[c.Checkpoint.ID]; !again {
		at, _ := slices.BinarySearch(sp.ids, c.Checkpoint.ID)
		sp.ids = slices.Insert(sp.ids, at, c.Checkpoint.ID)
	}
	sp.checkpoints[c.Checkpoint.ID] = &entry{checkpoint: *c.Checkpoint}
	return nil
}

func (sp *space) change(name string, c graphs.Change) (*value, error) {
	v := &value{patch: c.Patch}
	if !c.Patch.List {
		return v, nil
	}
	if c.Base != "" {
		if v.base = sp.values[versionKey{name, c.Base}]; v.base == nil {
			return nil, fmt.Errorf("no version %s", c.Base)
		}
		v.depth = v.base.depth + 1
	}
	if v.depth < maxChain {
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
	if sp == nil || sp.checkpoints[checkpointID] == nil {
		return fmt.Errorf("writes of checkpoint %s: %w", checkpointID, graphs.ErrNoCheckpoint)
	}
	e := sp.checkpoints[checkpointID]
	e.writes = graphs.ReplaceWrites(e.writes, taskID, writes)
	return nil
}

// Sync implements [graphs.Saver].
func (s *Saver) Sync(context.Context) error { return nil }

// Clone returns a Saver with the same checkpoints: the copy of a thread.
func (s *Saver) Clone() *Saver {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := New()
	for ns, sp := range s.spaces {
		checkpoints := make(map[string]*entry, len(sp.checkpoints))
		for id, e := range sp.checkpoints {
			checkpoints[id] = &entry{e.checkpoint, slices.Clone(e.writes)}
		}
		c.spaces[ns] = &space{checkpoints, slices.Clone(sp.ids), maps.Clone(sp.values)}
	}
	return c
}

func (sp *space) saved(e *entry) (*graphs.Saved, error) {
	saved := &graphs.Saved{Checkpoint: e.checkpoint, Values: map[string]json.RawMessage{}, Writes: slices.Clone(e.writes)}
	for name, version := range e.checkpoint.Versions {
		v := sp.values[versionKey{name, version}]
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

// json puts the value together: the chain is composed first, so that the list is written once.
func (v *value) json() (json.RawMessage, error) {
	if !v.patch.List {
		return v.patch.Set, nil
	}
	patch := v.patch
	for b := v.base; b != nil; b = b.base {
		var err error
		if patch, err = graphs.ComposePatch(b.patch, patch); err != nil {
			return nil, err
		}
	}
	return graphs.ApplyPatch(nil, patch)
}
