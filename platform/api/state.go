package api

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

const (
	detailCheckpoint = "Checkpoint %s not found"
	detailNoGraphID  = "Thread %s has no graph ID"
)

// readState asks threads:read, finds the thread, and returns it with the saver that reads it under the same filter.
func (s *Server) readState(ctx context.Context, c *call, checkpoint string) (string, graphs.Saver, error) {
	id, err := c.uuid("thread_id")
	if err != nil {
		return "", nil, err
	}
	scope, err := s.readThread(ctx, authhooks.Facts{ThreadID: id, CheckpointID: checkpoint})
	if err != nil {
		return "", nil, err
	}
	if _, err := s.DB.Threads.Get(ctx, scope, id); err != nil {
		return "", nil, named(err, detailThread, id)
	}
	return id, s.DB.Checkpoints.Reader(scope, id), nil
}

// getState answers GET /threads/{id}/state with the newest state.
func (s *Server) getState(ctx context.Context, c *call) error {
	subgraphs, err := c.flag("subgraphs")
	if err != nil {
		return err
	}
	fields, err := c.stateFields()
	if err != nil {
		return err
	}
	return s.state(ctx, c, "", "", subgraphs, fields)
}

// stateFields are the fields of states that the query selects.
func (c *call) stateFields() ([]string, error) {
	fields := c.list("select")
	if err := wire.SelectsState(fields); err != nil {
		return nil, refuse(http.StatusUnprocessableEntity, "%s", err)
	}
	return fields, nil
}

// getStateAt answers GET /threads/{id}/state/{checkpoint}.
func (s *Server) getStateAt(ctx context.Context, c *call) error {
	checkpoint, err := c.uuid("checkpoint_id")
	if err != nil {
		return err
	}
	subgraphs, err := c.flag("subgraphs")
	if err != nil {
		return err
	}
	fields, err := c.stateFields()
	if err != nil {
		return err
	}
	return s.state(ctx, c, "", checkpoint, subgraphs, fields)
}

// findState answers POST /threads/{id}/state/checkpoint.
func (s *Server) findState(ctx context.Context, c *call) error {
	var in wire.StateAt
	if err := body(c, &in); err != nil {
		return err
	}
	if in.Checkpoint == nil {
		return s.state(ctx, c, "", "", in.Subgraphs, in.Select)
	}
	if err := c.ownThread("checkpoint.thread_id", in.Checkpoint.ThreadID); err != nil {
		return err
	}
	return s.state(ctx, c, in.Checkpoint.CheckpointNS, strings.ToLower(in.Checkpoint.ID()), in.Subgraphs, in.Select)
}

// ownThread refuses a body that names another thread than the path (H-19).
func (c *call) ownThread(field, thread string) error {
	if thread != "" && !strings.EqualFold(thread, c.param("thread_id")) {
		return refuse(http.StatusUnprocessableEntity, "%s: %q is not the thread of the path", field, thread)
	}
	return nil
}

func (s *Server) state(ctx context.Context, c *call, ns, checkpoint string, subgraphs bool, fields []string) error {
	thread, saver, err := s.readState(ctx, c, checkpoint)
	if err != nil {
		return err
	}
	snapshot, err := graphs.ReadState(ctx, saver, ns, checkpoint)
	if errors.Is(err, graphs.ErrNoCheckpoint) {
		if checkpoint != "" {
			return refuse(http.StatusNotFound, detailCheckpoint, checkpoint)
		}
		return c.state(wire.ThreadState{Checkpoint: wire.CheckpointConfig{ThreadID: thread, CheckpointNS: ns}}, fields)
	}
	if err != nil {
		return err
	}
	state, err := s.nested(ctx, saver, thread, snapshot, subgraphs)
	if err != nil {
		return err
	}
	return c.state(state, fields)
}

// state answers with the fields of a state.
func (c *call) state(state wire.ThreadState, fields []string) error {
	part, err := partOf(state, fields)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, part)
}

// partOf is the part of a state that was asked for. A whole one, which may be long, is not encoded twice.
func partOf(state wire.ThreadState, fields []string) (any, error) {
	if len(fields) == 0 {
		return state, nil
	}
	return state.Only(fields)
}

// nested turns a snapshot into its wire form and, when asked, the states of its tasks' subgraphs with it.
func (s *Server) nested(ctx context.Context, saver graphs.Saver, thread string, snapshot *graphs.Snapshot, subgraphs bool) (wire.ThreadState, error) {
	state := wireState(thread, snapshot)
	for i, task := range snapshot.Tasks {
		if !subgraphs || task.NS == "" {
			continue
		}
		inner, err := graphs.ReadState(ctx, saver, task.NS, "")
		if errors.Is(err, graphs.ErrNoCheckpoint) {
			continue
		}
		if err != nil {
			return wire.ThreadState{}, err
		}
		nested, err := s.nested(ctx, saver, thread, inner, true)
		if err != nil {
			return wire.ThreadState{}, err
		}
		state.Tasks[i].State, state.Tasks[i].Checkpoint = &nested, nil
	}
	return state, nil
}

func wireState(thread string, snap *graphs.Snapshot) wire.ThreadState {
	created := wire.At(snap.CreatedAt)
	state := wire.ThreadState{
		Values: snap.Values, Next: snap.Next, CreatedAt: &created,
		Checkpoint: wire.CheckpointConfig{ThreadID: thread, CheckpointNS: snap.NS, CheckpointID: snap.ID, CheckpointMap: snap.CheckpointMap},
		Metadata:   wire.Object{},
	}
	if snap.ParentID != "" {
		parent := state.Checkpoint
		if parent.CheckpointID = snap.ParentID; snap.NS != "" {
			parent.CheckpointMap = maps.Clone(snap.CheckpointMap)
			parent.CheckpointMap[snap.NS] = snap.ParentID
		}
		state.ParentCheckpoint = &parent
	}
	for key, value := range snap.Metadata {
		state.Metadata[key] = value
	}
	for _, task := range snap.Tasks {
		out := wire.Task{ID: task.ID, Name: task.Name, Path: task.Path, Result: task.Result}
		if task.NS != "" {
			out.Checkpoint = &wire.CheckpointConfig{ThreadID: thread, CheckpointNS: task.NS}
		}
		if task.Error != nil {
			out.Error = &task.Error.Message
		}
		for _, interrupt := range task.Interrupts {
			out.Interrupts = append(out.Interrupts, wire.Interrupt(interrupt))
		}
		state.Interrupts = append(state.Interrupts, out.Interrupts...)
		state.Tasks = append(state.Tasks, out)
	}
	return state
}

// listHistory answers GET /threads/{id}/history.
func (s *Server) listHistory(ctx context.Context, c *call) error {
	limit, err := c.number("limit", 10, 1, wire.MaxLimit)
	if err != nil {
		return err
	}
	before, err := earlier(c.gin.Query("before"))
	if err != nil {
		return err
	}
	fields, err := c.stateFields()
	if err != nil {
		return err
	}
	return s.history(ctx, c, graphs.ListQuery{Limit: limit, Before: before}, fields)
}

// earlier is the id of a checkpoint that a history ends before, as ids are compared; empty for none.
func earlier(id string) (string, error) {
	if id != "" && !wire.IsUUID(id) {
		return "", refuse(http.StatusUnprocessableEntity, "before: %q is no checkpoint's id", id)
	}
	return strings.ToLower(id), nil
}

// searchHistory answers POST /threads/{id}/history.
func (s *Server) searchHistory(ctx context.Context, c *call) error {
	var in wire.HistorySearch
	if err := body(c, &in); err != nil {
		return err
	}
	before, err := earlier(string(in.Before))
	if err != nil {
		return err
	}
	query := graphs.ListQuery{Limit: in.Limit.Or(10), Before: before}
	for key, value := range in.Metadata {
		data, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if query.Metadata == nil {
			query.Metadata = map[string]json.RawMessage{}
		}
		query.Metadata[key] = data
	}
	if in.Checkpoint != nil {
		if err := c.ownThread("checkpoint.thread_id", in.Checkpoint.ThreadID); err != nil {
			return err
		}
		query.NS = in.Checkpoint.CheckpointNS
		if id := in.Checkpoint.CheckpointID; id != "" { // that one alone
			return s.historyOf(ctx, c, strings.ToLower(id), query, in.Select)
		}
	}
	return s.history(ctx, c, query, in.Select)
}

func (s *Server) history(ctx context.Context, c *call, query graphs.ListQuery, fields []string) error {
	thread, saver, err := s.readState(ctx, c, "")
	if err != nil {
		return err
	}
	return array(c, func(yield func(any, error) bool) {
		for snapshot, err := range graphs.ReadHistory(ctx, saver, query) {
			if err != nil {
				yield(nil, err)
				return
			}
			if part, err := partOf(wireState(thread, snapshot), fields); !yield(part, err) || err != nil {
				return
			}
		}
	})
}

// historyOf answers with the one checkpoint that was asked for, if it is there and is what the query looks for.
func (s *Server) historyOf(ctx context.Context, c *call, checkpoint string, query graphs.ListQuery, fields []string) error {
	thread, saver, err := s.readState(ctx, c, checkpoint)
	if err != nil {
		return err
	}
	states := []any{}
	saved, err := saver.Get(ctx, query.NS, checkpoint)
	if errors.Is(err, graphs.ErrNoCheckpoint) {
		return c.json(http.StatusOK, states)
	}
	if err != nil {
		return err
	}
	if (query.Before == "" || checkpoint < query.Before) && graphs.MetadataContains(&saved.Checkpoint, query.Metadata) {
		snapshot, err := graphs.ReadState(ctx, saver, query.NS, checkpoint)
		if err != nil {
			return err
		}
		part, err := partOf(wireState(thread, snapshot), fields)
		if err != nil {
			return err
		}
		states = append(states, part)
	}
	return c.json(http.StatusOK, states)
}

// updateState answers POST /threads/{id}/state (rest.md §4.7). The node's writers run before anything is locked.
func (s *Server) updateState(ctx context.Context, c *call) error {
	id, err := c.uuid("thread_id")
	if err != nil {
		return err
	}
	var in wire.StateUpdate
	if err := body(c, &in); err != nil {
		return err
	}
	at := wire.CheckpointConfig{CheckpointID: in.CheckpointID}
	if in.Checkpoint != nil {
		if err := c.ownThread("checkpoint.thread_id", in.Checkpoint.ThreadID); err != nil {
			return err
		}
		at = *in.Checkpoint
		at.CheckpointID = at.ID()
	}
	value := &authhooks.ThreadsUpdate{}
	authhooks.SetFacts(value, authhooks.Facts{ThreadID: id, AsNode: in.AsNode, StateValues: in.Values.Value, CheckpointID: at.CheckpointID})
	scope, err := s.Guard.Threads(ctx, value)
	if err != nil {
		return err
	}
	saved, err := s.writeState(ctx, scope, id, in, at)
	if errors.Is(err, graphs.ErrNoCheckpoint) {
		return refuse(http.StatusNotFound, detailCheckpoint, at.CheckpointID)
	}
	if err != nil {
		return named(err, detailThread, id)
	}
	s.Runs.Hub.Wake(id) // for those who follow the thread
	made := wire.CheckpointConfig{ThreadID: id, CheckpointNS: saved.NS, CheckpointID: saved.ID}
	if saved.NS != "" {
		made.CheckpointMap = map[string]string{saved.NS: saved.ID}
		maps.Copy(made.CheckpointMap, saved.Parents)
	}
	return c.json(http.StatusOK, wire.StateUpdated{Checkpoint: made, Configurable: made})
}

func (s *Server) writeState(ctx context.Context, scope access.ThreadScope, id string, in wire.StateUpdate, at wire.CheckpointConfig) (*graphs.Checkpoint, error) {
	thread, err := s.DB.Threads.Updatable(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	var bound struct {
		GraphID     string `json:"graph_id"`
		AssistantID string `json:"assistant_id"`
	}
	if err := decode(thread.Metadata, &bound); err != nil || bound.GraphID == "" {
		return nil, refuse(http.StatusBadRequest, detailNoGraphID, id)
	}
	settings, err := ranWith(ctx, s.DB.Checkpoints.Writer(scope, id), at, thread.Config)
	if err != nil {
		return nil, err
	}
	assistant := store.Assistant{ID: bound.AssistantID, GraphID: bound.GraphID, Config: settings}
	graph, err := s.load(ctx, bound.GraphID, "threads.update", assistant)
	if err != nil {
		return nil, err
	}
	values := in.Values.Value
	if string(values) == "null" {
		values = nil
	}
	config := s.stateConfig(ctx, id, bound.GraphID, bound.AssistantID)
	config.CheckpointID, config.CheckpointNS, config.CheckpointMap = at.CheckpointID, at.CheckpointNS, maps.Clone(at.CheckpointMap)
	delete(config.CheckpointMap, at.CheckpointNS) // the new checkpoint is no parent of its own
	config.Saver = s.DB.Checkpoints.Writer(scope, id, shown(graph)...)
	return graph.Write(ctx, []graphs.Superstep{{Updates: []graphs.NodeUpdate{{Values: values, AsNode: in.AsNode}}}}, config)
}

// ranWith is a config with the settings of the run that made the state: by them a factory makes the graph again that ran. A checkpoint
// tells them in its metadata.
func ranWith(ctx context.Context, saver graphs.Saver, at wire.CheckpointConfig, thread json.RawMessage) (json.RawMessage, error) {
	var config wire.Config
	if err := decode(thread, &config); err != nil {
		return nil, err
	}
	saved, err := saver.Get(ctx, at.CheckpointNS, at.CheckpointID)
	if errors.Is(err, graphs.ErrNoCheckpoint) {
		return thread, nil
	}
	if err != nil {
		return nil, err
	}
	settings := wire.Object{}
	for key, value := range saved.Metadata {
		settings[key] = value
	}
	maps.Copy(settings, config.Configurable)
	config.Configurable = access.Unreserved(settings)
	return json.Marshal(config)
}

// shown names the channels of the graph's output: a thread shows no other of its values.
func shown(graph graphs.Runnable) []string {
	var schema struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if err := decode(graph.Schemas().Output, &schema); err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(schema.Properties))
}

func quoted(text string) json.RawMessage {
	data, _ := json.Marshal(text) // a string always has a JSON form
	return data
}
