package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/memory"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// supersteps makes the state that a new thread is to begin with; nil for no steps. The graph writes it to memory: the thread and its
// state are then stored together, so that a step that fails leaves nothing behind (rest.md §4.1). It asks threads:update, as a write to
// the state of a thread that is there does.
func (s *Server) supersteps(ctx context.Context, thread string, metadata map[string]any, steps []wire.Superstep) (*store.Written, error) {
	if len(steps) == 0 {
		return nil, nil
	}
	value := &authhooks.ThreadsUpdate{}
	authhooks.SetFacts(value, authhooks.Facts{ThreadID: thread})
	scope, err := s.Guard.Threads(ctx, value)
	if err != nil {
		return nil, err
	}
	graphID, _ := metadata["graph_id"].(string)
	if graphID == "" {
		return nil, refuse(http.StatusBadRequest, detailNoGraphID, thread)
	}
	assistantID, _ := metadata["assistant_id"].(string)
	graph, err := s.load(ctx, graphID, "threads.update", store.Assistant{ID: assistantID, GraphID: graphID})
	if err != nil {
		return nil, err
	}
	updates, err := superstepsOf(steps)
	if err != nil {
		return nil, err
	}
	draft := &draft{Saver: memory.New()}
	config := s.stateConfig(ctx, thread, graphID, assistantID)
	config.Saver = draft
	if _, err := graph.Write(ctx, updates, config); err != nil {
		return nil, err
	}
	return &store.Written{Scope: scope, Commits: draft.commits, Output: shown(graph)}, nil
}

// stateConfig is what a write to the state of a thread needs beside its saver.
func (s *Server) stateConfig(ctx context.Context, thread, graphID, assistantID string) graphs.Config {
	config := graphs.Config{
		ThreadID: thread, GraphID: graphID, AssistantID: assistantID, Now: s.Now,
		Metadata: map[string]json.RawMessage{"graph_id": quoted(graphID)},
	}
	if assistantID != "" {
		config.Metadata["assistant_id"] = quoted(assistantID)
	}
	if caller, ok := access.From(ctx); ok {
		config.User = caller.User
	}
	return config
}

func superstepsOf(steps []wire.Superstep) ([]graphs.Superstep, error) {
	out := make([]graphs.Superstep, len(steps))
	for i, step := range steps {
		for _, update := range step.Updates {
			command, err := runs.InputCommand(update.Command)
			if err != nil {
				return nil, err
			}
			values := update.Values
			if string(values) == "null" {
				values = nil
			}
			out[i].Updates = append(out[i].Updates, graphs.NodeUpdate{Values: values, Command: command, AsNode: update.AsNode})
		}
	}
	return out, nil
}

// draft remembers the checkpoints that are put, for a thread that is not there yet.
type draft struct {
	*memory.Saver
	commits []graphs.Commit
}

// Put implements graphs.Saver.
func (d *draft) Put(ctx context.Context, c graphs.Commit) error {
	d.commits = append(d.commits, c)
	return d.Saver.Put(ctx, c)
}

// PutWrites implements graphs.Saver. No task runs where a state is written.
func (d *draft) PutWrites(context.Context, string, string, string, []graphs.Write) error {
	return errors.New("a write to the state runs no task")
}
